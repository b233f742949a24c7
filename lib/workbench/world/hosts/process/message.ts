/**
 * Messages that a process prints. As in Maelstrom, source and destination must be right; the body is checked by its
 * receiver.
 *
 * Source: Maelstrom's `net.clj` (`Message`) and `process.clj` (`parse-msg`).
 *
 * @module
 */

import { limitProblem } from "../../../../json.ts";
import { type Body, isObject, type Message } from "../../../../protocol.ts";
import { parseJSON } from "../../../base/json.ts";
import { show } from "../../../base/text.ts";
import { MAX_DEPTH, TOO_DEEP, tooDeepAt } from "../../../history/nesting.ts";

/**
 * Parses a line of a node's stdout.
 *
 * @returns The message. Its body may lack a type, and have ids of any type.
 * @throws {SyntaxError} The line is not a message.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseLine } from "./message.ts";
 *
 * const { body } = parseLine('{"src":"n0","dest":"n1","body":{"msg_id":"a1"}}');
 * assertEquals<unknown>(body, { msg_id: "a1" });
 * assertThrows(
 *   () => parseLine('{"src":"n0","to":"n1","body":{}}'),
 *   SyntaxError,
 *   "expected dest to be a string, got nothing",
 * );
 * ```
 */
export function parseLine(line: string): Message {
  // Services and checkers read values by recursion.
  if (tooDeepAt(line) !== undefined) throw new SyntaxError(TOO_DEEP);
  const value = parseJSON(line);
  const problem = problemOf(value) ?? (MAY_BE_INFINITE.test(line) ? limitProblem(value, MAX_DEPTH) : undefined);
  if (problem !== undefined) throw new SyntaxError(problem);
  const { src, dest, body } = value as Message;
  // Maelstrom reads a missing body as an empty one.
  return { src, dest, body: body ?? {} as Body };
}

/** Matches lines with a number that may be too large: it could be neither stored nor sent as it is. */
const MAY_BE_INFINITE = /\d(?:[eE]\+?\d{3}|\d{308})/;

const FIELDS = ["src", "dest", "body", "id"];

/** Describes why a value is not a message; undefined if it is one. */
function problemOf(value: unknown): string | undefined {
  if (!isObject(value)) return `expected an object, got ${show(value, 60)}`;
  const { src, dest, body, id } = value;
  if (typeof src !== "string") return `expected src to be a string, got ${show(src, 60)}`;
  if (typeof dest !== "string") return `expected dest to be a string, got ${show(dest, 60)}`;
  if (!isObject(body ?? {})) return `expected body to be an object, got ${show(body, 60)}`;
  if (id !== undefined && typeof id !== "bigint" && !Number.isInteger(id)) {
    return `expected id to be an integer, or left to the network, got ${show(id, 60)}`;
  }
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  return unknown === undefined ? undefined : `expected only src, dest and body, got ${JSON.stringify(unknown)}`;
}
