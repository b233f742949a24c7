/**
 * Whether all nodes have everything, where everything is a set.
 *
 * @module
 */

import type { Identity } from "../checkers/identify.ts";

/**
 * Whether each of several sets has all that any of them has, and all that is known besides.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { haveAll } from "./have_all.ts";
 *
 * assertEquals(haveAll([new Set([1, 2]), new Set([2, 1])], new Set([1])), true);
 * assertEquals(haveAll([new Set([1, 2]), new Set([2])], new Set([2])), false);
 * ```
 */
export function haveAll(sets: readonly ReadonlySet<Identity>[], known: ReadonlySet<Identity>): boolean {
  const [first, ...others] = sets;
  if (first === undefined) return known.size === 0;
  const isSubset = (of: ReadonlySet<Identity>) =>
    others.every((other) => other.size === of.size && of.isSubsetOf(other));
  return known.isSubsetOf(first) && isSubset(first);
}
