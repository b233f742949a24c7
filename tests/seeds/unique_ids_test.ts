import uniqueIds from "../../challenges/unique_ids.ts";
import { testSeeds } from "./survive.ts";

testSeeds("2", uniqueIds);
