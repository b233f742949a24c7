/**
 * A total order of values from JSON and EDN.
 *
 * @module
 */

import type { Integer } from "../../integers.ts";
import { isRawNumber } from "../base/json.ts";
import { identify } from "./identify.ts";

const RANKS = ["boolean", "number", "string", "array", "object"];

/**
 * Compares two values for sorting: null, booleans, numbers, strings, lists (shorter ones first, then item by item, as
 * in Clojure), objects.
 *
 * @returns Below 0 if `a` comes first, above 0 if `b` does, 0 if they are equal. 1.0 is as large as 1.
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
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (Array.isArray(a)) return compareLists(a, b as unknown[]);
  const [x, y] = [numberOf(a) ?? identify(a), numberOf(b) ?? identify(b)] as [string, string];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Returns the value of a number of any size, also of one that was written as 1.0; undefined if it is none. */
export function numberOf(value: unknown): Integer | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return isRawNumber(Object(value)) ? Number(JSON.stringify(value)) : undefined;
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
  if (numberOf(value) !== undefined) return RANKS.indexOf("number");
  return RANKS.indexOf(Array.isArray(value) ? "array" : typeof value);
}
