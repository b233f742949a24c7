/**
 * Findings of a run, as paragraphs, the cause first:
 *
 * 1. mistakes of nodes: crashes, bad lines, silence, errors that they have logged (exceptions);
 * 2. errors that nodes have answered;
 * 3. anomalies of the history;
 * 4. the names of those anomalies that follow from these, without their explanations;
 * 5. what is no fault of the nodes, such as a full disk.
 *
 * Number and length are bounded, and cases that are alike are summed up (`cases.ts`). The stored results have
 * everything.
 *
 * @module
 */

import { formatExactJSON } from "../base/json.ts";
import { createStyle, enumerated, escapeControls, wrap } from "../base/text.ts";
import type { Anomaly, MaelstromView } from "../checkers/verdict.ts";
import { shellWord } from "../request/command_line.ts";
import { NOT_STORED, type Results } from "../run/results.ts";
import { caseLines } from "./cases.ts";
import type { Screen } from "./screen.ts";

/** Number of anomalies, and of exceptions, that are shown. */
const MAX_SHOWN = 8;

/** Part of the results that shows what is wrong. */
export type Problems = Pick<Results, "anomalies" | "exceptions" | "error_replies">;

/** Problems, and the folder that has the others of those that are summed up; null if they are not stored. */
type StoredProblems = Problems & Pick<Results, "store">;

type Exception = Results["exceptions"][number];

/** Exceptions that are no mistake of a node, and explain no anomaly. */
const SURROUNDINGS: readonly string[] = [NOT_STORED, "backlog-full", "messages-unseen", "stderr-flood"];

/** Anomalies that say that something is missing. They follow from mistakes that keep nodes from answering. */
const ABSENCES = ["never-succeeded", "no-final-read", "nothing-decided", "empty-transaction-graph", "unavailable"];

/** Consequences of a finding, by its type: other findings, which are only named. */
const CONSEQUENCES: Readonly<Record<string, readonly string[]>> = {
  "malformed-reply": ABSENCES,
  "unmatched-reply": [...ABSENCES, "no-answer"],
  "no-answer": ABSENCES,
  "poll-below-offset": ["nonmonotonic-poll", "int-nonmonotonic-poll"],
  "error-reply": [...ABSENCES, "wrong-echo"],
  "never-succeeded": ABSENCES.slice(1),
};

/** Findings of a run, in the order in which they are shown. */
interface Findings {
  /** Mistakes of nodes, those that ended the test first. */
  mistakes: Exception[];
  /** Error replies that no logged error explains. */
  replies: NonNullable<Results["error_replies"]>;
  anomalies: Anomaly[];
  /** Mistakes and anomalies that follow from others. */
  following: (Exception | Anomaly)[];
  /** Exceptions that are no mistake of a node. */
  surroundings: Exception[];
}

/** Sorts the findings of a run by cause and consequence. Anomalies that the test permits are left out. */
function sortFindings({ anomalies, exceptions, error_replies = [] }: Problems): Findings {
  const forbidden = anomalies.filter(({ allowed }) => !allowed);
  const isSurrounding = ({ type }: Exception) => SURROUNDINGS.includes(type);
  const mistakes = exceptions.filter((each) => !isSurrounding(each) && !isRepeated(each, exceptions))
    .sort((a, b) => Number(b.fatal ?? false) - Number(a.fatal ?? false));
  const causes = [...mistakes, ...forbidden].map(({ type }) => type);
  if (error_replies.length > 0) causes.push("error-reply");
  const consequences = causes.flatMap((type) => CONSEQUENCES[type] ?? []);
  if (mistakes.some(({ fatal }) => fatal)) consequences.push(...ABSENCES, "no-answer");
  const repeated = forbidden.filter((each, index) =>
    forbidden.slice(0, index).some((other) => hasCasesOf(other, each))
  );
  const follows = (each: Exception | Anomaly) => consequences.includes(each.type) || repeated.includes(each as Anomaly);
  const logged = mistakes.filter(({ type }) => type === "logged-error").map(({ message }) => message);
  return {
    mistakes: mistakes.filter((each) => !follows(each)),
    replies: error_replies.filter(({ text }) => !logged.some((message) => message.includes(text))),
    anomalies: forbidden.filter((each) => !follows(each)),
    following: [...mistakes, ...forbidden].filter(follows),
    surroundings: exceptions.filter(isSurrounding),
  };
}

/**
 * True if all cases of an anomaly are cases of another one, too: the same operations with the same values. So a message
 * that is lost was never seen.
 */
function hasCasesOf(other: Anomaly, { cases = [], count, maelstrom }: Anomaly): boolean {
  if (cases.length === 0 || cases.length < count || maelstrom !== other.maelstrom) return false;
  const known = new Set(other.cases?.map((each) => formatExactJSON(each)));
  return cases.every((each) => known.has(formatExactJSON(each)));
}

