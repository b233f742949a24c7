/**
 * The figures of a workload's checker in a summary: its numbers, words and short lists, then its latencies.
 *
 * @module
 */

import { enumerated, wrap } from "../base/text.ts";
import type { Results } from "../run/results.ts";
import { figure, milliseconds, okShare } from "./numbers.ts";
import type { Screen } from "./screen.ts";

/** Fields of a checker's result that have another name here. */
const LABELS: Readonly<Record<string, string>> = {
  not: "rules out",
  error_count: "errors",
  attempt_count: "attempts",
  lock_count: "locks acquired",
  conflict_count: "held twice",
};

/** Lists of keys, with what is said of them. */
const KEYS: Readonly<Record<string, string>> = { failures: "not linearizable", undecided: "undecided" };

/** Explanations of figures, shown if they are not 0. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  stale_count: "known, but missing from a later read",
  never_read_count: "no read decides",
  configurations: "states of the search",
  acceptable_count: "ranges of possible sums",
};

/** Lists that are shown at any length: the strongest consistency models that may hold, and those ruled out. */
const UNLIMITED_LISTS = ["not", "permits"];

/** Other lists are shown if they have fewer characters than this. */
const MAX_LIST = 60;

/** Lines with the figures of the workload's checker. */
export function checkerFigureLines(results: Results, { width }: Screen): string[] {
  const { result } = results;
  const ok = okShare(results);
  const entries = Object.entries(result).filter(([name, value]) => name !== "valid" && value !== null);
  const isLatencies = ([name]: [string, unknown]) => name.endsWith("latencies");
  const words = entries.filter((entry) => !isLatencies(entry)).flatMap(([name, value]) =>
    figureWords(name, value, results)
  );
  const lines = entries.filter(isLatencies).flatMap(([name, value]) =>
    distributionLines(labelOf(name), value as Record<string, number>, width)
  );
  const all = [...ok === "" ? [] : [`${ok} of operations ok`], ...words];
  return [...all.length === 0 ? [] : wrap(all.join(", "), width, "  "), ...lines];
}

function labelOf(name: string): string {
  return LABELS[name] ?? name.replace(/_count$/, "").replaceAll("_", " ");
}

/** One field as a phrase; none for fields that are too long, or only repeat the types of the anomalies. */
function figureWords(name: string, value: unknown, { result, anomalies }: Results): string[] {
  const label = labelOf(name);
  if (name === "convergence_ms") return [`converged in ${value} ms`];
  if (typeof value === "number") {
    const explanation = value === 0 ? undefined : EXPLANATIONS[name];
    return [`${label} ${figure(value)}${explanation === undefined ? "" : ` (${explanation})`}`];
  }
  if (typeof value === "string" || typeof value === "boolean") return [`${label} ${value}`];
  if (!Array.isArray(value) || `${name}_count` in result) return [];
  const types = new Set<unknown>(anomalies.map(({ type }) => type));
  const isShort = isShortList(value, UNLIMITED_LISTS.includes(name) ? Infinity : MAX_LIST);
  if (!isShort || value.every((item) => types.has(item))) return [];
  if (name in KEYS) return [`${KEYS[name]}: ${value.length === 1 ? "key" : "keys"} ${enumerated(value.map(String))}`];
  return [`${label} ${value.join(" ")}`];
}

/** True for a list with only simple values, at least one, and fewer than `length` characters. */
function isShortList(value: readonly unknown[], length: number): boolean {
  return value.length > 0 && value.every((item) => typeof item !== "object") && value.join(" ").length < length;
}

const QUANTILE_NAMES: Readonly<Record<string, string>> = { 0: "min", 0.5: "median", 1: "max" };

function distributionLines(label: string, quantiles: Record<string, number>, width: number): string[] {
  // Objects list keys that are whole numbers first, so "1" comes before "0.5".
  const sorted = Object.entries(quantiles).sort(([a], [b]) => Number(a) - Number(b));
  const parts = sorted.map(([quantile, latency]) =>
    `${QUANTILE_NAMES[quantile] ?? `p${Math.round(Number(quantile) * 100)}`} ${milliseconds(latency)}`
  );
  return parts.length === 0 ? [] : wrap(`${label}: ${parts.join(", ")} ms`, width, "  ");
}
