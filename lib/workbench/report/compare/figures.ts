/**
 * Figures of several runs, in one order.
 *
 * @module
 */

import { type Results, stableLatency } from "../../run/results.ts";
import { okFraction } from "../numbers.ts";
import type { Change, ComparedFigure } from "./comparison.ts";

/** Direction in which a figure is better; null if none is. */
type Direction = "lower" | "higher" | null;

/** Figure of one run. */
type Figure = [label: string, unit: string, better: Direction, value: unknown];

/** Figures of checkers that are worse the higher they are. */
const COUNTS_OF_FAULTS = ["lost_count", "stale_count", "duplicated_count", "error_count", "conflict_count"];

/**
 * Lists the figures of runs. One that no run has is left out, and so are counts that are 0 in all. Between different
 * workloads there are changes, but none is better or worse.
 */
export function compareFigures(runs: readonly Results[]): ComparedFigure[] {
  const all = runs.map(figuresOf);
  const byLabel = new Map(all.flat().map((figure) => [figure[0], figure]));
  return [...byLabel.values()].map(([label, unit, better]) => {
    const values = all.map((figures) => numberOf(figures.find(([other]) => other === label)?.[3]));
    const changes = values.map((value, at) => {
      const direction = runs[at]!.workload === runs[0]!.workload ? better : null;
      return at === 0 ? null : changeOf(values[0]!, value, direction);
    });
    return { label, unit, values, changes };
  }).filter(({ unit, values }) => values.some((value) => value !== null && (unit !== "" || value !== 0)));
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function figuresOf(results: Results): Figure[] {
  const { operations, net, result, anomalies, duration_ms, ops_per_second } = results;
  const ok = okFraction(results);
  const types = new Set(anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type));
  return [
    ["duration", "s", null, seconds(duration_ms)],
    ["operations", "", null, operations?.count],
    ["operations a second", "/s", "higher", ops_per_second],
    ["operations ok", "%", "higher", ok === null ? null : ok * 100],
    ["operations failed", "", "lower", operations?.fail],
    ["operations with unknown outcome", "", "lower", operations?.info],
    ["messages between servers per operation", "", "lower", net?.servers.msgs_per_op],
    ["messages per operation", "", "lower", net?.all.msgs_per_op],
    ["messages", "", null, net?.all.msg_count],
    ...Object.entries(results.latency_ms ?? {}).flatMap(([f, { p50, p95, p99, max }]): Figure[] => [
      [`${f} p50`, "ms", "lower", p50],
      [`${f} p95`, "ms", "lower", p95],
      [`${f} p99`, "ms", "lower", p99],
      [`${f} max`, "ms", "lower", max],
    ]),
    ["stable latency, median", "ms", "lower", stableLatency(result, "0.5")],
    ["stable latency, max", "ms", "lower", stableLatency(result, "1")],
    ["converged in", "ms", "lower", result.convergence_ms],
    ["types of anomalies", "", "lower", types.size],
    ...COUNTS_OF_FAULTS.map((name): Figure => [name.replace("_count", ""), "", "lower", result[name]]),
  ];
}

function seconds(ms: number | null | undefined): number | null {
  return typeof ms === "number" ? ms / 1000 : null;
}

/** Smallest change that is called better or worse, percent. */
const LEAST = 0.5;

/**
 * Compares a figure with that of the first run.
 *
 * @returns Null if one of them is not known, or both are 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { changeOf } from "./figures.ts";
 *
 * assertEquals(changeOf(200, 150, "lower"), { text: "−25 %", isBetter: true });
 * assertEquals(changeOf(200, 200.2, "lower"), { text: "+0.1 %", isBetter: null });
 * assertEquals(changeOf(0, 3, "lower"), { text: "from 0", isBetter: false });
 * ```
 */
export function changeOf(first: number | null, value: number | null, better: Direction): Change | null {
  if (first === null || value === null || (first === 0 && value === 0)) return null;
  const percent = first === 0 ? (value - first) * Infinity : (value - first) / Math.abs(first) * 100;
  const isClear = better !== null && Math.abs(percent) >= LEAST;
  return { text: percentText(percent), isBetter: isClear ? (percent > 0) === (better === "higher") : null };
}

function percentText(percent: number): string {
  if (!Number.isFinite(percent)) return "from 0";
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(digits)} %`.replace("-", "−");
}
