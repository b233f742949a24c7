/**
 * Faults that the programs of the challenges claim to survive.
 *
 * @module
 */

import type { Results } from "./results.ts";

/** Faults of the network. */
const NETWORK = ["partition", "one-way-partition", "loss", "duplicate", "delay", "reorder"];

/**
 * Faults that the program of each challenge survives, alone and all together.
 *
 * A program survives if it keeps all promises: the checkers find nothing that the test does not allow, and 10 s after
 * the last fault every node has everything. Operations may fail meanwhile, and availability is not checked while
 * nodes are paused or down. {@linkcode isSurvived} checks one run.
 *
 * Some faults cannot be survived. A program that holds an acknowledged value only in memory loses it in a `kill` (3a
 * to 3e, 5a, 5c). The transactions (6a to 6c) lose acknowledged writes, too, but read uncommitted and read committed
 * allow a read that misses them.
 */
export const SURVIVES: Readonly<Record<string, readonly string[]>> = {
  "1": [...NETWORK, "pause", "kill"],
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

/** Types of anomalies that only say that nothing happened: no promise was kept, and none was broken. */
export const INCONCLUSIVE: readonly string[] = [
  "never-succeeded",
  "empty-transaction-graph",
  "no-final-read",
  "nothing-decided",
];

/**
 * Returns true if nothing is wrong with a run under faults. That includes a run in which nothing is known, as when
 * the only node was down all the time and no request was answered.
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
  // An invalid run without anomalies was ended by an exception.
  if (valid === false && anomalies.length === 0) return false;
  return exceptions.length === 0 && anomalies.every(({ type, allowed }) => allowed || INCONCLUSIVE.includes(type));
}
