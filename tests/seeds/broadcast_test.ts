import { broadcast, BROADCAST_PROFILES } from "../../challenges/broadcast.ts";
import { testSeeds } from "./survive.ts";

for (const id of ["3a", "3b", "3c", "3d"]) testSeeds(id, broadcast(BROADCAST_PROFILES.fast));
