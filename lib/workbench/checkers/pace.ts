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
  /** Completed operations of clients a second, without those of a final phase; null if no time has passed. */
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
 *     { index: 0, time: 0, type: "invoke", ...read },
 *     { index: 1, time: 500_000_000, type: "ok", ...read },
 *   ]),
 *   { duration_ms: 500, ops_per_second: 2 },
 * );
 * ```
 */
export function paceOf(history: readonly Operation[]): Pace {
  let [last, lastOfMain, count] = [0, 0, 0];
  for (const { time, process, type, final } of history) {
    last = Math.max(last, time);
    if (process === "nemesis" || type === "invoke" || final) continue;
    lastOfMain = Math.max(lastOfMain, time);
    count++;
  }
  return {
    duration_ms: last === 0 ? null : last / 1e6,
    ops_per_second: lastOfMain === 0 ? null : count / (lastOfMain / 1e9),
  };
}
