/**
 * The summary of one run: verdict, figures against their limits, operations, messages, anomalies, how to run it again.
 *
 * @module
 */

import { createStyle, table, wrap } from "../base/text.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import { formatCommand, shellWord } from "../request/command_line.ts";
import { decisionOf, type Results } from "../run/results.ts";
import type { MessageCounts } from "../world/network/journal.ts";
import { checkerFigureLines } from "./checker_figures.ts";
import { COLOURS, type Judgement, judgementOf, MARKS } from "./judgement.ts";
import { figure, milliseconds } from "./numbers.ts";
import { permittedLines, problemKinds, problemParagraphs, subjectsInQuestion } from "./problems.ts";
import type { Screen } from "./screen.ts";

/** Parts of a summary that are not in the results. */
export interface SummaryNotes {
  /** Differences from the official test. */
  deviations: readonly string[];
  /** Words of the command that runs it again, without the seed; empty if there is none. */
  command: readonly string[];
  /** True if a person ended the run early. */
  interrupted: boolean;
}

/**
 * Formats the summary of one run: paragraphs, each of some lines. What is wrong comes first, then figures, then what
 * to do.
 */
export function formatSummary(results: Results, notes: SummaryNotes, screen: Screen): string {
  return [
    [formatVerdict(results, screen)],
    ...problemParagraphs(results, screen),
    ...figureParagraphs(results, screen),
    permittedLines(results.anomalies, screen),
    noteLines(results, notes, screen),
  ].filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n");
}

/** Paragraphs with the figures; none if the run ended before its first operation. */
function figureParagraphs(results: Results, screen: Screen): string[][] {
  const { operations, exceptions } = results;
  if (operations?.count === 0 && exceptions.some(({ fatal }) => fatal)) return [];
  return [
    targetLines(results, screen),
    operationLines(results, screen),
    messageLines(results, screen),
    checkerFigureLines(results, screen),
  ];
}

/**
 * Formats the first line of a summary: the verdict that decides, the other one if it differs, and the kinds of findings
 * behind them.
 */
export function formatVerdict(results: Results, { width, colour }: Screen): string {
  const style = createStyle(colour);
  const judgement = judgementOf(results);
  const start = `${MARKS[judgement]} ${nameOf(results)}: `;
  return style.bold(style[COLOURS[judgement]](start + verdictWords(results, width - start.length)));
}

/** The name of a run's test: `3e broadcast`, or the workload alone. */
export function nameOf({ challenge, workload }: Results): string {
  return challenge === null ? workload : `${challenge} ${workload}`;
}

/** True if Maelstrom's verdict on a run is not the strict one. */
export function isDisputed({ valid, maelstrom }: Results): boolean {
  return valid !== maelstrom.valid;
}

/** The verdicts on a run in words, with as many kinds of findings as fit into `room` characters. */
export function verdictWords(results: Results, room: number): string {
  const judgement = judgementOf(results);
  const isDecisive = judgement === "invalid" || judgement === "unknown";
  if (!isDisputed(results)) {
    const words = validityWords(results, "");
    return words + (isDecisive ? bracketed(problemKinds(results), room - words.length) : "");
  }
  const kinds = disputedKinds(results);
  if (results.decided_by === "maelstrom") {
    const words = `${validityWords(results, " for Maelstrom")}; ${disputedWords(results, kinds.length)}`;
    return words + bracketed(kinds, room - words.length);
  }
  const words = validityWords(results, "");
  const rest = `; ${validityWords({ ...results, decided_by: "maelstrom" }, " for Maelstrom")}`;
  return words + bracketed(isDecisive ? problemKinds(results) : kinds, room - words.length - rest.length) + rest;
}

/** The verdict that decides in words. */
function validityWords(results: Results, whose: string): string {
  const passed = results.targets.length === 0 ? `valid${whose}` : `valid${whose}, within all limits`;
  const words: Record<Judgement, string> = {
    passed,
    noted: passed,
    missed: `valid${whose}, but not within its limits`,
    unknown: `unknown${whose}`,
    invalid: `INVALID${whose}`,
  };
  return words[judgementOf(results)];
}

/** Counts findings that Maelstrom does not share, in words. */
function disputedWords({ maelstrom }: Results, count: number): string {
  const findings = count === 1 ? "1 finding" : `${count} findings`;
  return `${findings} that ${maelstrom.valid === "unknown" ? "its checker stops at" : "it does not look for"}`;
}

/** The kinds of findings that Maelstrom does not share. */
function disputedKinds({ anomalies, exceptions }: Results): string[] {
  const found = [...exceptions, ...anomalies].filter((finding) =>
    finding.maelstrom !== undefined && finding.maelstrom !== "finds" && !("allowed" in finding && finding.allowed)
  );
  return [...new Set(found.map(({ type }) => type))];
}

