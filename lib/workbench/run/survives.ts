/**
 * Which faults the programs of the challenges claim to survive.
 *
 * @module
 */

import type { Results } from "./results.ts";

/** The faults of the network. */
const NETWORK = ["partition", "one-way-partition", "loss", "duplicate", "delay", "reorder"];

/**
 * The claims: for each challenge, by its number, the faults that its program survives, alone and all together.
 *
 * To survive is to keep all promises: however often and hard the faults hit, no check of the workload finds anything that the test
 * does not allow, and when the last fault is over, every node has everything within 10 s. Operations may fail meanwhile, and where a
 * node is paused or down, nobody is asked to be available. {@linkcode isSurvived} says whether one run shows that.
 *
 * Not among the claims is what a program cannot promise. Whoever holds an acknowledged value only in memory loses it in a `kill`
 * (3a to 3e, 5a, 5c). An echo is late when its only node was paused for longer than a client waits, and to Maelstrom a missing echo is a
 * wrong one (1).
 */
export const SURVIVES: Readonly<Record<string, readonly string[]>> = {
  "1": NETWORK,
  "2": [...NETWORK, "pause", "kill"],
  "3a": [...NETWORK, "pause"],
  "3b": [...NETWORK, "pause"],
  "3c": [...NETWORK, "pause"],
  "3d": [...NETWORK, "pause"],
  "3e": [...NETWORK, "pause"],
  "4": [...NETWORK, "pause", "kill"],
  "5a": [...NETWORK, "pause"],
  "5b": [...NETWORK, "pause", "kill"],
  "5c": [...NETWORK, "pause"],
  "6a": [...NETWORK, "pause", "kill"],
  "6b": [...NETWORK, "pause", "kill"],
  "6c": [...NETWORK, "pause", "kill"],
};

/** The types of anomalies that say that nothing came about, and not that something is wrong. */
export const SAY_NOTHING: readonly string[] = ["never-succeeded", "empty-transaction-graph"];

/**
 * Whether a run under faults was survived: nothing is wrong with it. It may be that nothing is known either, as where the only node was
 * down all the time, and nobody was ever answered.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isSurvived } from "./survives.ts";
 *
 * const anomalies = [{ type: "never-succeeded", count: 1, explanation: "Not one of 9 read operations succeeded" }];
 * assertEquals(isSurvived({ valid: false, anomalies, exceptions: [] }), true);
 * const lost = { type: "lost", count: 1, explanation: "Element 0 was missing" };
 * assertEquals(isSurvived({ valid: false, anomalies: [...anomalies, lost], exceptions: [] }), false);
 * ```
 */
export function isSurvived(
  { valid, anomalies, exceptions }: Pick<Results, "valid" | "anomalies" | "exceptions">,
): boolean {
  if (valid === true) return true;
  // Whatever is invalid says why.
  if (valid === false && anomalies.length === 0) return false;
  return exceptions.length === 0 && anomalies.every(({ type, allowed }) => allowed || SAY_NOTHING.includes(type));
}
