/**
 * Equality of values that come from JSON or EDN, in a form that `Map` and `Set` understand.
 *
 * @module
 */

import { isRawNumber } from "../base/json.ts";

/** What stands for a value in a `Map` or a `Set`. */
export type Identity = string | number | bigint | boolean | null;

/**
 * Gives two values the same identity exactly when they are equal as JSON: objects whatever the order of their fields,
 * lists and sets item by item. Nothing (`undefined`) is null, and 1.0 is not 1.
 *
 * @param value Anything read from JSON or EDN.
 * @throws {TypeError} It is, or holds, an object of a class other than `Map` and `Set`.
 * @returns The value itself where it is a primitive, else a text that no string of a history is likely to be.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { identify } from "./identify.ts";
 *
 * assertEquals(identify({ a: 1, b: [2] }), identify({ b: [2], a: 1 }));
 * assertNotEquals(identify(1), identify("1"));
 * ```
 */
export function identify(value: unknown): Identity {
  if (value === undefined) return null;
  return typeof value === "object" && value !== null ? `\u0000${canonical(value)}` : value as Identity;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null || isRawNumber(value)) {
    return typeof value === "bigint" ? `${value}n` : JSON.stringify(value) ?? "null";
  }
  if (value instanceof Set) return `#{${Array.from(value, canonical).sort().join()}}`;
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  if (!(value instanceof Map) && !isPlain(value)) {
    throw new TypeError(
      `Cannot compare a ${value.constructor.name}: expected JSON, a Map or a Set; for states of other kinds, give the model an equal`,
    );
  }
  return `{${entries.map(([key, item]) => `${canonical(key)}:${canonical(item)}`).sort().join()}}`;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The value behind an identity, as JSON. */
export function showIdentity(identity: Identity): string {
  if (typeof identity === "string") return identity.startsWith("\u0000") ? identity.slice(1) : JSON.stringify(identity);
  return String(identity);
}
