/**
 * Pace of a test: its length, and the rate of its operations.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";

/** Length and rate of a test. */
export interface Pace {
  /** Time of the last operation, ms since the test began; null if the history has no times. */
  duration_ms: number | null;
  /**
   * Completed operations of clients a second, from the first that began to the last that ended, without those of a
   * final phase; null if no time has passed. Before the first, the nodes start: that takes seconds on a busy machine.
   */
  ops_per_second: number | null;
}

/**
 * Computes the pace of a test from its history.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { paceOf } from "./pace.ts";
 *
 * const read = { process: 0, f: "read", value: null };
 * assertEquals(
 *   paceOf([
 *     { index: 0, time: 7_000_000_000, type: "invoke", ...read },
 *     { index: 1, time: 7_500_000_000, type: "ok", ...read },
 *   ]),
 *   { duration_ms: 7500, ops_per_second: 2 },
 * );
 * ```
 */
export function paceOf(history: readonly Operation[]): Pace {
  let [first, last, lastOfMain, count] = [Infinity, 0, 0, 0];
  for (const { time, process, type, final } of history) {
    last = Math.max(last, time);
    if (process === "nemesis" || final) continue;
    first = Math.min(first, time);
    if (type === "invoke") continue;
    lastOfMain = Math.max(lastOfMain, time);
    count++;
  }
  return {
    duration_ms: last === 0 ? null : last / 1e6,
    ops_per_second: lastOfMain > first ? count / ((lastOfMain - first) / 1e9) : null,
  };
}
