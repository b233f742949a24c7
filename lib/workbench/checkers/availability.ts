/**
 * The checker of availability: which part of the operations succeeded.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Checks availability as Maelstrom does.
 *
 * @param history Any history. The nemesis' operations count neither way.
 * @param expected `"total"`: all operations must succeed; a number from 0 to 1: at least that part of them; nothing: any will do.
 * @returns Figures: `ok_fraction`, from 0 to 1; 1 where there are no operations.
 */
export function checkAvailability(
  history: readonly Operation[],
  expected?: "total" | number,
): Verdict & { ok_fraction: number } {
  let invoked = 0;
  let ok = 0;
  for (const { type, process } of history) {
    if (process === "nemesis") continue;
    if (type === "invoke") invoked++;
    if (type === "ok") ok++;
  }
  const ok_fraction = invoked === 0 ? 1 : ok / invoked;
  const least = expected === "total" ? 1 : expected ?? 0;
  // Maelstrom's fraction has 32 bits: 9 of 10 are a little less than 0.9.
  if (Math.fround(ok_fraction) >= least) return { valid: true, ok_fraction };
  const explanation = `Of ${invoked} operations ${ok} succeeded, a fraction of ${ok_fraction.toFixed(6)}, expected ${
    expected === "total" ? "all of them" : `at least ${least}`
  }`;
  return { valid: false, ok_fraction, anomalies: [{ type: "unavailable", count: invoked - ok, explanation }] };
}
