/**
 * Latencies of messages: the draws of Maelstrom's `--latency` and `--latency-dist`.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** Distribution of latencies. */
export interface Latency {
  /** Milliseconds. */
  mean: number;
  /** Name of the distribution around the mean; see {@linkcode LATENCIES}. */
  distribution: "constant" | "uniform" | "exponential";
}

/**
 * Draws of a latency (ms), by distribution: `constant` is always the mean, `uniform` lies between 0 and twice the mean,
 * `exponential` has the mean and a long tail.
 *
 * Maelstrom rounds its draws down to whole milliseconds; these are not rounded.
 */
export const LATENCIES: Record<Latency["distribution"], (mean: number, random: Random) => number> = {
  constant: (mean) => mean,
  uniform: (mean, random) => 2 * mean * random.float(),
  exponential: (mean, random) => random.exponential(mean),
};
