import { txn } from "../../challenges/txn.ts";
import { testSeeds } from "./survive.ts";

for (const id of ["6a", "6b", "6c"]) testSeeds(id, txn);
