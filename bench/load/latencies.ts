/**
 * Latencies of a history's operations.
 *
 * @module
 */

import type { Operation } from "../../lib/workbench/history/operation.ts";

/** Operations of a part of a history. */
export interface Latencies {
  /** Number of operations. */
  count: number;
  /** Operations that did not succeed, or not in time. */
  failed: number;
  /** Percentiles, ms. An operation that did not succeed took for ever. */
  p50: number;
  p99: number;
}

/**
 * Reads the latencies of the operations that were invoked in a part of a history. Crashes of clients are none.
 *
 * @param from Beginning of the part, ms.
 * @param to End of the part, ms.
 */
export function latenciesOf(history: readonly Operation[], from: number, to: number): Latencies {
  const open = new Map<Operation["process"], number>();
  const all: number[] = [];
  for (const { type, process, f, time } of history) {
    const ms = time / 1e6;
    if (type === "invoke") {
      if (f !== "crash" && ms >= from && ms < to) open.set(process, ms);
      continue;
    }
    const invokedAt = open.get(process);
    if (invokedAt === undefined) continue;
    open.delete(process);
    all.push(type === "ok" ? ms - invokedAt : Infinity);
  }
  for (let i = 0; i < open.size; i++) all.push(Infinity);
  all.sort((a, b) => a - b);
  const at = (share: number) => all[Math.ceil(share * all.length) - 1] ?? NaN;
  return { count: all.length, failed: all.filter((each) => each === Infinity).length, p50: at(0.5), p99: at(0.99) };
}
