/**
 * JSON with exact numbers. Nodes in other languages use 64-bit integers, as ids for instance; as JavaScript's numbers they would lose
 * their low bits, and different ones would look alike. Here an integer that a number cannot hold is a bigint. And to Maelstrom, 1.0 is
 * no integer, and is not equal to 1: here it is an object of its own, which is written as it was read.
 *
 * @module
 */

/**
 * Reads JSON.
 *
 * @returns The value; integers beyond 2⁵³ as bigints, and whole numbers with a point or an exponent, such as 1.0, as raw JSON.
 * @throws {SyntaxError} It is not JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatJSON, parseJSON } from "./json.ts";
 *
 * assertEquals(parseJSON("[1, 9007199254740993]"), [1, 9007199254740993n]);
 * assertEquals(formatJSON({ id: 9007199254740993n }), '{"id":9007199254740993}');
 * assertEquals(formatJSON(parseJSON("[1, 1.0, 1.5]")), "[1,1.0,1.5]");
 * ```
 */
export function parseJSON(text: string): unknown {
  // Exactness costs: it is paid only where there is a number that may need it.
  return INEXACT.test(text) ? JSON.parse(text, exactNumber) : JSON.parse(text);
}

/** Many digits, or a number that ends in .0 or in an exponent. */
const INEXACT = /\d{16}|\d(\.0+|e[-+]?\d+)\s*([,\]}]|$)/i;

/**
 * Writes JSON; bigints as integers, a `Map` (which only a history from EDN can hold) as an object.
 *
 * @param indent How far to indent each level; all on one line by default.
 */
export function formatJSON(value: unknown, indent?: number): string {
  return JSON.stringify(value, writable, indent);
}

/** Writes JSON without indentation, fast where there is no bigint. */
export function formatLine(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return formatJSON(value);
  }
}

/** Whether a value is a whole number that was read with a point or an exponent. */
export function isRawNumber(value: object): boolean {
  return RAW.isRawJSON(value);
}

/** What TypeScript does not know of JSON yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown; isRawJSON(value: unknown): boolean };

function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context?.source ?? "";
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  // Equal numbers have equal texts.
  return Number.isInteger(value) ? RAW.rawJSON((value + 0).toFixed(1)) : value;
}

function writable(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (typeof value !== "bigint") return value;
  return RAW.rawJSON(String(value));
}
