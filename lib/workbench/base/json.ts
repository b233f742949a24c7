/**
 * JSON with exact numbers, as nodes in other languages write them:
 *
 * - Integers of 64 bits are bigints where a number would lose their low bits, so that different ids stay different.
 * - To Maelstrom, 1.0 is not an integer and does not equal 1. It is read as raw JSON, an object of its own that is
 *   written as 1.0 again.
 *
 * @module
 */

import { formatJSON, UNSAFE_INTEGER } from "../../json.ts";

/** Writes a value without a `Map` as JSON on one line: faster than {@linkcode formatExactJSON} without a bigint. */
export { formatJSON };

/**
 * Parses JSON.
 *
 * @returns The value. Integers beyond 2⁵³ are bigints; whole numbers with a point or an exponent, such as 1.0, are raw
 *   JSON.
 * @throws {SyntaxError} The text is not JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatExactJSON, parseExactJSON } from "./json.ts";
 *
 * assertEquals(parseExactJSON("[1, 9007199254740993]"), [1, 9007199254740993n]);
 * assertEquals(formatExactJSON({ id: 9007199254740993n }), '{"id":9007199254740993}');
 * assertEquals(formatExactJSON(parseExactJSON("[1, 1.0, 1.5]")), "[1,1.0,1.5]");
 * ```
 */
export function parseExactJSON(text: string): unknown {
  // A reviver is slow, so it is used only if a number may need it.
  return MAY_BE_INEXACT.test(text) ? JSON.parse(text, reviveNumber) : JSON.parse(text);
}

/** Matches texts with a number that ends in .0 or an exponent. */
const WHOLE_FLOAT = /\d(\.0+|e[-+]?\d+)\s*([,\]}]|$)/;

/** Matches texts with a number of so many digits around its point that it may be rounded to a whole one. */
const LONG_FLOAT = /\.(?:\d{8}|(?<=\d{8}\.)\d)/;

const MAY_BE_INEXACT = new RegExp([UNSAFE_INTEGER, WHOLE_FLOAT, LONG_FLOAT].map(({ source }) => source).join("|"), "i");

/**
 * Writes JSON: bigints as integers, a `Map` (from a history in EDN) as an object. JSON has no infinity: it is
 * written as the string `"Infinity"`, so that every reader can read the rest.
 *
 * @param indent Spaces for each level. By default everything is on one line.
 */
export function formatExactJSON(value: unknown, indent?: number): string {
  return JSON.stringify(value, replaceValue, indent);
}

/** Property with the text of an object that {@linkcode formatOnce} has written. JSON leaves out symbols. */
const TEXT = Symbol("JSON");

/**
 * Writes an object as {@linkcode formatJSON} does, and keeps the text for the next call: writing is most of what a
 * message costs, and it is stored twice and sent once. The object must not change between the calls.
 */
export function formatOnce(value: object): string {
  const known = value as { [TEXT]?: string };
  return known[TEXT] ??= formatJSON(value);
}

/** Returns true for a whole number that was read with a point or an exponent. */
export function isRawNumber(value: object): boolean {
  return RAW.isRawJSON(value);
}

/** Functions of `JSON` that TypeScript does not declare yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown; isRawJSON(value: unknown): boolean };

function reviveNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context?.source ?? "";
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
  // Equal numbers get equal texts; + 0 turns -0 into 0.
  return Number.isInteger(value) ? RAW.rawJSON((value + 0).toFixed(1)) : value;
}

function replaceValue(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, each]) => [nameOf(key), each]));
  if (value === Infinity || value === -Infinity) return String(value);
  return typeof value === "bigint" ? RAW.rawJSON(String(value)) : value;
}

/** Text of a key of a `Map`. Not every object can be converted to one: a list may contain raw JSON. */
function nameOf(key: unknown): string {
  return typeof key === "object" && key !== null ? formatExactJSON(key) : String(key);
}
