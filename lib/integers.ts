/**
 * Integers of any size, as {@linkcode parseJSON} reads them: a number where that is exact, otherwise a bigint.
 *
 * @module
 */

/** An integer. Equal integers are the same value, because a number is used wherever it is exact. */
export type Integer = number | bigint;

/**
 * Adds two integers exactly.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addIntegers } from "./integers.ts";
 *
 * assertEquals(addIntegers(1, 2), 3);
 * assertEquals(addIntegers(Number.MAX_SAFE_INTEGER, 1), 9007199254740992n);
 * ```
 */
export function addIntegers(a: Integer, b: Integer): Integer {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(a + b)) return a + b;
  const sum = BigInt(a) + BigInt(b);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum;
}

/** Returns the larger of two integers. */
export function largerInteger(a: Integer, b: Integer): Integer {
  return a > b ? a : b;
}
