/**
 * JSON with exact integers. Nodes in other languages use 64-bit integers, as ids for instance; as JavaScript's numbers they would lose
 * their low bits, and different ones would look alike. Here an integer that a number cannot hold is a bigint.
 *
 * @module
 */

/**
 * Reads JSON.
 *
 * @returns The value; integers beyond 2⁵³ as bigints.
 * @throws {SyntaxError} It is not JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatJson, parseJson } from "./json.ts";
 *
 * assertEquals(parseJson("[1, 9007199254740993]"), [1, 9007199254740993n]);
 * assertEquals(formatJson({ id: 9007199254740993n }), '{"id":9007199254740993}');
 * ```
 */
export function parseJson(text: string): unknown {
  // Exactness costs: it is paid only where there is an integer that may need it.
  return /\d{16}/.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
}

/**
 * Writes JSON; bigints as integers, a `Map` (which only a history from EDN can hold) as an object.
 *
 * @param indent How far to indent each level; all on one line by default.
 */
export function formatJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, writable, indent);
}

/** Writes JSON without indentation, fast where there is no bigint. */
export function formatLine(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return formatJson(value);
  }
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function writable(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (typeof value !== "bigint") return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value));
}
