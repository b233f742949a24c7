/**
 * The shape of a reply to a transaction: the same micro-operations as the request, with the results of reads filled in.
 *
 * @module
 */

import { show } from "../../base/text.ts";
import { identify } from "../identify.ts";

/**
 * Describes the first difference between a request and its reply, apart from the results of reads.
 *
 * @param asked The micro-operations `[f, key, value]` of the request.
 * @param answered What the reply contains in their place.
 * @returns Undefined if there is no difference.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { replyDifference } from "./reply_shape.ts";
 *
 * assertEquals(replyDifference([["r", 1, null]], [["r", 1, 7]]), undefined);
 * assertEquals(replyDifference([["r", 1, null]], []), "expected 1 operation, got 0");
 * assertEquals(
 *   replyDifference([["w", 1, 7]], [["w", 1, 9]]),
 *   'expected operation 1 to be ["w",1,7], got ["w",1,9]',
 * );
 * ```
 */
export function replyDifference(asked: readonly (readonly unknown[])[], answered: unknown): string | undefined {
  if (!Array.isArray(answered)) return `expected a list of operations, got ${show(answered)}`;
  if (asked.length !== answered.length) {
    return `expected ${asked.length} operation${asked.length === 1 ? "" : "s"}, got ${answered.length}`;
  }
  for (const [index, [f, key, value]] of asked.entries()) {
    const item = answered[index];
    if (!Array.isArray(item) || item.length !== 3) {
      return `expected operation ${index + 1} to have a function, a key and a value, got ${show(item)}`;
    }
    const expected = f === "r" ? [f, key] : [f, key, value];
    const got = f === "r" && item[0] === "r" ? item.slice(0, 2) : item;
    if (expected.length === got.length && expected.every((part, at) => identify(part) === identify(got[at]))) continue;
    return `expected operation ${index + 1} to be ${show(expected)}, got ${show(got)}`;
  }
  return undefined;
}
