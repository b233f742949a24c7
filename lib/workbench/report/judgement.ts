/**
 * Judgement of a run: its verdict and its limits as one word, with a mark and a colour.
 *
 * @module
 */

import type { Style } from "../base/text.ts";
import { decisionOf, type Results } from "../run/results.ts";

/**
 * The verdict that decides, and limits, as one word. `"missed"` is valid, but not within its limits; `"noted"` has
 * passed for Maelstrom, with findings that it does not look for.
 */
export type Judgement = "passed" | "noted" | "missed" | "unknown" | "invalid";

/** Merges the verdict that decides and the limits of a run. */
export function judgementOf(results: Results): Judgement {
  const { valid, passed } = decisionOf(results);
  if (valid === false) return "invalid";
  if (valid === "unknown") return "unknown";
  if (!passed) return "missed";
  return results.passed ? "passed" : "noted";
}

/** The mark in front of a run. */
export const MARKS: Readonly<Record<Judgement, string>> = {
  passed: "✓",
  noted: "✓",
  missed: "✗",
  unknown: "?",
  invalid: "✗",
};

/** The colour of a run. */
export const COLOURS: Readonly<Record<Judgement, keyof Style>> = {
  passed: "green",
  noted: "yellow",
  missed: "red",
  unknown: "yellow",
  invalid: "red",
};
