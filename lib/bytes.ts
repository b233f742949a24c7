/**
 * Bytes that come in chunks.
 *
 * @module
 */

/**
 * Joins two chunks into a new one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinBytes } from "./bytes.ts";
 *
 * assertEquals(joinBytes(new Uint8Array([1, 2]), new Uint8Array([3])), new Uint8Array([1, 2, 3]));
 * ```
 */
export function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
