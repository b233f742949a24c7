/**
 * The checker of availability: the fraction of operations that succeeded.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Checks availability as Maelstrom does.
 *
 * @param history Operations of the nemesis do not count.
 * @param expected `"total"` if all operations must succeed; a number from 0 to 1 if at least that fraction must.
 * @returns Figures: `ok_fraction`, from 0 to 1; 1 if there are no operations.
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
  const required = expected === "total" ? 1 : expected ?? 0;
  // Maelstrom rounds the fraction to 32 bits: 9 of 10 is then slightly less than 0.9, and fails.
  if (Math.fround(ok_fraction) >= required) return { valid: true, ok_fraction };
  const explanation = `${ok} of ${invoked} operations succeeded, a fraction of ${ok_fraction.toFixed(6)}, but ` +
    (expected === "total" ? "all had to succeed" : `at least ${required} was required`);
  return { valid: false, ok_fraction, anomalies: [{ type: "unavailable", count: invoked - ok, explanation }] };
}
