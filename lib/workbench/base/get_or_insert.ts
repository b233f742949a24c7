/**
 * Maps that create their values on first use. JavaScript's own `Map.getOrInsertComputed` is missing in older versions
 * of Deno that `maelstrom.sh` accepts.
 *
 * @module
 */

/**
 * Returns the value of a key, which is created and inserted where there is none.
 *
 * @param create Creates the value, which must not be `undefined`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { getOrInsert } from "./get_or_insert.ts";
 *
 * const words = new Map<string, string[]>();
 * getOrInsert(words, "a", () => []).push("anomaly");
 * assertEquals(words.get("a"), ["anomaly"]);
 * ```
 */
export function getOrInsert<Key, Value>(map: Map<Key, Value>, key: Key, create: () => NoInfer<Value>): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
