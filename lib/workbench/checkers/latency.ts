/**
 * Latencies of operations.
 *
 * @module
 */

import { quantileSorted } from "d3-array";
import { getOrInsert } from "../base/get_or_insert.ts";
import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";

/** Quantiles of latencies, in milliseconds. */
export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/**
 * Computes quantiles of the time from invocation to acknowledgement, for each function. Only operations that succeeded
 * count.
 *
 * @returns By function, in alphabetical order. Functions none of whose operations succeeded are left out.
 */
export function latencies(history: readonly Operation[]): Record<string, Latencies> {
  const byF = new Map<string, number[]>();
  for (const { invocation, completion } of pairs(history)) {
    if (completion?.type !== "ok") continue;
    const latency = (completion.time - invocation.time) / 1e6;
    getOrInsert(byF, invocation.f, () => []).push(latency);
  }
  const sorted = [...byF].sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(sorted.map(([f, list]) => [f, summarize(list)]));
}

function summarize(list: number[]): Latencies {
  const sorted = Float64Array.from(list).sort();
  const at = (quantile: number) => quantileSorted(sorted, quantile)!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
