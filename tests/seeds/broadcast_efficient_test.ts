import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import { testSeeds } from "./survive.ts";

testSeeds("3d", (node) => broadcastEfficient(node, BROADCAST_PROFILES.fast));
testSeeds("3e", broadcastEfficient);
