/**
 * A total order of values from JSON and EDN.
 *
 * @module
 */

import { identify } from "./identify.ts";

const RANKS = ["boolean", "number", "string", "array", "object"];

/**
 * Compares two values for sorting: null, booleans, numbers, strings, lists (shorter ones first, then item by item, as
 * in Clojure), objects.
 *
 * @returns Below 0 if `a` comes first, above 0 if `b` does, 0 if they are equal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareValues } from "./compare_values.ts";
 *
 * assertEquals([["n2", 1], "b", 10, 9].sort(compareValues), [9, 10, "b", ["n2", 1]]);
 * ```
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (Array.isArray(a)) return compareLists(a, b as unknown[]);
  const [x, y] = [identify(a), identify(b)] as [string, string];
  return x < y ? -1 : x > y ? 1 : 0;
}

function compareLists(a: readonly unknown[], b: readonly unknown[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (const [index, item] of a.entries()) {
    const order = compareValues(item, b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function rank(value: unknown): number {
  if (value === null || value === undefined) return -1;
  if (typeof value === "bigint") return RANKS.indexOf("number");
  return RANKS.indexOf(Array.isArray(value) ? "array" : typeof value);
}
