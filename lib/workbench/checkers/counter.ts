/**
 * The checker of counters (g-counter, pn-counter): in the end everybody reads the sum of what was added.
 *
 * @module
 */

import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { checkOrUnknown, explain, seconds } from "./explain.ts";
import { show } from "../base/text.ts";
import type { Verdict } from "./verdict.ts";

/** How many reads and intervals the verdict lists. */
const LISTED = 64;
/** More intervals than this are not computed: amounts would have to be both many and wildly different. */
const MAX_INTERVALS = 100_000;

/** The whole numbers from the first to the second, both included. */
export type Interval = readonly [low: number, high: number];

type Integer = number | bigint;

/** The adds of a history. */
interface Adds {
  acknowledged: number;
  /** The sum of the acknowledged: exact, however large. */
  sum: bigint;
  /** The amounts of those which may or may not have happened. */
  indeterminate: bigint[];
}

/**
 * Checks that each final read is the sum of all acknowledged adds and any of those whose outcome nobody knows, as in Maelstrom. Unlike
 * there, an add that the history leaves open counts as indeterminate too, and without any final read the verdict is unknown.
 *
 * @param history Operations `add` of an integer, and `read`, each `ok` with the counter's value. Reads with `final` are checked. Integers
 *   may be numbers or bigints.
 * @returns Figures: `final_reads`, the values (up to 64); `acceptable`, the acceptable sums as intervals `[low, high]`, both included (up to
 *   64), or null where there are too many to compute; `acceptable_count`; `error_count`; `errors`, the reads that are wrong (up to 64).
 */
export function checkCounter(history: readonly Operation[]): Verdict {
  return checkOrUnknown(() => {
    const adds = addsOf(history);
    const reads = history.filter(({ final, type, process }) => final && type === "ok" && process !== "nemesis");
    return judge(reads, adds, extrasOf(adds));
  });
}

function addsOf(history: readonly Operation[]): Adds {
  const adds: Adds = { acknowledged: 0, sum: 0n, indeterminate: [] };
  for (const { invocation, completion } of pairs(history)) {
    const { f, value, index } = invocation;
    if (f !== "add" || completion?.type === "fail") continue;
    const amount = toBigInt(value);
    if (amount === undefined) {
      throw new TypeError(`Cannot check operation ${index}: expected an integer to add, got ${show(value)}`);
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

/** The lowest and the highest sum that indeterminate adds can make. */
function hull({ indeterminate }: Adds): [low: bigint, high: bigint] {
  let [low, high] = [0n, 0n];
  for (const amount of indeterminate) {
    if (amount < 0n) low += amount;
    else high += amount;
  }
  return [low, high];
}

/** What all sums of indeterminate adds can be; nothing where they are too many, or too large, to compute. */
function extrasOf(adds: Adds): Interval[] | undefined {
  const [low, high] = hull(adds);
  if (high - low > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return reachableSums(0, adds.indeterminate.map(Number));
}

/** @param extras What may have been added to the sum of the acknowledged. */
function judge(reads: readonly Operation[], adds: Adds, extras: readonly Interval[] | undefined): Verdict {
  const intervals = extras ?? [hull(adds)];
  const wrong = reads.filter(({ value }) => !isAcceptable(value, adds.sum, intervals));
  const unsure = extras === undefined || reads.length === 0;
  const acceptable = intervals.slice(0, LISTED).map((interval) =>
    interval.map((extra) => toNumber(adds.sum + BigInt(extra)))
  );
  return {
    valid: wrong.length > 0 ? false : unsure ? "unknown" : true,
    final_reads: reads.slice(0, LISTED).map(({ value }) => value),
    acceptable: extras === undefined ? null : acceptable,
    acceptable_count: extras?.length ?? null,
    error_count: wrong.length,
    errors: wrong.slice(0, LISTED).map(({ index, time, process, value }) => ({ index, time, process, value })),
    anomalies: wrong.length === 0 ? [] : [explain("wrong-sum", wrong, ({ process, time, value }) => {
      return `Process ${process} finally read ${show(value)} at ${seconds(time)}, but ${expectation(adds, acceptable)}`;
    })],
  };
}

/** An integer as a number, if a number can hold it. */
function toNumber(integer: bigint): Integer {
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

function expectation({ acknowledged, sum, indeterminate }: Adds, acceptable: Integer[][]): string {
  const definite = `the ${acknowledged} acknowledged adds sum up to ${sum}`;
  if (indeterminate.length === 0) return definite;
  const shown = acceptable.slice(0, 8).map(([low, high]) => low === high ? `${low}` : `${low} to ${high}`);
  if (acceptable.length > shown.length) shown.push("…");
  return `${definite}, and with any of the ${indeterminate.length} of unknown outcome to ${shown.join(", ")}`;
}

/**
 * All sums of a number and any of some amounts.
 *
 * @param base What all sums have in them.
 * @param amounts Integers, each of which a sum has in it or not.
 * @returns The sums as disjoint intervals in ascending order, with gaps between them; nothing where there are more than 100,000.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reachableSums } from "./counter.ts";
 *
 * assertEquals(reachableSums(10, [1, 1, 5]), [[10, 12], [15, 17]]);
 * ```
 */
export function reachableSums(base: number, amounts: readonly number[]): Interval[] | undefined {
  const counts = new Map<number, number>();
  for (const amount of amounts) counts.set(amount, (counts.get(amount) ?? 0) + 1);
  let intervals: Interval[] = [[base, base]];
  // The small ones first: they fill the gaps, and what has no gaps is one interval.
  for (const [amount, count] of [...counts].sort(([a], [b]) => Math.abs(a) - Math.abs(b))) {
    for (const multiple of multiples(count)) {
      intervals = union(intervals, intervals.map(([low, high]) => [low + multiple * amount, high + multiple * amount]));
      if (intervals.length > MAX_INTERVALS) return undefined;
    }
  }
  return intervals;
}

/** Few numbers whose partial sums are all of 0 to `count`: 1, 2, 4, 8 … and what is left. */
function multiples(count: number): number[] {
  const numbers: number[] = [];
  for (let next = 1; count > 0; next *= 2) {
    numbers.push(Math.min(next, count));
    count -= next;
  }
  return numbers;
}

/** The union of two lists of intervals, each ascending. */
function union(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const merged: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const fromA = j === b.length || (i < a.length && a[i]![0] <= b[j]![0]);
    const [low, high] = fromA ? a[i++]! : b[j++]!;
    const last = merged.at(-1);
    if (last === undefined || low > last[1] + 1) merged.push([low, high]);
    else if (high > last[1]) last[1] = high;
  }
  return merged;
}

/** Whether what was read beyond a sum is in one of some intervals, which are ascending. */
function isAcceptable(value: unknown, sum: bigint, intervals: readonly (readonly [Integer, Integer])[]): boolean {
  const read = toBigInt(value);
  if (read === undefined) return false;
  const extra = read - sum;
  let from = 0;
  let to = intervals.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (intervals[middle]![1] < extra) from = middle + 1;
    else to = middle;
  }
  return from < intervals.length && intervals[from]![0] <= extra;
}
