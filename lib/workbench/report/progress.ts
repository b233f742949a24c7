/**
 * Progress of a run, and of a series of runs, for a person who waits: how long still, is it going well, and what is
 * being done to the nodes.
 *
 * {@linkcode PARTS} is the table of the line's parts. Numbers have fixed widths, so that the line stands still.
 *
 * @module
 */

import type { LinePart } from "../base/fit_line.ts";
import { counted, type Style } from "../base/text.ts";
import type { TestRequest } from "../request/request.ts";
import type { Progress } from "../run/progress.ts";
import type { LineSource } from "./live_line.ts";
import { milliseconds } from "./numbers.ts";
import { formatMinutesLeft, formatTimeLeft } from "./time_left.ts";

/** State of a series of runs. */
export interface SeriesProgress {
  /** Number of the run under way, from 1, and of all. */
  run: number;
  runs: number;
  /** Runs so far that did not pass. */
  failed: number;
  /** Runs a second so far; undefined if it says nothing. */
  runsPerSecond?: number;
  /** Milliseconds until the end; undefined if nothing is known yet. */
  left?: number;
}

/** Everything that a line shows. */
export interface View {
  request: Pick<TestRequest, "challenge" | "workload" | "options" | "simulation">;
  /** Undefined before the run has begun. */
  progress?: Progress;
  /** Text for what a run waits for that has not begun or has ended, such as "waiting for the nodes to end". */
  waiting?: string;
  /** Undefined for a single run. */
  series?: SeriesProgress;
}

/** Part of the line of a view. */
interface Part {
  /** Its texts, the shortest first; none if there is nothing to say. */
  forms(view: View): string[];
  /** Rank of each text among all of the line: the one with 1 leaves last. */
  ranks: readonly number[];
  paint?(text: string, style: Style): string;
}

/** The parts in their order on the line. */
const PARTS: readonly Part[] = [
  { forms: positionForms, ranks: [2, 16] },
  { forms: titleForms, ranks: [12, 18], paint: (text, { bold }) => bold(text) },
  { forms: timeForms, ranks: [1, 15] },
  { forms: operationForms, ranks: [8, 14] },
  { forms: p99Forms, ranks: [9] },
  { forms: messageForms, ranks: [10, 21] },
  { forms: runRateForms, ranks: [22] },
  { forms: outcomeForms, ranks: [13, 19, 24], paint: paintOutcomes },
  { forms: faultForms, ranks: [5, 6, 20], paint: paintFaults },
  { forms: failedForms, ranks: [3, 17], paint: (text, { pink }) => pink(text) },
  { forms: exceptionForms, ranks: [4, 11], paint: (text, { pink }) => pink(text) },
  { forms: leftForms, ranks: [7, 23] },
];

/** Marks active faults, as in the report's pictures. */
const FAULT = "▒";

/** Content of the line that shows a view. */
export function progressSource(look: () => View): LineSource {
  return { parts: (style) => progressParts(look(), style), sentence: () => progressSentence(look()) };
}

/** The parts of the line that shows a view. */
export function progressParts(view: View, style: Style): LinePart[] {
  return PARTS.map(({ ranks, forms, paint }) => ({
    forms: forms(view).map((text, index) => ({ text, rank: ranks[index]! })),
    paint: paint && ((text: string) => paint(text, style)),
  }));
}

function positionForms({ series }: View): string[] {
  if (series === undefined) return [];
  const { run, runs } = series;
  const width = String(runs).length;
  return [`${run}/${runs}`.padEnd(2 * width + 1), `${run} of ${runs}`.padEnd(2 * width + 4)];
}

function titleForms({ request: { challenge, workload } }: View): string[] {
  return challenge === null ? [workload] : [challenge.id, `${challenge.id} ${workload}`];
}

/** Longest main phase that is shown in seconds, s; a longer one is shown in minutes. */
const MOST_SECONDS = 120;
/** Time after the main phase from which on the line says that replies are still missing, ms. */
const LAST_REPLIES_AFTER = 500;

