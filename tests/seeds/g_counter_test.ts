import { gCounter } from "../../challenges/g_counter.ts";
import { testSeeds } from "./survive.ts";

testSeeds("4", gCounter);
