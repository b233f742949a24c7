/**
 * What a person sees of the results: the summary of a run, the table of several, the list of the challenges.
 *
 * @module
 */

import type { Challenge } from "../request/challenges.ts";
import { shellWord } from "../request/request.ts";
import { NOT_STORED, type Results, stableLatency, type Target } from "../run/results.ts";
import type { MessageCounts } from "../world/network/journal.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import { anomalyLines, exceptionLines } from "./problems.ts";
import { createStyle, type Style, table, wrap } from "../base/text.ts";
import type { Screen } from "./screen.ts";

/** What a summary says besides the results. */
export interface SummaryNotes {
  /** How the test differed from the official one. */
  deviations: readonly string[];
  /** The command that runs it again, without its seed; empty where there is none. */
  command: readonly string[];
  /** Whether it was ended early. */
  interrupted: boolean;
}

/** How many seeds that failed are named. */
const SEEDS = 16;

/**
 * The summary of one run.
 *
 * @returns Some lines of text, without a line feed at the end.
 */
export function formatSummary(results: Results, notes: SummaryNotes, screen: Screen): string {
  const style = createStyle(screen.colour);
  return [
    [formatVerdict(results, screen)],
    targetLines(results, screen),
    operationLines(results, screen),
    messageLines(results, screen),
    figureLines(results, screen),
    anomalyLines(results.anomalies, screen),
    exceptionLines(results.exceptions, screen),
    noteLines(results, notes, style, screen),
  ].filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

/** What a verdict comes to. */
type Outcome = "passed" | "missed" | "unknown" | "invalid";

function outcomeOf({ valid, passed }: Results): Outcome {
  if (valid === false) return "invalid";
  if (valid === "unknown") return "unknown";
  return passed ? "passed" : "missed";
}

const MARKS: Record<Outcome, string> = { passed: "✓", missed: "✗", unknown: "?", invalid: "✗" };
const COLOURS: Record<Outcome, keyof Style> = { passed: "green", missed: "red", unknown: "yellow", invalid: "red" };

/** The first line of a summary: the verdict on a run, and why it is not better. */
export function formatVerdict(results: Results, { width, colour }: Screen): string {
  const style = createStyle(colour);
  const outcome = outcomeOf(results);
  const name = results.challenge === null ? results.workload : `${results.challenge} ${results.workload}`;
  const words = `${MARKS[outcome]} ${name}: ${verdictWords(results)}`;
  const why = outcome === "passed" || outcome === "missed" ? "" : reasons(results, width - words.length);
  return style.bold(style[COLOURS[outcome]](words + why));
}

function verdictWords(results: Results): string {
  const words: Record<Outcome, string> = {
    passed: results.targets.length === 0 ? "valid" : "valid, within all limits",
    missed: "valid, but not within its limits",
    unknown: "unknown",
    invalid: "INVALID",
  };
  return words[outcomeOf(results)];
}

/** The kinds of what went wrong, as many as there is room for. */
function reasons({ anomalies, exceptions }: Results, room: number): string {
  const found = [...exceptions, ...anomalies.filter(({ allowed }) => !allowed)].map(({ type }) => type);
  // That it was not kept is no reason at all.
  const types = [...new Set(found)].filter((type) => type !== NOT_STORED);
  for (let count = types.length; count > 0; count--) {
    const text = ` (${[...types.slice(0, count), ...count < types.length ? ["…"] : []].join(", ")})`;
    if (text.length <= room) return text;
  }
  return "";
}

/** How a figure is called, and in what unit; by the name of the target. */
const TARGETS: Record<string, { label: string; unit: string }> = {
  msgs_per_op: { label: "messages per operation", unit: "" },
  median_latency_ms: { label: "median latency", unit: " ms" },
  max_latency_ms: { label: "maximum latency", unit: " ms" },
};

/** The figures that have a limit, and whether they are within it. */
export function targetLines({ targets }: Results, { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const rows = targets.map(({ name, limit, value }) => {
    const { label, unit } = TARGETS[name] ?? { label: name, unit: "" };
    return [`  ${label}`, value === null ? "not measured" : figure(value) + unit, `limit ${limit}${unit}`];
  });
  return table(undefined, rows, width - 3).map((line, index) => {
    const { met } = targets[index]!;
    return met ? `${line}  ${style.green("✓")}` : `${style.red(`${line}  ✗`)}`;
  });
}

function operationLines({ operations, latency_ms }: Results, { width }: Screen): string[] {
  if (operations === null) return [];
  const quantiles = latency_ms === null ? [] : ["p50", "p95", "p99", "max ms"];
  const rows = Object.entries(operations.by_f).map(([f, counts]) => {
    const latencies = latency_ms?.[f];
    const times = latencies === undefined ? [] : [latencies.p50, latencies.p95, latencies.p99, latencies.max];
    return [`    ${f}`, ...counted(counts), ...times.map(milliseconds)];
  });
  if (rows.length !== 1) rows.push(["    all", ...counted(operations)]);
  return table(["  operations", "count", "ok", "fail", "info", ...quantiles], rows, width);
}

function counted({ count, ok, fail, info }: OperationCounts): string[] {
  return [count, ok, fail, info].map(String);
}

function messageLines({ net }: Results, { width }: Screen): string[] {
  if (net === null) return [];
  const row = (name: string, counts: MessageCounts, perOperation: number | null) => [
    `    ${name}`,
    String(counts.msg_count),
    String(counts.send_count),
    String(counts.recv_count),
    perOperation === null ? "" : figure(perOperation),
  ];
  const rows = [
    row("between servers", net.servers, net.servers.msgs_per_op),
    row("with clients", net.clients, null),
    row("all", net.all, net.all.msgs_per_op),
  ];
  return table(["  messages", "count", "sent", "received", "per operation"], rows, width);
}

/** The figures of the workload's checker: what is a number, a word or a few, and all distributions of latencies. */
function figureLines(results: Results, { width }: Screen): string[] {
  const { result, anomalies } = results;
  const lines: string[] = [];
  const ok = okPart(results);
  const words = ok === "" ? [] : [`${ok} of operations ok`];
  const types = new Set<unknown>(anomalies.map(({ type }) => type));
  for (const [name, value] of Object.entries(result)) {
    const label = LABELS[name] ?? name.replace(/_count$/, "").replaceAll("_", " ");
    if (name === "valid" || value === null) continue;
    if (name === "convergence_ms") words.push(`converged in ${value} ms`);
    else if (name.endsWith("latencies")) lines.push(...distribution(label, value as Record<string, number>, width));
    else if (typeof value === "number") words.push(`${label} ${figure(value)}`);
    else if (typeof value === "string" || typeof value === "boolean") words.push(`${label} ${value}`);
    else if (Array.isArray(value) && !(`${name}_count` in result)) {
      // What only names the anomalies again is left out.
      if (isList(value, MODELS.includes(name) ? Infinity : 60) && !value.every((item) => types.has(item))) {
        words.push(`${label} ${value.join(" ")}`);
      }
    }
  }
  return [...words.length === 0 ? [] : wrap(words.join(", "), width, "  "), ...lines];
}

/** Names that would not do as they are. */
const LABELS: Record<string, string> = {
  not: "rules out",
  failures: "failed keys",
  error_count: "errors",
  attempt_count: "attempts",
};

/** The consistency models between which the truth lies: they are told however many there are. */
const MODELS = ["not", "permits"];

/** Whether there is anything in a list, nothing but what can be told in a word, and not too much. */
function isList(value: readonly unknown[], length: number): boolean {
  return value.length > 0 && value.every((item) => typeof item !== "object") && value.join(" ").length < length;
}

function distribution(label: string, quantiles: Record<string, number>, width: number): string[] {
  const names: Record<string, string> = { 0: "min", 0.5: "median", 1: "max" };
  // The keys of an object that are whole numbers come first, whatever their place.
  const parts = Object.entries(quantiles).sort(([a], [b]) => Number(a) - Number(b)).map(([quantile, latency]) =>
    `${names[quantile] ?? `p${Math.round(Number(quantile) * 100)}`} ${milliseconds(latency)}`
  );
  return parts.length === 0 ? [] : wrap(`${label}: ${parts.join(", ")} ms`, width, "  ");
}

function noteLines(results: Results, notes: SummaryNotes, style: Style, screen: Screen): string[] {
  return [
    ...notes.interrupted ? [style.yellow("  It was ended early: this is about what was recorded until then")] : [],
    ...notes.deviations.length === 0
      ? []
      : noteLine("not official", notes.deviations.join(", "), screen).map(style.yellow),
    ...results.deterministic ? noteLine("checked", "the same again with the same seed", screen).map(style.dim) : [],
    ...repeatLines(
      results.store,
      notes.command.length === 0 ? null : formatCommand(notes.command, results.seed),
      screen,
    ),
  ];
}

/** A note in the margin: what it is about, and the text, on as many lines as that takes. */
export function noteLine(name: string, text: string, { width }: Screen): string[] {
  const [first, ...rest] = wrap(text, width, " ".repeat(15));
  return [`  ${name.padEnd(13)}${first!.trimStart()}`, ...rest];
}

/**
 * Where a run is kept, if it is, and how to run it again. The command is there to be copied: it stays on one line.
 *
 * @param command As {@linkcode formatCommand} writes it; null where nothing was run.
 */
export function repeatLines(store: string | null, command: string | null, screen: Screen): string[] {
  const { dim } = createStyle(screen.colour);
  return [
    ...store === null ? [] : noteLine("stored in", store, screen),
    ...command === null ? [] : [`  run again    ${command}`],
  ].map(dim);
}

/** The verdict on a run, and how to run it again: where there are too many runs to say more. */
export function formatVerdictAndCommand(results: Results, { command }: SummaryNotes, screen: Screen): string {
  const lines = repeatLines(results.store, formatCommand(command, results.seed), screen);
  return [formatVerdict(results, screen), ...lines].join("\n");
}

/**
 * The command that runs a test with a seed; the seed goes before the arguments of the program.
 *
 * @param command Its words without the seed, as a shell takes them.
 */
export function formatCommand(command: readonly string[], seed: string | null): string {
  if (seed === null) return command.join(" ");
  const end = command.includes("--") ? command.indexOf("--") : command.length;
  return [...command.slice(0, end), "--seed", shellWord(seed), ...command.slice(end)].join(" ");
}

/**
 * The table that ends a series of runs: one row each.
 *
 * @param planned How many runs there should have been.
 */
export function formatTable(runs: readonly Results[], planned: number, screen: Screen): string {
  const style = createStyle(screen.colour);
  const head = ["", "verdict", "ops", "ok", "msgs/op", "median ms", "max ms"];
  const rows = runs.map((results) => [
    `${MARKS[outcomeOf(results)]} ${(results.challenge ?? "").padEnd(3)}${results.workload}`,
    { passed: "valid", missed: "missed", unknown: "unknown", invalid: "INVALID" }[outcomeOf(results)],
    String(results.operations?.count ?? ""),
    okPart(results),
    against(results, "msgs_per_op", results.net?.servers.msgs_per_op),
    against(results, "median_latency_ms", stableLatency(results.result, "0.5")),
    against(results, "max_latency_ms", stableLatency(results.result, "1")),
  ]);
  const lines = table(head, rows, screen.width);
  return [
    ...lines.splice(0, lines.length - rows.length).map(style.dim),
    ...lines.map((line, index) => {
      const outcome = outcomeOf(runs[index]!);
      return outcome === "passed" ? line : style[COLOURS[outcome]](line);
    }),
    "",
    totalLine(runs, planned, style),
  ].join("\n");
}

function totalLine(runs: readonly Results[], planned: number, style: Style): string {
  const passed = runs.filter((results) => results.passed).length;
  const notRun = planned > runs.length ? `, ${planned - runs.length} not run` : "";
  const same = runs.length > 0 && runs.every(({ deterministic }) => deterministic);
  const total = `${passed} of ${runs.length} passed${notRun}${same ? ", each the same again with the same seed" : ""}`;
  return style.bold(passed === planned ? style.green(total) : style.red(total));
}

/**
 * The table that ends many runs of the same tests with different seeds: one row for each test, with the worst of its figures.
 *
 * @param planned How many runs there should have been.
 */
export function formatSeeds(runs: readonly Results[], planned: number, screen: Screen): string {
  const style = createStyle(screen.colour);
  const groups = [...Map.groupBy(runs, ({ challenge, workload }) => `${(challenge ?? "").padEnd(3)}${workload}`)];
  const head = ["", "passed", "ops", "ok", "msgs/op", "median ms", "max ms"];
  const rows = groups.map(([name, group]) => {
    const passed = group.filter((results) => results.passed).length;
    const worst = (figure: (results: Results) => unknown, pick = Math.max) => {
      const values = group.map(figure).filter((value) => typeof value === "number");
      return values.length === 0 ? undefined : pick(...values);
    };
    const operations = group.reduce((sum, { operations }) => sum + (operations?.count ?? 0), 0);
    const ok = worst((results) => okPart(results) === "" ? undefined : results.availability!.ok_fraction, Math.min);
    const target = (name: Target["name"], figure: (results: Results) => unknown) =>
      against(
        group.find(({ targets }) => targets.some((target) => target.name === name && !target.met)) ?? group[0]!,
        name,
        worst(figure),
      );
    return [
      `${passed === group.length ? "✓" : "✗"} ${name}`,
      `${passed} of ${group.length}`,
      String(operations),
      ok === undefined ? "" : percent(ok),
      target("msgs_per_op", ({ net }) => net?.servers.msgs_per_op),
      target("median_latency_ms", (results) => stableLatency(results.result, "0.5")),
      target("max_latency_ms", (results) => stableLatency(results.result, "1")),
    ];
  });
  const lines = table(head, rows, screen.width);
  return [
    ...lines.splice(0, lines.length - rows.length).map(style.dim),
    ...lines.map((line) => line.startsWith("✓") ? line : style.red(line)),
    ...failedSeeds(runs, screen),
    "",
    totalLine(runs, planned, style),
  ].join("\n");
}

function failedSeeds(runs: readonly Results[], { width }: Screen): string[] {
  const failed = runs.filter(({ passed }) => !passed);
  const several = new Set(runs.map(({ challenge }) => challenge)).size > 1;
  const seeds = failed.map(({ challenge, seed }) => several ? `${challenge} ${seed}` : seed);
  const rest = seeds.length > SEEDS ? ` … and ${seeds.length - SEEDS} more` : "";
  return seeds.length === 0
    ? []
    : ["", ...wrap(`failed with seed ${seeds.slice(0, SEEDS).join(", ")}${rest}`, width, "  ")];
}

/** A figure, and its limit where there is one: `1.74 < 20`. */
function against({ targets }: Results, name: Target["name"], value: unknown): string {
  if (typeof value !== "number") return "";
  const target = targets.find((target) => target.name === name);
  return target === undefined ? figure(value) : `${figure(value)} ${target.met ? "<" : "≥"} ${target.limit}`;
}

/** The challenges with their official flags and limits. */
export function formatList(challenges: readonly Challenge[], screen: Screen): string {
  const style = createStyle(screen.colour);
  return challenges.map(({ id, name, title, workload, flags, limits }) => {
    const below = limits.map(({ name, limit }) => `${limit}${TARGETS[name]!.unit} ${TARGETS[name]!.label}`);
    return [
      `${style.bold(id.padEnd(4))}${name.padEnd(12)}${title}`,
      ...wrap(`-w ${workload} ${flags}`.replaceAll(/ (?=[^-])/g, "\u00a0"), screen.width, " ".repeat(16))
        .map((line) => style.dim(line.replaceAll("\u00a0", " "))),
      ...below.length === 0 ? [] : wrap(`below ${below.join(", ")}`, screen.width, " ".repeat(16)),
    ].join("\n");
  }).join("\n");
}

/** Which part of the operations succeeded; empty where there were none, or nobody knows. */
function okPart({ availability, operations }: Results): string {
  return availability === null || operations?.count === 0 ? "" : percent(availability.ok_fraction);
}

function percent(fraction: number): string {
  // Not all is not 100 %.
  const percents = Math.floor(fraction * 10_000) / 100;
  return `${percents} %`;
}

/** A number with as many decimals as a person wants to see. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

function milliseconds(value: number): string {
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}