function timeForms(view: View): string[] {
  const { progress, waiting } = view;
  if (waiting !== undefined) return ["waiting", waiting];
  if (progress === undefined || isBlur(view)) return [];
  const { phase, elapsed, total, recoveryLeft = 0 } = progress;
  const seconds = `${Math.ceil(Math.max(0, recoveryLeft) / 1000)} s`.padStart(4);
  switch (phase) {
    case "starting":
      return ["starting", "starting the nodes"];
    case "recovering":
      return [`recovery ${seconds}`, `waiting for recovery, ${seconds} left`];
    case "final":
      return ["final", "final operations"];
    case "checking":
      return ["checking"];
    case "running": {
      if (elapsed > total + LAST_REPLIES_AFTER) return ["last replies", "waiting for the last replies"];
      const [now, end] = clock(elapsed, total);
      const unit = total > MOST_SECONDS * 1000 ? "" : " s";
      return [`${now}/${end}${unit}`, `${now} / ${end}${unit}`];
    }
  }
}

/** Formats the time and its end, in seconds or as minutes and seconds, both with the same width. */
function clock(elapsed: number, total: number): [now: string, end: string] {
  const end = Math.round(total / 1000);
  const now = Math.min(Math.floor(elapsed / 1000), end);
  const format = (seconds: number) =>
    end <= MOST_SECONDS ? String(seconds) : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return [format(now).padStart(format(end).length), format(end)];
}

/** True for runs that follow each other so fast that one of them would only flicker. */
function isBlur({ series }: View): boolean {
  return series?.runsPerSecond !== undefined && series.runsPerSecond > 0.5;
}

/** True if the figures of operations say something: those of one simulation among many do not. */
function hasOperations({ progress, request, series }: View): boolean {
  const isPassing = request.simulation !== null && series !== undefined;
  return !isPassing && (progress?.phase === "running" || progress?.phase === "final");
}

function hasMessages(view: View): boolean {
  return hasOperations(view) || (view.series === undefined && view.progress?.phase === "recovering");
}

