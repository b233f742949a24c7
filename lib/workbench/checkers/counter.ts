/**
 * The checker of counters (g-counter, pn-counter): the final reads must return the sum of what was added.
 *
 * 1. Sum up the acknowledged adds.
 * 2. Compute all sums of the adds with unknown outcome, each of which may or may not count, as intervals.
 * 3. Check that each final read is the sum of step 1 plus one of step 2.
 *
 * @module
 */

import type { Integer } from "../../integers.ts";
import { show } from "../base/text.ts";
import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nameProcess, nodeOf } from "./cluster_shape.ts";
import { checkOrUnknown, explainCases, MalformedHistoryError, seconds } from "./explain.ts";
import type { Anomaly, Verdict } from "./verdict.ts";

/** Number of reads and intervals that the verdict lists. */
const LISTED = 64;
/** Maximum number of intervals. Only very many and very different amounts need more. */
const MAX_INTERVALS = 100_000;

/** The integers from `low` to `high`, both included. */
export type IntegerInterval = readonly [low: bigint, high: bigint];

/** The adds of a history. */
interface Adds {
  /** Number of acknowledged adds. */
  acknowledged: number;
  /** Their sum. */
  sum: bigint;
  /** Amounts of the adds with unknown outcome. */
  indeterminate: bigint[];
}

/**
 * Checks that each final read is the sum of all acknowledged adds and any of those with unknown outcome, as in
 * Maelstrom. Unlike there, an add that never completed counts as one with unknown outcome, and without a final read the
 * verdict is unknown.
 *
 * @param history Operations `add` of an integer, and `read`, each `ok` with the counter's value. Reads with `final` are
 *   checked. Integers are numbers or bigints.
 * @returns Figures: `final_reads`, the values (up to 64); `acceptable`, the acceptable sums as intervals `[low, high]`,
 *   both included (up to 64), or null if there are too many to compute; `acceptable_count`; `error_count`; `errors`,
 *   the wrong reads (up to 64).
 */
export function checkCounter(history: readonly Operation[], shape: ClusterShape = {}): Verdict {
  return checkOrUnknown(() => {
    const adds = addsOf(history);
    const reads = history.filter(({ final, type, process }) => final && type === "ok" && process !== "nemesis");
    const verdict = judge(reads, adds, reachableSums(0n, adds.indeterminate), shape);
    return reads.length > 0 ? verdict : { ...verdict, anomalies: [noFinalRead(history)] };
  });
}

