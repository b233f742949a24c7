import broadcast from "../../challenges/broadcast.ts";
import { testSeeds } from "./survive.ts";

for (const id of ["3a", "3b", "3c"]) testSeeds(id, broadcast);