/** Kinds in brackets, as many as fit into `room` characters. */
function bracketed(kinds: readonly string[], room: number): string {
  for (let count = kinds.length; count > 0; count--) {
    const text = ` (${[...kinds.slice(0, count), ...count < kinds.length ? ["…"] : []].join(", ")})`;
    if (text.length <= room) return text;
  }
  return "";
}

/** Label and unit of each figure that can have a limit, by the name of its target. */
export const TARGET_LABELS: Readonly<Record<string, { label: string; unit: string }>> = {
  msgs_per_op: { label: "messages per operation", unit: "" },
  median_latency_ms: { label: "median latency", unit: " ms" },
  max_latency_ms: { label: "maximum latency", unit: " ms" },
};

/** Lines with the figures that have a limit, and a mark for those within it. */
export function targetLines({ targets }: Pick<Results, "targets">, { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const rows = targets.map(({ name, limit, value }) => {
    const { label, unit } = TARGET_LABELS[name] ?? { label: name, unit: "" };
    return [`  ${label}`, value === null ? "not measured" : figure(value) + unit, `limit ${limit}${unit}`];
  });
  return table(undefined, rows, width - 3).map((line, index) =>
    targets[index]!.met ? `${line}  ${style.green("✓")}` : style.red(`${line}  ✗`)
  );
}

function operationLines({ operations, latency_ms }: Results, { width }: Screen): string[] {
  if (operations === null) return [];
  const quantiles = latency_ms === null ? [] : ["p50", "p95", "p99", "max ms"];
  const rows = Object.entries(operations.by_f).map(([f, counts]) => {
    const latencies = latency_ms?.[f];
    const times = latencies === undefined ? [] : [latencies.p50, latencies.p95, latencies.p99, latencies.max];
    return [`    ${f}`, ...countCells(counts), ...times.map(milliseconds)];
  });
  if (rows.length !== 1) rows.push(["    all", ...countCells(operations)]);
  const lines = table(["  operations", "count", "ok", "fail", "info", ...quantiles], rows, width);
  return operations.info === 0 ? lines : [...lines, ...wrap(INFO, width, "    ")];
}

/** Explanation of a column. */
const INFO = "info: the outcome is unknown, the operation may have taken effect or not";

function countCells({ count, ok, fail, info }: OperationCounts): string[] {
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

function noteLines(results: Results, { interrupted, deviations, command }: SummaryNotes, screen: Screen): string[] {
  const style = createStyle(screen.colour);
  const again = command.length === 0 ? null : formatCommand(command, results.seed);
  return [
    ...interrupted ? [style.yellow("  The run was ended early: only what was recorded until then was checked")] : [],
    ...deviations.length === 0 ? [] : labelledLines("not official", deviations.join(", "), screen).map(style.yellow),
    ...results.deterministic
      ? labelledLines("checked", "the same again with the same seed", screen).map(style.dim)
      : [],
    ...repeatLines(results.store, again, screen),
    ...traceLines(results, screen, command[0]),
  ];
}

/**
 * The commands that trace the operations, or the value, in question of a failed run; none if the run passed, is not
 * stored here, or shows its problem otherwise.
 *
 * @param script First word of the command that ran it.
 */
export function traceLines(results: Results, { colour }: Screen, script: string = "./maelstrom.sh"): string[] {
  const { store, mode, engine } = results;
  if (decisionOf(results).valid !== false || mode === null || store === null || engine !== "workbench") return [];
  return subjectsInQuestion(results).map((flags, at) => {
    const label = (at === 0 ? "  trace" : "").padEnd(NOTE_INDENT);
    return createStyle(colour).dim(`${label}${script} trace ${shellWord(store)} ${flags}`);
  });
}

/** Width of the margin that has the labels of notes. */
const NOTE_INDENT = 15;

/** Lines with a text, wrapped, and its label in the margin beside it. */
export function labelledLines(label: string, text: string, { width }: Screen): string[] {
  const [first, ...rest] = wrap(text, width, " ".repeat(NOTE_INDENT));
  return [`  ${label}`.padEnd(NOTE_INDENT) + first!.trimStart(), ...rest];
}

/**
 * Lines that say where a run is stored, and how to run it again. The command stays on one line, so that it can be
 * copied.
 *
 * @param command As {@linkcode formatCommand} writes it; null if nothing was run.
 */
export function repeatLines(store: string | null, command: string | null, screen: Screen): string[] {
  const { dim } = createStyle(screen.colour);
  return [
    ...store === null ? [] : labelledLines("stored in", store, screen),
    ...command === null ? [] : [`${"  run again".padEnd(NOTE_INDENT)}${command}`],
  ].map(dim);
}

/** Formats the verdict on a run and how to run it again, for series with too many failures to say more. */
export function formatVerdictAndCommand(results: Results, { command }: SummaryNotes, screen: Screen): string {
  const lines = repeatLines(results.store, formatCommand(command, results.seed), screen);
  return [formatVerdict(results, screen), ...lines].join("\n");
}