/** True for a logged error of a node that is in the report on its end, too. */
function isRepeated({ type, node, message }: Exception, exceptions: readonly Exception[]): boolean {
  if (type !== "logged-error") return false;
  const logged = message.split("\n")[0]!.replace(/^Node \S+ logged: /, "");
  return exceptions.some((each) =>
    each.fatal && each.node === node && (each.message.includes(logged) || logged.includes(each.message.split("\n")[0]!))
  );
}

/** Paragraphs with what is wrong. */
export function problemParagraphs(problems: StoredProblems, screen: Screen): string[][] {
  const { mistakes, replies, anomalies, following, surroundings } = sortFindings(problems);
  return [
    exceptionLines(mistakes, screen),
    replyLines(replies, screen),
    anomalyLines(anomalies, problems.store !== null, screen),
    followingLines(following, screen),
    exceptionLines(surroundings, screen),
  ].filter((lines) => lines.length > 0);
}

/** Anomalies of operations that contradict each other: neither is wrong alone. Those of cycles are such, too. */
const CONTRADICTIONS: readonly string[] = [
  ...["duplicate-id", "lock-held-twice", "inconsistent-offsets", "incompatible-order", "lost-update"],
];

/** Anomalies whose last operation is the one that does not fit: it comes after those that do. */
const LAST_ONES: readonly string[] = ["nonlinearizable", "poll-skip", "nonmonotonic-poll", "nonmonotonic-send"];

/**
 * Flags of `trace` for what shows an anomaly that is no consequence of something else: for its first case that has
 * some, the operations, or the value if it is lost. There are two operations if they contradict each other, no flags if
 * there is no such anomaly.
 */
export function subjectsInQuestion(problems: Problems): string[] {
  const candidates = sortFindings(problems).anomalies.flatMap(({ type, explanation, cases = [] }) => {
    const isContradiction = CONTRADICTIONS.includes(type) || explanation.startsWith("T1 is ");
    return cases.map(({ operations = [], values = [] }) => {
      // Its operations show that it was there, and not where it got lost.
      if (type === "lost" && values.length > 0) return [`--value ${shellWord(formatExactJSON(values[0]))}`];
      const shown = LAST_ONES.includes(type) ? operations.slice(-1) : operations.slice(0, isContradiction ? 2 : 1);
      return shown.map((index) => `--operation ${index}`);
    });
  });
  return candidates.find((flags) => flags.length > 0) ?? [];
}

/** Types of the findings, without consequences. A run that could not be stored is not wrong for that reason. */
export function problemKinds(problems: Problems): string[] {
  const { mistakes, replies, anomalies, surroundings } = sortFindings(problems);
  const told = surroundings.filter(({ type }) => type !== NOT_STORED);
  return kindsOf({ mistakes, replies, anomalies: [...anomalies, ...told] });
}

/** Types of all findings in the order in which a summary shows them: causes first, then what follows from them. */
export function allKinds(problems: Problems): string[] {
  const { mistakes, replies, anomalies, following, surroundings } = sortFindings(problems);
  return kindsOf({ mistakes, replies, anomalies: [...anomalies, ...following, ...surroundings] });
}

function kindsOf({ mistakes, replies, anomalies }: {
  mistakes: readonly Exception[];
  replies: Findings["replies"];
  anomalies: readonly (Exception | Anomaly)[];
}): string[] {
  const ofReplies = replies.length > 0 ? ["error-reply"] : [];
  return [...new Set([...mistakes.map(({ type }) => type), ...ofReplies, ...anomalies.map(({ type }) => type)])];
}

/** Results with exceptions and anomalies in the order of {@linkcode allKinds}, and what the test permits last. */
export function inOrderOfCauses(results: Results): Results {
  const kinds = allKinds(results);
  const rank = ({ type, allowed }: { type: string; allowed?: boolean }) =>
    allowed || !kinds.includes(type) ? kinds.length : kinds.indexOf(type);
  const sorted = <T extends { type: string }>(found: readonly T[]) => [...found].sort((a, b) => rank(a) - rank(b));
  return { ...results, exceptions: sorted(results.exceptions), anomalies: sorted(results.anomalies) };
}

/**
 * The finding that decides a verdict, in words; its cause, if it follows from another one. Undefined if none decides.
 *
 * @param decides True for a finding that counts for the verdict.
 */