/** Formats a number of things a second: one decimal below 10. */
function rate(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

function operationForms(view: View): string[] {
  if (!hasOperations(view)) return [];
  const { progress, request: { options } } = view;
  const digits = Math.min(Math.max(rate(options.rate).length, 3), 5);
  const text = rate(progress!.operationsPerSecond).padStart(digits);
  return [`${text}/s`, `${text} ops/s`];
}

function p99Forms(view: View): string[] {
  return hasOperations(view) ? [`p99 ${latency(view.progress!.p99).padStart(7)}`] : [];
}

/** Formats a latency in at most 7 characters. */
function latency(ms: number | null): string {
  if (ms === null) return "– ms";
  return ms < 9999.5 ? `${milliseconds(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function messageForms(view: View): string[] {
  if (!hasMessages(view)) return [];
  const text = rate(view.progress!.messagesPerSecond).padStart(4);
  return [`${text} msg/s`, `${text} messages/s`];
}

/** Operations so far: those that did not succeed, if there are any, and on wide screens all. */
function outcomeForms({ progress, request, series }: View): string[] {
  if (progress === undefined || progress.phase === "starting") return [];
  if (series !== undefined && request.simulation !== null) return [];
  const { ok, fail, info } = progress;
  const [oks, fails, infos] = [String(ok).padStart(5), String(fail).padStart(3), String(info).padStart(3)];
  const short = [fail === 0 ? "" : `✕${fail}`, info === 0 ? "" : `▲${info}`].join("");
  return [short, `● ${oks} ✕ ${fails} ▲ ${infos}`, `● ${oks} ok  ✕ ${fails} fail  ▲ ${infos} info`];
}

function paintOutcomes(text: string, { blue, pink, orange, dim }: Style): string {
  const zero = (part: string) => /\D0$/.test(part);
  return text.replace(/● *\d+/, blue).replace(/✕ *\d+/, (part) => zero(part) ? dim(part) : pink(part))
    .replace(/▲ *\d+/, (part) => zero(part) ? dim(part) : orange(part));
}

/** Active faults. The part has the same width if there are none. */
function faultForms(view: View): string[] {
  const { progress, request: { options: { nemesis } } } = view;
  if (nemesis.length === 0 || progress?.phase !== "running" || isBlur(view)) return [];
  const { faults } = progress;
  const more = faults.length > 1 ? ` +${faults.length - 1}` : "";
  const texts = faults.length === 0
    ? ["–", "no faults", "no faults"]
    : [`${FAULT} ${faults.length}`, `${FAULT} ${faults[0]}${more}`, `${FAULT} ${faults.join(" ")}`];
  const longestName = Math.max(...nemesis.map((name) => name.length));
  const widths = [3, longestName + (nemesis.length > 1 ? 5 : 2), nemesis.join(" ").length + 2];
  return texts.map((text, index) => text.padEnd(widths[index]!));
}

/** Problems of the run so far, such as a node that printed a bad line. */
function exceptionForms({ progress }: View): string[] {
  const [first, ...others] = progress?.exceptions ?? [];
  if (first === undefined) return [];
  const { type, node } = first;
  const more = others.length === 0 ? "" : ` +${others.length}`;
  return [`✕ ${type}${more}`, `✕ ${type}${node === undefined ? "" : ` ${node}`}${more}`];
}

function failedForms({ series }: View): string[] {
  if (series === undefined || series.failed === 0) return [];
  return [`✕ ${series.failed}`, `✕ ${series.failed} failed`];
}

function runRateForms({ series }: View): string[] {
  if (series?.runsPerSecond === undefined) return [];
  const text = rate(series.runsPerSecond).padStart(4);
  return [`${text} runs/s`];
}

/** Usual widths of both forms of the time left, in characters. */
const LEFT_WIDTHS = ["59 min left".length, "9 min 55 s left".length];

function leftForms({ series }: View): string[] {
  if (series?.left === undefined) return [];
  return [formatMinutesLeft(series.left), formatTimeLeft(series.left)]
    .map((text, index) => `${text} left`.padEnd(LEFT_WIDTHS[index]!));
}

function paintFaults(text: string, { orange, dim }: Style): string {
  return text.startsWith(FAULT) ? orange(text) : dim(text);
}

/**
 * Formats a view for a log: `3e broadcast: 12 of 20 s, 98 operations/s, p99 412 ms, 2350 messages/s; 1180 ok, 0 fail, 0
 * info; faults: partition`.
 */
export function progressSentence(view: View): string {
  const { progress, series, request } = view;
  const title = titleForms(view).at(-1);
  const position = series === undefined ? "" : `, run ${series.run} of ${series.runs}`;
  const { ok = 0, fail = 0, info = 0, exceptions = [], faults = [] } = progress ?? {};
  const hasBegun = progress !== undefined && progress.phase !== "starting";
  const isPassing = series !== undefined && request.simulation !== null;
  const clauses = [
    [timeForms(view).at(-1)?.replace(" / ", " of ").replaceAll(/ +/g, " ").trim(), ...figureWords(view)]
      .filter(Boolean).join(", "),
    hasBegun && !isPassing ? `${ok} ok, ${fail} fail, ${info} info` : "",
    faults.length === 0 || faultForms(view).length === 0 ? "" : `faults: ${faults.join(", ")}`,
    exceptions.length === 0 ? "" : counted(exceptions.length, "problem"),
    series === undefined || series.failed === 0 ? "" : `${counted(series.failed, "run")} failed`,
    series?.left === undefined ? "" : `about ${formatTimeLeft(series.left)} left`,
  ];
  return `${title}${position}: ${clauses.filter((clause) => clause !== "").join("; ")}`;
}

function figureWords(view: View): string[] {
  const { progress } = view;
  const messages = hasMessages(view) ? [`${rate(progress!.messagesPerSecond)} messages/s`] : [];
  if (!hasOperations(view)) return messages;
  const operations = `${rate(progress!.operationsPerSecond)} operations/s`;
  return [operations, ...progress!.p99 === null ? [] : [`p99 ${latency(progress!.p99)}`], ...messages];
}
