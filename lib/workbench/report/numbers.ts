/**
 * Numbers as people read them.
 *
 * @module
 */

import type { Results } from "../run/results.ts";

/** Formats a number: a whole one as it is, any other with two decimals. */
export function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/** Formats milliseconds, with one decimal below 10. */
export function milliseconds(value: number): string {
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}

/** Formats a fraction as a percentage, rounded down, so that only the whole is 100 %. */
export function percent(fraction: number): string {
  return `${Math.floor(fraction * 10_000) / 100} %`;
}

/** The share of operations that succeeded; null if there were none, or it is unknown. */
export function okFraction({ availability, operations }: Pick<Results, "availability" | "operations">): number | null {
  return operations?.count === 0 ? null : availability?.ok_fraction ?? null;
}

/** The share of operations that succeeded, as a percentage; empty if there were none, or it is unknown. */
export function okShare(results: Pick<Results, "availability" | "operations">): string {
  const fraction = okFraction(results);
  return fraction === null ? "" : percent(fraction);
}
