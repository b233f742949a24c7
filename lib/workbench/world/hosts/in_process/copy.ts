/**
 * Copies messages as if they had been written as JSON and read again, but several times as fast.
 *
 * @module
 */

import { formatJSON, limitProblem, parseJSON } from "../../../../json.ts";
import { MAX_NESTING, TOO_DEEP } from "../../../history/nesting.ts";

/** Depth from which on `JSON` itself copies: it detects cycles. */
const USUAL_DEPTH = 100;

/**
 * Copies a value by the rules of JSON: undefined fields are left out, numbers that are not finite become null, and a
 * `toJSON` method is called. A bigint is written as an integer, which is read as a number if that holds it exactly.
 *
 * @returns The result of writing and reading the value; undefined if there is nothing to write.
 * @throws {TypeError} The value has no JSON: it contains itself.
 * @throws {RangeError} The value is nested deeper than messages may be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { copyJSON } from "./copy.ts";
 *
 * assertEquals(copyJSON<unknown>({ list: [1, NaN, undefined], at: new Date(0), none: undefined }), {
 *   list: [1, null, null],
 *   at: "1970-01-01T00:00:00.000Z",
 * });
 * ```
 */
export function copyJSON<T>(value: T): T {
  return copyAt(value, 0) as T;
}

function copyAt(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) return null;
      // + 0 turns -0 into 0. Large integers are read as bigints.
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value + 0 : parseJSON(formatJSON(value));
    case "bigint":
      return parseJSON(String(value));
    case "undefined":
    case "function":
    case "symbol":
      return undefined;
    case "object":
      if (value === null) return null;
      if (depth < USUAL_DEPTH && isPlain(value)) {
        return Array.isArray(value) ? copyArray(value, depth + 1) : copyObject(value, depth + 1);
      }
  }
  const text = format(value);
  if (text === undefined) return undefined;
  const copy = parseJSON(text);
  if (limitProblem(copy, MAX_NESTING - depth) !== undefined) throw new RangeError(TOO_DEEP);
  return copy;
}

function format(value: unknown): string | undefined {
  try {
    return formatJSON(value);
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(TOO_DEEP) : error;
  }
}

/** Returns true for an object or array without a class or `toJSON`. */
function isPlain(value: object): value is Record<string, unknown> | unknown[] {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false;
  return (value as { toJSON?: unknown }).toJSON === undefined;
}

function copyArray(values: readonly unknown[], depth: number): unknown[] {
  const copy: unknown[] = new Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = copyAt(values[i], depth);
    copy[i] = value === undefined ? null : value;
  }
  return copy;
}

function copyObject(value: Record<string, unknown>, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const field = copyAt(value[name], depth);
    if (field !== undefined) copy[name] = field;
  }
  return copy;
}
