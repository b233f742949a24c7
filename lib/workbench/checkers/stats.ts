/**
 * Statistics of operations: their outcomes, for each function.
 *
 * @module
 */

import { getOrInsert } from "../base/get_or_insert.ts";
import { type ErrorName, ERRORS } from "../../protocol.ts";
import { asText, clip, show, times } from "../base/text.ts";
import type { Operation } from "../history/operation.ts";
import { explainCases } from "./explain.ts";
import type { Verdict } from "./verdict.ts";

/** Counts of operations, by outcome. */
export interface OperationCounts {
  /** All that completed. */
  count: number;
  /** Those that took effect. */
  ok: number;
  /** Those that did not. */
  fail: number;
  /** Those with unknown outcome. */
  info: number;
}

/** Number of operations that an anomaly lists. */
const LISTED = 100;
/** Number of different errors that an explanation names. */
const ERRORS_NAMED = 3;

/** Error of an operation that got no reply, in words. */
const NO_REPLY = "no reply came in time (does the handler return it, or the program print it with its newline, and " +
  "flush it?)";

/**
 * Counts completed operations, in total and by function, as Jepsen's `stats`. A function none of whose operations
 * succeeded makes the verdict false: a test in which no read ever succeeded says nothing about reads.
 *
 * @param history Operations of the nemesis do not count, nor do those that never completed.
 * @param mayNeverSucceed Functions that are exempt, such as kafka's `crash`.
 * @returns Figures: `count`, `ok`, `fail`, `info`, and `by_f`, the same for each function, in alphabetical order.
 */
export function checkStats(
  history: readonly Operation[],
  mayNeverSucceed: readonly string[] = [],
): Verdict & OperationCounts & { by_f: Record<string, OperationCounts> } {
  const counts = emptyCounts();
  const byF = new Map<string, OperationCounts>();
  for (const { type, process, f } of history) {
    if (process === "nemesis" || type === "invoke") continue;
    for (const each of [counts, getOrInsert(byF, f, emptyCounts)]) {
      each.count++;
      each[type]++;
    }
  }
  const sorted = [...byF].sort(([a], [b]) => a < b ? -1 : 1);
  const neverSucceeded = sorted.filter(([f, { ok }]) => ok === 0 && !mayNeverSucceed.includes(f));
  return {
    valid: neverSucceeded.length === 0,
    ...counts,
    by_f: Object.fromEntries(sorted),
    anomalies: explainCases(
      "never-succeeded",
      neverSucceeded,
      ([f, { count, fail, info }]) =>
        (count === 1 ? `The only ${f} operation did not succeed` : `None of ${count} ${f} operations succeeded`) +
        `: ${fail} failed, ${info} had an unknown outcome` +
        describeErrors(history, f),
      ([f]) => ({
        operations: history.filter((each) => each.f === f && each.type !== "invoke" && each.process !== "nemesis")
          .slice(0, LISTED),
      }),
    ),
  };
}

/** Requests that were answered with error 13 (crash): what a handler has thrown. */
export interface CrashReplies {
  count: number;
  /** Texts of the first replies that differ. */
  texts: string[];
}

/**
 * Collects the error replies 13 (crash). Undefined if there are none. The history shows a node that went down, with
 * `--fail-fast`, in the same way; that is none.
 */
export function crashReplies(history: readonly Operation[]): CrashReplies | undefined {
  const texts = history.flatMap(({ process, error }) =>
    process !== "nemesis" && Array.isArray(error) && error[0] === "crash" ? [show(error[1], 200)] : []
  ).filter((text) => !/^"Node \S+ went down"$/.test(text));
  return texts.length === 0 ? undefined : { count: texts.length, texts: [...new Set(texts)].slice(0, ERRORS_NAMED) };
}

/** Error replies of one kind that suggest a mistake in the program. */
export interface ErrorReplies {
  /** Function of the operations. */
  f: string;
  /** Name and code of the error. */
  error: string;
  code: number;
  count: number;
  /** Text of the first one. */
  text: string;
}

/** Errors that suggest a mistake in the program: it has no handler, refuses the request, or has thrown. */
const MISTAKES: readonly ErrorName[] = ["not-supported", "malformed-request", "crash"];

/** Collects the error replies that suggest a mistake, by function and error; the most frequent first. */
export function errorReplies(history: readonly Operation[]): ErrorReplies[] {
  const byKind = new Map<string, ErrorReplies>();
  for (const { process, f, error } of history) {
    if (process === "nemesis" || !Array.isArray(error)) continue;
    const name = MISTAKES.find((each) => each === error[0]);
    const text = asText(error[1] ?? "");
    if (name === undefined || isDown(text)) continue;
    const { code } = ERRORS[name];
    getOrInsert(byKind, `${f} ${name}`, () => ({ f, error: name, code, count: 0, text: clip(text, 200) })).count++;
  }
  return [...byKind.values()].sort((a, b) => b.count - a.count);
}

/** True for the text of an error by which `--fail-fast` says that a node is down. */
export function isDown(text: string): boolean {
  return /^Node \S+ (?:went|is) down$/.test(text);
}

function emptyCounts(): OperationCounts {
  return { count: 0, ok: 0, fail: 0, info: 0 };
}

/** Lists the most frequent errors of a function. */
function describeErrors(history: readonly Operation[], f: string): string {
  const counts = new Map<string, number>();
  for (const operation of history) {
    if (operation.f !== f || operation.process === "nemesis" || operation.error === undefined) continue;
    const error = describeError(operation.error);
    counts.set(error, (counts.get(error) ?? 0) + 1);
  }
  if (counts.size === 0) return "";
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, ERRORS_NAMED);
  return `\n${frequent.map(([error, count]) => `${times(count)}: ${error}`).join("\n")}`;
}

/** Describes the error of an operation as the history has it: a name, or a name and a text. */
function describeError(error: unknown): string {
  if (error === "net-timeout") return NO_REPLY;
  if (error === "interrupted") return "the test ended before the reply";
  if (!Array.isArray(error) || typeof error[0] !== "string") return show(error, 80);
  const [name, text] = error;
  const known = Object.hasOwn(ERRORS, name) ? ERRORS[name as ErrorName] : undefined;
  const what = known === undefined ? "" : `error ${known.code} (${name}): `;
  return clip(what + asText(text).split("\n")[0], 160);
}