function addsOf(history: readonly Operation[]): Adds {
  const adds: Adds = { acknowledged: 0, sum: 0n, indeterminate: [] };
  for (const { invocation, completion } of pairs(history)) {
    const { f, value, index } = invocation;
    if (f !== "add" || completion?.type === "fail") continue;
    const amount = toBigInt(value);
    if (amount === undefined) {
      throw new MalformedHistoryError(
        `Cannot check operation ${index}: expected an integer to add, got ${show(value)}`,
      );
    }
    if (completion?.type === "ok") {
      adds.acknowledged++;
      adds.sum += amount;
    } else adds.indeterminate.push(amount);
  }
  return adds;
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

/** Computes the lowest and the highest sum of indeterminate adds. */
function bounds({ indeterminate }: Adds): [low: bigint, high: bigint] {
  let [low, high] = [0n, 0n];
  for (const amount of indeterminate) {
    if (amount < 0n) low += amount;
    else high += amount;
  }
  return [low, high];
}

/** Judges the final reads. `extras` are the sums of indeterminate adds, if they could be computed. */
function judge(
  reads: readonly Operation[],
  adds: Adds,
  extras: readonly IntegerInterval[] | undefined,
  shape: ClusterShape,
): Verdict {
  const intervals = extras ?? [bounds(adds)];
  const wrong = reads.filter(({ value }) => !isAcceptable(value, adds.sum, intervals));
  const unsure = extras === undefined || reads.length === 0;
  const acceptable = intervals.slice(0, LISTED).map((interval) => interval.map((extra) => toNumber(adds.sum + extra)));
  return {
    valid: wrong.length > 0 ? false : unsure ? "unknown" : true,
    final_reads: reads.slice(0, LISTED).map(({ value }) => value),
    acceptable: extras === undefined ? null : acceptable,
    acceptable_count: extras?.length ?? null,
    error_count: wrong.length,
    errors: wrong.slice(0, LISTED).map(({ index, time, process, value }) => ({ index, time, process, value })),
    anomalies: explainCases(
      "wrong-sum",
      wrong,
      ({ process, time, value }) => {
        const reader = nameProcess(process, nodeOf(process, shape));
        return `The final read of ${reader} at ${seconds(time)} returned ${show(value)}, ` +
          `but ${describeExpected(adds, acceptable)}`;
      },
      (read) => ({ operations: [read], values: [read.value] }),
    ),
  };
}

/** Says that no sum can be checked, and how reads are marked as final in a history that has no such mark. */
function noFinalRead(history: readonly Operation[]): Anomaly {
  const clients = history.filter(({ process }) => process !== "nemesis");
  const count = clients.filter(({ f, type }) => f === "read" && type === "ok").length;
  const isUnmarked = count > 0 && !clients.some(({ final }) => final);
  const successes = count === 1 ? "1 read succeeded, but it is not" : `${count} reads succeeded, but none is`;
  const hint = `: ${successes} marked as final, with "final": true (JSON) or :final? true (EDN)`;
  return {
    type: "no-final-read",
    count: 1,
    explanation: `No final read succeeded, so there is no sum to check${isUnmarked ? hint : ""}`,
  };
}

/** Converts an integer to a number, unless it is too large for one. */
function toNumber(integer: bigint): Integer {
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

function describeExpected({ acknowledged, sum, indeterminate }: Adds, acceptable: Integer[][]): string {
  const definite = `the acknowledged adds (${acknowledged}) sum up to ${sum}`;
  if (indeterminate.length === 0) return definite;
  const shown = acceptable.slice(0, 8).map(([low, high]) => low === high ? `${low}` : `${low} to ${high}`);
  if (acceptable.length > shown.length) shown.push("…");
  return `${definite}; with adds of unknown outcome (${indeterminate.length}), the sum can be ${shown.join(", ")}`;
}

/**
 * Computes all sums of a base and a subset of some amounts.
 *
 * @param amounts Integers, each of which counts once or not at all.
 * @returns Disjoint intervals in ascending order, with gaps between them; undefined if there are more than 100,000.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reachableSums } from "./counter.ts";
 *
 * assertEquals(reachableSums(10n, [1n, 1n, 5n]), [[10n, 12n], [15n, 17n]]);
 * ```
 */
export function reachableSums(base: bigint, amounts: readonly bigint[]): IntegerInterval[] | undefined {
  const counts = new Map<bigint, number>();
  for (const amount of amounts) counts.set(amount, (counts.get(amount) ?? 0) + 1);
  let intervals: IntegerInterval[] = [[base, base]];
  // Small amounts first: they fill the gaps between sums, which keeps the number of intervals low.
  for (const [amount, count] of [...counts].sort(([a], [b]) => absolute(a) < absolute(b) ? -1 : 1)) {
    for (const multiple of multiples(count)) {
      const step = BigInt(multiple) * amount;
      intervals = union(intervals, intervals.map(([low, high]) => [low + step, high + step]));
      if (intervals.length > MAX_INTERVALS) return undefined;
    }
  }
  return intervals;
}

function absolute(integer: bigint): bigint {
  return integer < 0n ? -integer : integer;
}

/** Splits a count into numbers whose subset sums are 0 to `count`: 1, 2, 4, 8 … and the rest. */
function multiples(count: number): number[] {
  const numbers: number[] = [];
  let rest = count;
  for (let next = 1; rest > 0; next *= 2) {
    numbers.push(Math.min(next, rest));
    rest -= next;
  }
  return numbers;
}

/** Merges two ascending lists of intervals. */
function union(a: readonly IntegerInterval[], b: readonly IntegerInterval[]): IntegerInterval[] {
  const merged: [bigint, bigint][] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const fromA = j === b.length || (i < a.length && a[i]![0] <= b[j]![0]);
    const [low, high] = fromA ? a[i++]! : b[j++]!;
    const last = merged.at(-1);
    if (last === undefined || low > last[1] + 1n) merged.push([low, high]);
    else if (high > last[1]) last[1] = high;
  }
  return merged;
}

/** True if a value is `sum` plus an integer in one of the ascending intervals. */
function isAcceptable(value: unknown, sum: bigint, intervals: readonly IntegerInterval[]): boolean {
  const read = toBigInt(value);
  if (read === undefined) return false;
  const extra = read - sum;
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (intervals[middle]![1] < extra) low = middle + 1;
    else high = middle;
  }
  return low < intervals.length && intervals[low]![0] <= extra;
}
