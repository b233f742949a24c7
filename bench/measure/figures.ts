/**
 * Figures: what is measured of a run, what it is to reach, and whether it does.
 *
 * @module
 */

import { quantileSorted } from "d3-array";
import type { Results } from "../../lib/workbench/run/results.ts";

/** What is measured. */
export type FigureName =
  | "msgs_per_op"
  | "median_latency_ms"
  | "max_latency_ms"
  | "operations_per_second"
  | "availability"
  | "p99_ms"
  | "convergence_ms"
  | "ids_per_second";

/** The figures of a run, or of a row; null or missing where a figure makes no sense or is not known. */
export type Figures = Partial<Record<FigureName, number | null>>;

/** What a figure is to be. */
export type Condition = readonly [figure: FigureName, relation: "<" | "≤" | "≥", bound: number];

/** How a figure is shown. */
interface Shape {
  /** Such as `"messages"`, to stand before a value. */
  word: string;
  unit?: string;
  format(value: number): string;
}

const whole = (value: number) => value.toFixed(0);
const grouped = (value: number) => Math.round(value).toLocaleString("en");

/** Shows the number of messages an operation: three digits, or two after the point. */
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

/** By these a client only gets ready: a few of a log's clients take up other keys, and ask where they had been. */
const PREPARING = ["assign"];

/**
 * The figures of one run.
 *
 * @param timeLimitSeconds How long its main phase was, seconds.
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
 * The median of some numbers: of an even number of them, the mean of the two in the middle.
 *
 * @returns The median; null where there are no numbers.
 */
export function median(values: readonly number[]): number | null {
  return quantileSorted(values.toSorted((a, b) => a - b), 0.5) ?? null;
}

/** What is known of one figure in some runs. */
export function valuesOf(name: FigureName, runs: readonly Figures[]): number[] {
  return runs.map((figures) => figures[name]).filter((value) => typeof value === "number");
}

/** The median of each figure that is known of any of the runs. */
export function medians(runs: readonly Figures[]): Figures {
  const known = FIGURE_NAMES.map((name) => [name, median(valuesOf(name, runs))] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== null));
}

/** Whether figures are as they are to be. One that is not known is not. */
export function meets(figures: Figures, [name, relation, bound]: Condition): boolean {
  const value = figures[name] ?? null;
  if (value === null) return false;
  return relation === "<" ? value < bound : relation === "≤" ? value <= bound : value >= bound;
}

/** A value with its unit, such as `"86 ms"`. */
export function formatFigure(name: FigureName, value: number): string {
  const { unit, format } = FIGURES[name];
  return unit === undefined ? format(value) : `${format(value)} ${unit}`;
}

/** A condition for a person, such as `"median ≤ 85 ms"`. */
export function formatCondition([name, relation, bound]: Condition): string {
  const { word, unit } = FIGURES[name];
  return [word, relation, bound.toLocaleString("en"), unit].filter((part) => part !== undefined).join(" ");
}
