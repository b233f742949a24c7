/**
 * The tables at the end of a series: a row for each run, or with many seeds a row for each test.
 *
 * @module
 */

import { createStyle, type Style, table, wrap } from "../base/text.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import { decisionOf, type Results, stableLatency, type Target } from "../run/results.ts";
import { COLOURS, type Judgement, judgementOf, MARKS } from "./judgement.ts";
import { figure, okShare, percent } from "./numbers.ts";
import type { Screen } from "./screen.ts";
import { isDisputed, nameOf, verdictWords } from "./summary.ts";

/** Number of failed seeds that are listed. */
const MAX_SEEDS = 16;

const VERDICTS: Readonly<Record<Judgement, string>> = {
  passed: "valid",
  noted: "valid",
  missed: "missed",
  unknown: "unknown",
  invalid: "INVALID",
};

/** The figures that have a column, by the name of their target. */
const FIGURES: Readonly<Record<"msgs_per_op" | "median_latency_ms" | "max_latency_ms", FigureOf>> = {
  msgs_per_op: ({ net }) => net?.servers.msgs_per_op,
  median_latency_ms: ({ result }) => stableLatency(result, "0.5"),
  max_latency_ms: ({ result }) => stableLatency(result, "1"),
};

/** Reads a figure from results; not a number if it was not measured. */
type FigureOf = (results: Results) => unknown;

/** Columns of the operations and of {@linkcode FIGURES}. */
const FIGURE_HEADS = ["ops", "ok", "msgs/op", "median ms", "max ms"];

/**
 * Formats the table of a series: a row for each run.
 *
 * @param planned Number of runs that were planned.
 */
export function formatRunsTable(runs: readonly Results[], planned: number, screen: Screen): string {
  const style = createStyle(screen.colour);
  const rows = runs.map((results) => [
    `${MARKS[judgementOf(results)]} ${alignedName(results)}`,
    VERDICTS[judgementOf(results)] + (isDisputed(results) ? "*" : ""),
    String(results.operations?.count ?? ""),
    okShare(results),
    ...Object.entries(FIGURES).map(([name, figureOf]) => againstLimit(results, name, figureOf(results))),
  ]);
  const { head, lines } = formatRows(["", "verdict", ...FIGURE_HEADS], rows, screen);
  return [
    ...head,
    ...lines.map((line, index) => {
      const judgement = judgementOf(runs[index]!);
      return judgement === "passed" ? line : style[COLOURS[judgement]](line);
    }),
    ...disputedLines(runs, screen),
    "",
    totalLine(runs, planned, style),
  ].join("\n");
}

/**
 * Formats the table of a series with many seeds: a row for each test. Its operations are those of all
 * runs, its other figures the worst of them.
 *
 * @param planned Number of runs that were planned.
 */
export function formatSeedsTable(runs: readonly Results[], planned: number, screen: Screen): string {
  const style = createStyle(screen.colour);
  const rows = [...Map.groupBy(runs, alignedName)].map(([name, group]) => seedsRow(name, group));
  const { head, lines } = formatRows(["", "passed", ...FIGURE_HEADS], rows, screen);
  return [
    ...head,
    ...lines.map((line) => line.startsWith("✓") ? line : style.red(line)),
    ...failedSeedLines(runs, screen),
    "",
    totalLine(runs, planned, style),
  ].join("\n");
}

/** The row of one test, from all of its runs. */
function seedsRow(name: string, runs: readonly Results[]): string[] {
  const passed = runs.filter((results) => decisionOf(results).passed).length;
  const operations = runs.flatMap(({ operations }) => operations ?? []);
  const [count, ok] = [sumOf(operations, "count"), sumOf(operations, "ok")];
  return [
    `${passed === runs.length ? "✓" : "✗"} ${name}`,
    `${passed} of ${runs.length}`,
    String(count),
    count === 0 ? "" : percent(ok / count),
    ...Object.entries(FIGURES).map(([target, figureOf]) => {
      const values = runs.map(figureOf).filter((value) => typeof value === "number");
      const missed = runs.find(({ targets }) => targets.some(({ name, met }) => name === target && !met));
      return againstLimit(missed ?? runs[0]!, target, values.length === 0 ? undefined : Math.max(...values));
    }),
  ];
}

function sumOf(operations: readonly OperationCounts[], name: "count" | "ok"): number {
  return operations.reduce((sum, counts) => sum + counts[name], 0);
}

/** The name of a run's test, so that workloads are below each other. */
function alignedName({ challenge, workload }: Results): string {
  return `${(challenge ?? "").padEnd(3)}${workload}`;
}

/** Sets rows in columns. The head, which is dim, is returned apart from them. */
function formatRows(titles: readonly string[], rows: string[][], { width, colour }: Screen) {
  const lines = table(titles, rows, width);
  const head = lines.slice(0, lines.length - rows.length).map(createStyle(colour).dim);
  return { head, lines: lines.slice(head.length) };
}

/** A figure, and its limit if it has one: `1.74 < 20`. */
function againstLimit({ targets }: Results, name: Target["name"], value: unknown): string {
  if (typeof value !== "number") return "";
  const target = targets.find((target) => target.name === name);
  return target === undefined ? figure(value) : `${figure(value)} ${target.met ? "<" : "≥"} ${target.limit}`;
}

/** Both verdicts on each run that Maelstrom would judge differently. */
function disputedLines(runs: readonly Results[], { width }: Screen): string[] {
  const disputed = runs.filter(isDisputed);
  const lines = disputed.flatMap((results) =>
    wrap(`* ${nameOf(results)}: ${verdictWords(results, Infinity)}`, width, "  ")
  );
  return disputed.length === 0 ? [] : ["", ...lines];
}

function failedSeedLines(runs: readonly Results[], { width }: Screen): string[] {
  const failed = runs.filter((results) => !decisionOf(results).passed);
  if (failed.length === 0) return [];
  const severalTests = new Set(runs.map(({ challenge }) => challenge)).size > 1;
  const seeds = failed.map(({ challenge, seed }) => severalTests ? `${challenge} ${seed}` : seed);
  const rest = seeds.length > MAX_SEEDS ? ` … and ${seeds.length - MAX_SEEDS} more` : "";
  return ["", ...wrap(`failed with seed ${seeds.slice(0, MAX_SEEDS).join(", ")}${rest}`, width, "  ")];
}

function totalLine(runs: readonly Results[], planned: number, style: Style): string {
  const passed = runs.filter((results) => decisionOf(results).passed).length;
  const notRun = planned > runs.length ? `, ${planned - runs.length} not run` : "";
  const same = runs.length > 0 && runs.every(({ deterministic }) => deterministic);
  const total = `${passed} of ${runs.length} passed${otherCount(runs, passed)}${notRun}${
    same ? ", each the same again with the same seed" : ""
  }`;
  if (passed < planned) return style.bold(style.red(total));
  return style.bold(
    runs.some((results) => judgementOf(results) === "noted") ? style.yellow(total) : style.green(total),
  );
}

/** Number of runs that pass by the other verdict, in words; empty if it is the same. */
function otherCount(runs: readonly Results[], passed: number): string {
  const isStrict = runs[0]?.decided_by !== "maelstrom";
  const other = runs.filter((results) => isStrict ? results.maelstrom.passed : results.passed).length;
  if (other === passed) return "";
  return isStrict ? ` (${other} for Maelstrom)` : ` for Maelstrom (${other} strictly)`;
}
