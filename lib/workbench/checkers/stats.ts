/**
 * Statistics: how many operations there were of each function, and what became of them.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";

import { explain } from "./explain.ts";
import { show } from "../base/text.ts";
import type { Verdict } from "./verdict.ts";

/** Counts of operations by what became of them. */
export interface OperationCounts {
  /** All that were completed. */
  count: number;
  /** Those that took effect. */
  ok: number;
  /** Those that did not. */
  fail: number;
  /** Those of which nobody knows. */
  info: number;
}

/** How many different errors an explanation names. */
const ERRORS_NAMED = 3;

/**
 * Counts completed operations, all together and by function, as Jepsen's `stats`. A function of which not one operation succeeded makes
 * the verdict false: a test in which, say, no read ever came back says nothing about reads.
 *
 * @param history Any history. The nemesis' operations do not count, nor do those without a completion.
 * @param mayNeverSucceed Functions for which that is no fault, such as kafka's `crash`.
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
    const countsOfF = byF.get(f) ?? emptyCounts();
    byF.set(f, countsOfF);
    for (const each of [counts, countsOfF]) {
      each.count++;
      each[type]++;
    }
  }
  const sorted = [...byF].sort(([a], [b]) => a < b ? -1 : 1);
  const failed = sorted.filter(([f, { ok }]) => ok === 0 && !mayNeverSucceed.includes(f));
  return {
    valid: failed.length === 0,
    ...counts,
    by_f: Object.fromEntries(sorted),
    anomalies: failed.length === 0 ? [] : [explain("never-succeeded", failed, ([f, { count, fail, info }]) => {
      return `Not one of ${count} ${f} operations succeeded: ${fail} failed, ${info} had no known outcome${
        errorsOf(history, f)
      }`;
    })],
  };
}

function emptyCounts(): OperationCounts {
  return { count: 0, ok: 0, fail: 0, info: 0 };
}

/** The most frequent errors of a function. */
function errorsOf(history: readonly Operation[], f: string): string {
  const counts = new Map<string, number>();
  for (const operation of history) {
    if (operation.f !== f || operation.process === "nemesis" || operation.error === undefined) continue;
    const error = show(operation.error, 80);
    counts.set(error, (counts.get(error) ?? 0) + 1);
  }
  if (counts.size === 0) return "";
  const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, ERRORS_NAMED);
  return `; errors: ${frequent.map(([error, count]) => `${error} (${count} times)`).join(", ")}`;
}
