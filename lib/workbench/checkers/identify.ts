/**
 * Identities of values from JSON and EDN: keys for `Map` and `Set` that compare by value.
 *
 * @module
 */

import { isRawNumber, parseExactJSON } from "../base/json.ts";

/** A primitive that represents a value in a `Map` or a `Set`. */
export type Identity = string | number | bigint | boolean | null;

/**
 * Returns the identity of a value. Two values have the same one exactly if they are equal as JSON; the order of an
 * object's fields does not matter. `undefined` equals null; 1.0 does not equal 1.
 *
 * @param value A value from JSON or EDN.
 * @throws {TypeError} The value is, or contains, an object of a class other than `Map` and `Set`.
 * @returns The value itself if it is a primitive, else a string that starts with a null character.
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
      `Cannot compare a ${value.constructor.name}: expected JSON, a Map or a Set. ` +
        "If it is the state of a model, give the model an equal function",
    );
  }
  return `{${entries.map(([key, item]) => `${canonical(key)}:${canonical(item)}`).sort().join()}}`;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Formats the value of an identity as JSON. */
export function showIdentity(identity: Identity): string {
  if (typeof identity === "string") return identity.startsWith("\u0000") ? identity.slice(1) : JSON.stringify(identity);
  return String(identity);
}

/** Returns the value of an identity; as text if it is not JSON, such as a set. */
export function valueOf(identity: Identity): unknown {
  if (typeof identity !== "string" || !identity.startsWith("\u0000")) return identity;
  try {
    return parseExactJSON(identity.slice(1));
  } catch {
    return identity.slice(1);
  }
}
