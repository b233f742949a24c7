/**
 * Shrinking: from a test that fails to a smaller one that fails too. What is left in it is what it takes.
 *
 * @module
 */

import type { Configuration } from "../../request/configuration.ts";

/** How many runs a search may take. */
export const BUDGET = 100;

/** What a search has come to. */
export interface Shrinking {
  /** The smallest configuration that fails. */
  smallest: Configuration;
  /** How many configurations were tried. */
  tried: number;
}

/**
 * Searches for a smaller configuration that fails: with fewer faults, without flags that are not needed, with fewer nodes and workers, at
 * a lower rate, and in less time.
 *
 * The search is greedy: the boldest step first, and from wherever one leads on from there, until no step leads anywhere. It asks nothing
 * twice, and draws nothing: the same answers lead to the same end.
 *
 * Source: delta debugging, Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Transactions on Software
 * Engineering 28 (2002).
 *
 * @param configuration One that fails.
 * @param fails Whether another one fails too, for the same reason.
 * @param budget How often it may be asked.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shrink } from "./shrink.ts";
 *
 * const large = { faults: ["partition", "loss"], nodeCount: 25, concurrency: 25, rate: 100, timeLimitSeconds: 20, settings: [] };
 * const { smallest } = await shrink(large, ({ faults, nodeCount }) => faults.includes("loss") && nodeCount >= 2);
 * assertEquals(smallest, { faults: ["loss"], nodeCount: 2, concurrency: 1, rate: 1, timeLimitSeconds: 1, settings: [] });
 * ```
 */
export async function shrink(
  configuration: Configuration,
  fails: (smaller: Configuration) => boolean | Promise<boolean>,
  budget: number = BUDGET,
): Promise<Shrinking> {
  const asked = new Set([JSON.stringify(configuration)]);
  let [smallest, tried] = [configuration, 0];
  /** Goes one step in one direction, if any leads to a configuration that fails. */
  async function step(direction: Direction): Promise<boolean> {
    for (const smaller of direction(smallest)) {
      const key = JSON.stringify(smaller);
      if (asked.has(key)) continue;
      if (tried === budget) return false;
      asked.add(key);
      tried++;
      if (!await fails(smaller)) continue;
      smallest = smaller;
      return true;
    }
    return false;
  }
  let before: Configuration;
  do {
    before = smallest;
    for (const direction of DIRECTIONS) while (await step(direction));
  } while (smallest !== before);
  return { smallest, tried };
}

/** Configurations that are smaller in one respect, the smallest first. */
type Direction = (configuration: Configuration) => Configuration[];

/** What makes a failure plainest goes first. Time goes last: a run in less time is the beginning of the same run, or nearly so. */
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

/** Nothing, each one alone, and all but one. */
function fewer(words: readonly string[]): string[][] {
  if (words.length === 0) return [];
  const alone = words.length > 2 ? words.map((word) => [word]) : [];
  return [[], ...alone, ...words.length > 1 ? words.map((left) => words.filter((word) => word !== left)) : []];
}

/** 1, 2, 4, 8 and so on, and what is half-way from the last of these: before 12 come 1, 2, 4, 8 and 10. */
function smaller(size: number): number[] {
  const sizes: number[] = [];
  for (let next = 1; next < size; next *= 2) sizes.push(next);
  const last = sizes.at(-1);
  if (last === undefined) return [];
  const between = Math.floor((last + size) / 2);
  return between > last ? [...sizes, between] : sizes;
}
