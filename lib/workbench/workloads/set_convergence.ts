/**
 * Convergence check of workloads whose nodes hold a set.
 *
 * @module
 */

import { type Identity, showIdentity } from "../checkers/identify.ts";

/**
 * Returns true if all sets are equal and contain every known element.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { haveAll } from "./set_convergence.ts";
 *
 * assertEquals(haveAll([new Set([1, 2]), new Set([2, 1])], new Set([1])), true);
 * assertEquals(haveAll([new Set([1, 2]), new Set([2])], new Set([2])), false);
 * ```
 */
export function haveAll(sets: readonly ReadonlySet<Identity>[], known: ReadonlySet<Identity>): boolean {
  const [first, ...others] = sets;
  if (first === undefined) return known.size === 0;
  const areEqual = others.every((other) => other.size === first.size && first.isSubsetOf(other));
  return areEqual && known.isSubsetOf(first);
}

/** Maximum number of elements in a phrase. */
const EXAMPLES = 4;
/** Maximum number of characters of an element in a phrase. */
const LENGTH = 80;

/**
 * Describes what is missing if {@linkcode haveAll} returns false: a phrase for each node that lacks something.
 *
 * @param sets Elements that each node has.
 * @param known Elements that every node must have.
 * @param noun Word for the elements, in the plural.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lackingElements } from "./set_convergence.ts";
 *
 * const sets = new Map([["n0", new Set([1, 2])], ["n1", new Set([2])]]);
 * assertEquals(lackingElements(sets, new Set([2]), "values"), ["n1 lacked 1 of 2 values: 1"]);
 * ```
 */
export function lackingElements(
  sets: ReadonlyMap<string, ReadonlySet<Identity>>,
  known: ReadonlySet<Identity>,
  noun: string,
): string[] {
  const all = new Set([...known, ...[...sets.values()].flatMap((set) => [...set])]);
  return [...sets].filter(([, set]) => set.size < all.size).map(([node, set]) => {
    const missing = [...all.difference(set)];
    const examples = missing.slice(0, EXAMPLES).map((identity) => showIdentity(identity).slice(0, LENGTH));
    const rest = missing.length > EXAMPLES ? " …" : "";
    return `${node} lacked ${missing.length} of ${all.size} ${noun}: ${examples.join(", ")}${rest}`;
  });
}
