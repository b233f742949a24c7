/**
 * The iteration order of Clojure's sets of integers. Where any value of a set would do, Jepsen takes the first one in
 * this order; to get the same figures, we must take the same one.
 *
 * Source: MurmurHash3 by Austin Appleby, as Clojure applies it to a long.
 *
 * @module
 */

/** Number of bits of a hash that one level of a set's tree branches on. */
const BITS = 5;

/**
 * Finds the first of some values in the order of Clojure's sets. If they are not all integers, the first one given.
 *
 * @param values At least one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstInClojureSet } from "./clojure_set.ts";
 *
 * assertEquals(firstInClojureSet([2, 3, 7]), 7);
 * assertEquals(firstInClojureSet(["b", "a"]), "b");
 * ```
 */
export function firstInClojureSet<Value>(values: Iterable<Value>): Value {
  const all = [...values];
  if (all.length === 1 || !all.every(Number.isSafeInteger)) return all[0]!;
  const hashed = all.map((value) => ({ value, hash: hashLong(value as number) }));
  return hashed.sort((a, b) => compareHashes(a.hash, b.hash))[0]!.value;
}

/** Compares in the order of the tree: the lowest bits decide first. */
function compareHashes(a: number, b: number): number {
  for (let shift = 0; shift < 32; shift += BITS) {
    const order = (a >>> shift) % (1 << BITS) - (b >>> shift) % (1 << BITS);
    if (order !== 0) return order;
  }
  return 0;
}

function hashLong(value: number): number {
  if (value === 0) return 0;
  const long = BigInt.asUintN(64, BigInt(value));
  let hash = 0;
  for (const half of [Number(long & 0xffffffffn), Number(long >> 32n)]) {
    const mixed = Math.imul(rotateLeft(Math.imul(half, 0xcc9e2d51), 15), 0x1b873593);
    hash = Math.imul(rotateLeft(hash ^ mixed, 13), 5) + 0xe6546b64 | 0;
  }
  hash ^= 8; // length in bytes
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}

function rotateLeft(bits: number, by: number): number {
  return bits << by | bits >>> 32 - by;
}
