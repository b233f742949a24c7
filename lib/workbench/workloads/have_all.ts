/**
 * Whether all nodes have everything, where everything is a set.
 *
 * @module
 */

import { type Identity, showIdentity } from "../checkers/identify.ts";

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

/** How many elements are named, and with how many characters. */
const EXAMPLES = 4;
const LENGTH = 80;

/**
 * What is lacking where {@linkcode haveAll} says no: a phrase for each node that lacks something.
 *
 * @param sets What each node has.
 * @param what The elements, in the plural.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lackingElements } from "./have_all.ts";
 *
 * const sets = new Map([["n0", new Set([1, 2])], ["n1", new Set([2])]]);
 * assertEquals(lackingElements(sets, new Set([2]), "values"), ["n1 lacked 1 of 2 values: 1"]);
 * ```
 */
export function lackingElements(
  sets: ReadonlyMap<string, ReadonlySet<Identity>>,
  known: ReadonlySet<Identity>,
  what: string,
): string[] {
  const all = new Set([...known, ...[...sets.values()].flatMap((set) => [...set])]);
  return [...sets].filter(([, set]) => set.size < all.size).map(([node, set]) => {
    const missing = [...all.difference(set)];
    const examples = missing.slice(0, EXAMPLES).map((identity) => showIdentity(identity).slice(0, LENGTH));
    const rest = missing.length > EXAMPLES ? " …" : "";
    return `${node} lacked ${missing.length} of ${all.size} ${what}: ${examples.join(", ")}${rest}`;
  });
}