export function decidingProblem(
  problems: Problems,
  decides: (finding: { maelstrom?: MaelstromView }) => boolean,
): string | undefined {
  const { mistakes, replies, anomalies, following, surroundings } = sortFindings(problems);
  const consequence = following.find(decides);
  const finding = mistakes.find(({ fatal }) => fatal) ?? [...mistakes, ...anomalies].find(decides) ??
    (consequence && [...mistakes.filter(({ type }) => type in CONSEQUENCES), ...replies][0]) ??
    consequence ?? surroundings.find(decides);
  if (finding === undefined) return undefined;
  if ("message" in finding) return `${finding.type}: ${finding.message}`;
  if ("explanation" in finding) {
    const lines = caseLines(finding, { isStored: false, width: Infinity, indent: "" });
    return `${finding.type}${times(finding.count)}: ${lines.join("\n")}`;
  }
  return `error-reply${times(finding.count)}: ${replyWords([finding])}`;
}

type Reply = Findings["replies"][number];

/** Says of replies with the same error what was answered with it. */
function replyWords(replies: readonly Reply[]): string {
  const { code, error, text } = replies[0]!;
  const answered = `${enumerated(replies.map(({ f }) => f))} ${replies.length === 1 ? "was" : "were"} answered`;
  return `${answered} with error ${code} (${error}): ${text}`;
}

/** Lines with the error replies. Those of several functions with the same error are shown once. */
function replyLines(replies: readonly Reply[], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const groups = [...Map.groupBy(replies, ({ code, text }) => `${code} ${withoutNumbers(text)}`).values()];
  const lines = groups.slice(0, MAX_SHOWN).flatMap((group) => [
    style.red(`  error-reply${times(group.reduce((sum, { count }) => sum + count, 0))}`),
    ...wrap(replyWords(group), width, "    "),
  ]);
  return [...lines, ...moreLines(groups.length)];
}

function followingLines(following: Findings["following"], { width }: Screen): string[] {
  if (following.length === 0) return [];
  const names = following.map(({ type, count }) => type + times(count));
  return wrap(`It follows: ${names.join(", ")}`, width, "  ");
}

/** Lines with the names of the anomalies that the test permits. */
export function permittedLines(anomalies: readonly Anomaly[], { width }: Screen): string[] {
  const permitted = anomalies.filter(({ allowed }) => allowed).map(({ type, count }) => type + times(count));
  return permitted.length === 0 ? [] : wrap(`permitted: ${permitted.join(", ")}`, width, "  ");
}

/**
 * Lines with the explanations of anomalies.
 *
 * @param isStored True if the results are stored.
 */
function anomalyLines(anomalies: readonly Anomaly[], isStored: boolean, { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const lines = anomalies.slice(0, MAX_SHOWN).flatMap((anomaly) => [
    style.red(`  ${anomaly.type}${times(anomaly.count)}`) + viewWords(anomaly.maelstrom),
    ...caseLines(anomaly, { isStored, width, indent: "    " }),
  ]);
  return [...lines, ...moreLines(anomalies.length)];
}

/** Lines with the messages of exceptions. Those of several nodes that say the same are shown once. */
function exceptionLines(exceptions: readonly Exception[], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const groups = [...Map.groupBy(exceptions, sameness).values()];
  const lines = groups.slice(0, MAX_SHOWN).flatMap((group) => {
    const [{ type, message, maelstrom }] = group as [Exception];
    const count = group.reduce((sum, each) => sum + each.count, 0);
    return [style.red(`  ${type}${nodesOf(group)}${times(count)}`) + viewWords(maelstrom), ...wrapped(message, width)];
  });
  return [...lines, ...moreLines(groups.length)];
}

/** The exceptions with the same of this say the same of different nodes. */
function sameness({ type, message }: Exception): string {
  return `${type} ${withoutNumbers(message)}`;
}

/** A text without numbers and names such as `n1`. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/[a-z]?\d+/g, "");
}

/** Most nodes that a heading names. */
const MAX_NODES = 4;

function nodesOf(group: readonly Exception[]): string {
  const nodes = group.map(({ node }) => node).filter((node) => node !== undefined);
  if (nodes.length === 0) return "";
  return ` ${nodes.slice(0, MAX_NODES).join(", ")}${nodes.length > MAX_NODES ? " …" : ""}`;
}

/** Wraps a message, but not its places in files: they stay on one line, so that they can be opened from a terminal. */
function wrapped(message: string, width: number): string[] {
  return message.split("\n").flatMap((line) =>
    /^\s+at /.test(line) ? [`    ${escapeControls(line)}`] : wrap(line, width, "    ")
  );
}

/** Words on a finding that Maelstrom does not share. */
function viewWords(view: MaelstromView | undefined): string {
  if (view === "overlooks") return " (Maelstrom does not look for it)";
  return view === "stops" ? " (Maelstrom's checker stops at it)" : "";
}

function moreLines(count: number): string[] {
  return count <= MAX_SHOWN ? [] : [`  … and ${count - MAX_SHOWN} more kinds`];
}

function times(count: number): string {
  return count === 1 ? "" : ` × ${count}`;
}
