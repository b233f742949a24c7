/**
 * Shrinking: a greedy search for a smaller test that still fails.
 *
 * 1. Tries smaller tests in one direction, such as fewer faults; the smallest first.
 * 2. If one fails, continues from it in the same direction. If none does, goes to the next direction.
 * 3. Repeats all directions until none leads to a smaller test, or the budget is used up.
 *
 * Source: delta debugging, Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
 * Transactions on Software Engineering 28 (2002).
 *
 * @module
 */

import type { Configuration } from "../../request/configuration.ts";

/** Number of tests that a search may try. */
export const SHRINK_BUDGET = 100;

/** Result of {@linkcode shrink}. */
export interface ShrinkResult {
  /** The smallest configuration that failed. */
  smallest: Configuration;
  /** Number of configurations tried. */
  tried: number;
}

/** State of a search. */
interface Search {
  fails(smaller: Configuration): boolean | Promise<boolean>;
  budget: number;
  /** The smallest configuration that failed so far. */
  smallest: Configuration;
  /** Calls of `fails` so far: `tried <= budget`. */
  tried: number;
  /** Every configuration tried so far, and the original, as JSON. None is tried twice. */
  seen: Set<string>;
}

/**
 * Searches for a smaller configuration that fails: fewer faults, fewer flags, fewer nodes and workers, a lower rate,
 * less time.
 *
 * It draws nothing at random: the same answers of `fails` lead to the same result.
 *
 * @param configuration A configuration that fails.
 * @param fails Returns true if a smaller configuration fails for the same reason.
 * @param budget Maximum number of calls of `fails`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shrink } from "./shrink.ts";
 *
 * const large = {
 *   faults: ["partition", "loss"],
 *   nodeCount: 25,
 *   concurrency: 25,
 *   rate: 100,
 *   timeLimitSeconds: 20,
 *   settings: [],
 * };
 * const { smallest } = await shrink(large, ({ faults, nodeCount }) => faults.includes("loss") && nodeCount >= 2);
 * assertEquals([smallest.faults, smallest.nodeCount, smallest.timeLimitSeconds], [["loss"], 2, 1]);
 * ```
 */
export async function shrink(
  configuration: Configuration,
  fails: (smaller: Configuration) => boolean | Promise<boolean>,
  budget: number = SHRINK_BUDGET,
): Promise<ShrinkResult> {
  const search: Search = {
    fails,
    budget,
    smallest: configuration,
    tried: 0,
    seen: new Set([JSON.stringify(configuration)]),
  };
  let before: Configuration;
  do {
    before = search.smallest;
    for (const direction of DIRECTIONS) await searchAlong(search, direction);
  } while (search.smallest !== before);
  return { smallest: search.smallest, tried: search.tried };
}

/** Steps 1 and 2: goes in one direction as far as it leads to failing configurations. */
async function searchAlong(search: Search, direction: Direction): Promise<void> {
  let failing = await findFailing(search, direction(search.smallest));
  while (failing !== undefined) {
    search.smallest = failing;
    failing = await findFailing(search, direction(search.smallest));
  }
}

/** Returns the first candidate that fails. Skips those already tried, and stops when the budget is used up. */
async function findFailing(search: Search, candidates: readonly Configuration[]): Promise<Configuration | undefined> {
  for (const candidate of candidates) {
    const key = JSON.stringify(candidate);
    if (search.seen.has(key)) continue;
    if (search.tried === search.budget) return undefined;
    search.seen.add(key);
    search.tried++;
    if (await search.fails(candidate)) return candidate;
  }
  return undefined;
}

/** Returns the configurations that are smaller in one respect, the smallest first. */
type Direction = (configuration: Configuration) => Configuration[];

/**
 * The directions in the order in which they are tried: first those that make a failure easiest to understand. Time
 * comes last, because a run with less time is nearly always the beginning of the same run.
 */
const DIRECTIONS: readonly Direction[] = [
  (configuration) => fewer(configuration.faults).map((faults) => ({ ...configuration, faults })),
  (configuration) => fewer(configuration.settings).map((settings) => ({ ...configuration, settings })),
  (configuration) =>
    smaller(configuration.nodeCount).map((nodeCount) => {
      const concurrency = Math.ceil(configuration.concurrency * nodeCount / configuration.nodeCount);
      return { ...configuration, nodeCount, concurrency };
    }),
  (configuration) => smaller(configuration.concurrency).map((concurrency) => ({ ...configuration, concurrency })),
  (configuration) => smaller(configuration.rate).map((rate) => ({ ...configuration, rate })),
  (configuration) =>
    smaller(configuration.timeLimitSeconds).map((timeLimitSeconds) => ({ ...configuration, timeLimitSeconds })),
];

/** Returns subsets of the words: none, each one alone, all but one. */
function fewer(words: readonly string[]): string[][] {
  if (words.length === 0) return [];
  const single = words.length > 2 ? words.map((word) => [word]) : [];
  const allButOne = words.length > 1 ? words.map((omitted) => words.filter((word) => word !== omitted)) : [];
  return [[], ...single, ...allButOne];
}

/**
 * Returns the powers of two below `size`, and the middle between the last of them and `size`. For 12: 1, 2, 4, 8 and
 * 10.
 */
function smaller(size: number): number[] {
  const sizes: number[] = [];
  for (let next = 1; next < size; next *= 2) sizes.push(next);
  const last = sizes.at(-1);
  if (last === undefined) return [];
  const middle = Math.floor((last + size) / 2);
  return middle > last ? [...sizes, middle] : sizes;
}
