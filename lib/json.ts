/**
 * JSON as nodes read and write it:
 *
 * - An integer that a number cannot hold exactly is a bigint, so it keeps all its digits.
 * - A request is refused if it is nested too deep, or has a number beyond 1.8e308, the largest that a number holds.
 *
 * @module
 */

/**
 * Greatest depth of a request from outside the cluster. What the other nodes and the services send may be twice as
 * deep, because it wraps what clients have sent.
 */
export const MAX_REQUEST_DEPTH = 500;

/**
 * Parses JSON. Integers that a number cannot hold exactly are bigints.
 *
 * @throws {SyntaxError} The text is not JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatJSON, parseJSON } from "./json.ts";
 *
 * assertEquals(parseJSON("[1, 9007199254740993]"), [1, 9007199254740993n]);
 * assertEquals(formatJSON({ id: 9007199254740993n }), '{"id":9007199254740993}');
 * ```
 */
export function parseJSON(text: string): unknown {
  // A reviver is slow, so it is used only if an integer may need it.
  if (!UNSAFE_INTEGER.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, reviveInteger);
  } catch (error) {
    // Too deep for a reviver, which works by recursion, or too large for a bigint. Either will be refused.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

/**
 * Matches texts with an integer that a number may not hold: one of 17 digits or more, or of 16 that begin with 9. (So
 * times in microseconds do not match, nor do digits after a point.)
 */
export const UNSAFE_INTEGER = /(?<![\d.])(?:[1-9]\d{16}|9\d{15})/;

function reviveInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/**
 * Writes a value as JSON on one line, bigints as integers.
 *
 * @throws {TypeError} The value contains itself.
 * @throws {RangeError} The value is nested too deep.
 */
export function formatJSON(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // A replacer is slow, so it is used only if there is a bigint.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, replaceBigInt);
  }
}

function replaceBigInt(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? RAW.rawJSON(String(value)) : value;
}

/** A function of `JSON` that TypeScript does not declare yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown };

/** Writes a value as JSON for a person, cut to `length` characters. If it cannot be written, returns `otherwise`. */
export function showJSON(value: unknown, length: number = 1000, otherwise = "something that cannot be shown"): string {
  try {
    const text = formatJSON(value) ?? "nothing";
    return text.length > length ? `${text.slice(0, length)}…` : text;
  } catch {
    // It is nested too deep, or an object throws when it is converted to text.
    return otherwise;
  }
}

/**
 * Describes why a node does not take a value: it is nested deeper than `maxDepth`, or it has a number beyond 1.8e308,
 * which was read as infinite. Returns undefined if the node takes it.
 */
export function limitProblem(value: unknown, maxDepth: number): string | undefined {
  const problem = findProblem(value, maxDepth);
  if (problem === "depth") return `expected at most ${maxDepth} nested objects and arrays, got more`;
  return problem === "size" ? "expected numbers below 1.8e308, got a larger one" : undefined;
}

/** Recurses at most `depth` times. */
function findProblem(value: unknown, depth: number): "depth" | "size" | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "size";
  if (typeof value !== "object" || value === null) return undefined;
  if (depth === 0) return "depth";
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const problem = findProblem(value[i], depth - 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  for (const name in value) {
    const problem = findProblem((value as Record<string, unknown>)[name], depth - 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
