/**
 * Statistics of operations: their outcomes, for each function.
 *
 * @module
 */

import { getOrInsert } from "../base/get_or_insert.ts";
import { show } from "../base/text.ts";
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

/** Number of different errors that an explanation names. */
const ERRORS_NAMED = 3;

/** Error of an operation that got no reply, and its common causes. */
const TIMEOUT = show("net-timeout");
const TIMEOUT_HINT = "; net-timeout: no reply came in time (does the handler return it, or the program print it with " +
  "its newline, and flush it?)";

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
        `None of ${count} ${f} operations succeeded: ${fail} failed, ${info} had an unknown outcome` +
        describeErrors(history, f),
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

function emptyCounts(): OperationCounts {
  return { count: 0, ok: 0, fail: 0, info: 0 };
}

/** Lists the most frequent errors of a function. */
function describeErrors(history: readonly Operation[], f: string): string {
  const counts = new Map<string, number>();
  for (const operation of history) {
    if (operation.f !== f || operation.process === "nemesis" || operation.error === undefined) continue;
    const error = show(operation.error, 80);
    counts.set(error, (counts.get(error) ?? 0) + 1);
  }
  if (counts.size === 0) return "";
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, ERRORS_NAMED);
  const hint = counts.has(TIMEOUT) ? TIMEOUT_HINT : "";
  return `; errors: ${frequent.map(([error, count]) => `${error} (${count} times)`).join(", ")}${hint}`;
}
