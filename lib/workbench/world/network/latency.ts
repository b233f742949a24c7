/**
 * How long messages take.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** A distribution of latencies, ms. */
export interface Latency {
  /** Milliseconds. */
  mean: number;
  /** How they are spread around it; see {@linkcode LATENCIES}. */
  distribution: "constant" | "uniform" | "exponential";
}

/**
 * The draw for each distribution: `constant` is always the mean, `uniform` is from 0 to twice the mean, `exponential` has that mean.
 *
 * Maelstrom rounds its draws down to whole milliseconds; these have a fraction.
 */
export const LATENCIES: Record<Latency["distribution"], (mean: number, random: Random) => number> = {
  constant: (mean) => mean,
  uniform: (mean, random) => 2 * mean * random.float(),
  exponential: (mean, random) => random.exponential(mean),
};
