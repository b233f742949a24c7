/**
 * Maps whose entries come into being when they are asked for.
 *
 * @module
 */

/**
 * The entry of a map, made where there is none.
 *
 * @param make Makes the entry.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { entry } from "./entry.ts";
 *
 * const words = new Map<string, string[]>();
 * entry(words, "a", () => []).push("anomaly");
 * assertEquals(words.get("a"), ["anomaly"]);
 * ```
 */
export function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
