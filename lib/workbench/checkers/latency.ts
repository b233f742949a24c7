/**
 * Latencies: how long operations took.
 *
 * @module
 */

import { quantileSorted } from "d3-array";
import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";

/** Latencies, milliseconds, from invoke to ok. */
export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/**
 * Takes the quantiles of the time from invocation to acknowledgement, for each function. Operations that did not succeed do not count.
 *
 * @param history Any history.
 * @returns Milliseconds, by function, in alphabetical order; functions of which no operation succeeded are left out.
 */
export function latencies(history: readonly Operation[]): Record<string, Latencies> {
  const byF = new Map<string, number[]>();
  for (const { invocation, completion } of pairs(history)) {
    if (completion?.type !== "ok") continue;
    const latency = (completion.time - invocation.time) / 1e6;
    const list = byF.get(invocation.f);
    if (list === undefined) byF.set(invocation.f, [latency]);
    else list.push(latency);
  }
  const sorted = [...byF].sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(sorted.map(([f, list]) => [f, summarise(list)]));
}

function summarise(list: number[]): Latencies {
  const sorted = Float64Array.from(list).sort();
  const at = (quantile: number) => quantileSorted(sorted, quantile)!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
