/**
 * Figures of a run: how they are measured, shown and compared with a goal.
 *
 * @module
 */

import { quantileSorted } from "d3-array";
import type { Results } from "../../lib/workbench/run/results.ts";

/** Names of figures. */
export type FigureName =
  | "msgs_per_op"
  | "median_latency_ms"
  | "max_latency_ms"
  | "operations_per_second"
  | "availability"
  | "p99_ms"
  | "convergence_ms"
  | "ids_per_second";

/** Figures of a run or of a row; null or missing where a figure does not apply or is unknown. */
export type Figures = Partial<Record<FigureName, number | null>>;

/** Goal for a figure. */
export type Condition = readonly [figure: FigureName, relation: "<" | "≤" | "≥", bound: number];

/** Format of a figure. */
interface Shape {
  /** Word in front of the value, such as `"messages"`. */
  word: string;
  unit?: string;
  format(value: number): string;
}

const whole = (value: number) => value.toFixed(0);
const grouped = (value: number) => Math.round(value).toLocaleString("en");

/** Formats a number of messages an operation: three decimals below 1, otherwise two. */
export function formatMessages(value: number): string {
  if (value === 0) return "0";
  return value < 1 ? value.toFixed(3) : value.toFixed(2);
}

/** All figures, in the order in which they are shown. */
export const FIGURES: Readonly<Record<FigureName, Shape>> = {
  msgs_per_op: { word: "messages", format: formatMessages },
  median_latency_ms: { word: "median", unit: "ms", format: whole },
  max_latency_ms: { word: "max", unit: "ms", format: whole },
  operations_per_second: { word: "operations", unit: "a second", format: whole },
  availability: { word: "availability", format: (value) => value === 1 ? "1" : value.toFixed(4) },
  p99_ms: { word: "p99", unit: "ms", format: (value) => value.toFixed(1) },
  convergence_ms: { word: "agreed after", unit: "ms", format: whole },
  ids_per_second: { word: "ids", unit: "a second", format: grouped },
};

/** The names of all figures. */
export const FIGURE_NAMES: readonly FigureName[] = Object.keys(FIGURES) as FigureName[];

/**
 * Operations that only prepare a client: `assign` gives a log's client other keys, and reads their committed offsets.
 */
const PREPARING = ["assign"];

/**
 * Extracts the figures of a run.
 *
 * @param timeLimitSeconds Length of its main phase.
 */
export function figuresOf(results: Results, timeLimitSeconds: number): Figures {
  const stable = results.result.stable_latencies as Record<string, number> | null | undefined;
  const p99s = Object.entries(results.latency_ms ?? {}).flatMap(([f, { p99 }]) => PREPARING.includes(f) ? [] : [p99]);
  return {
    msgs_per_op: results.net?.servers.msgs_per_op ?? null,
    median_latency_ms: stable?.["0.5"] ?? null,
    max_latency_ms: stable?.["1"] ?? null,
    operations_per_second: results.operations === null ? null : results.operations.ok / timeLimitSeconds,
    availability: results.availability?.ok_fraction ?? null,
    p99_ms: p99s.length === 0 ? null : Math.round(Math.max(...p99s) * 1000) / 1000,
  };
}

/**
 * Computes the median; of an even number of values, the mean of the two in the middle.
 *
 * @returns The median; null without values.
 */
export function median(values: readonly number[]): number | null {
  return quantileSorted(values.toSorted((a, b) => a - b), 0.5) ?? null;
}

/** Collects the known values of a figure. */
export function valuesOf(name: FigureName, runs: readonly Figures[]): number[] {
  return runs.map((figures) => figures[name]).filter((value) => typeof value === "number");
}

/** Computes the median of each figure that at least one run has. */
export function medians(runs: readonly Figures[]): Figures {
  const known = FIGURE_NAMES.map((name) => [name, median(valuesOf(name, runs))] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== null));
}

/** True if the figures meet a condition. An unknown figure does not. */
export function meets(figures: Figures, [name, relation, bound]: Condition): boolean {
  const value = figures[name] ?? null;
  if (value === null) return false;
  return relation === "<" ? value < bound : relation === "≤" ? value <= bound : value >= bound;
}

/** Formats a value with its unit, such as `"86 ms"`. */
export function formatFigure(name: FigureName, value: number): string {
  const { unit, format } = FIGURES[name];
  return unit === undefined ? format(value) : `${format(value)} ${unit}`;
}

/** Formats a condition, such as `"median ≤ 85 ms"`. */
export function formatCondition([name, relation, bound]: Condition): string {
  const { word, unit } = FIGURES[name];
  return [word, relation, bound.toLocaleString("en"), unit].filter((part) => part !== undefined).join(" ");
}
