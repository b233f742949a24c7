import { broadcast, BROADCAST_PROFILES } from "../../challenges/broadcast.ts";
import { testSeeds } from "./survive.ts";

testSeeds("3e", broadcast(BROADCAST_PROFILES.efficient));
