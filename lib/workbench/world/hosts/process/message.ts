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
import { parseExactJSON } from "../../../base/json.ts";
import { messageOf } from "../../../base/errors.ts";
import { show } from "../../../base/text.ts";
import { MAX_NESTING, TOO_DEEP, tooDeepAt } from "../../../history/nesting.ts";
import { StrangerError } from "../../network/network.ts";
import { describeStranger, expectedEnvelope, type LineProblem } from "../node_host.ts";

/**
 * Parses a line of a node's stdout.
 *
 * @param isUTF8 False if the bytes of the line are not UTF-8, so that it is no message.
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
export function parseLine(line: string, isUTF8: boolean = true): Message {
  if (!isUTF8) throw new EnvelopeError("it is not UTF-8 (here \ufffd stands for the bytes that are not)");
  // Services and checkers read values by recursion.
  if (tooDeepAt(line) !== undefined) throw new SyntaxError(TOO_DEEP);
  const value = parseExactJSON(line);
  const problem = problemOf(value) ?? (MAY_BE_INFINITE.test(line) ? limitProblem(value, MAX_NESTING) : undefined);
  if (problem !== undefined) throw new EnvelopeError(problem);
  const { src, dest, body } = value as Message;
  // Maelstrom reads a missing body as an empty one.
  return { src, dest, body: body ?? {} as Body };
}

/** Matches lines with a number that may be too large: it could be neither stored nor sent as it is. */
const MAY_BE_INFINITE = /\d(?:[eE]\+?\d{3}|\d{308})/;

/** Error of a line that is JSON, but not a message, or not UTF-8. Its message says why. */
export class EnvelopeError extends SyntaxError {
  /** Name of the class. */
  override name = "EnvelopeError";
}

/**
 * Explains why a line could not be sent as a message.
 *
 * @param error What {@linkcode parseLine} or the network has thrown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainLine } from "./message.ts";
 *
 * assertEquals(explainLine("n0", "hello", new SyntaxError("Unexpected token 'h'")), {
 *   problem: "it is not JSON",
 *   advice: "stdout is for messages only: print everything else to stderr",
 * });
 * ```
 */
export function explainLine(node: string, line: string, error: unknown): LineProblem {
  if (error instanceof StrangerError) return describeStranger(error, node);
  if (error instanceof EnvelopeError) return { problem: error.message, expected: expectedEnvelope(node) };
  const { problem, advice } = LOOKS.find(({ pattern }) => pattern.test(line))!;
  return { problem: problem ?? `it is not JSON: ${messageOf(error)}`, advice };
}

/**
 * Looks of lines that are not JSON, each with its problem and an advice; the first that fits counts. Without a problem,
 * it is what the parser says.
 */
const LOOKS: readonly { pattern: RegExp; problem?: string; advice: string }[] = [
  {
    pattern: /^\ufeff/,
    problem: "it begins with a byte order mark (BOM)",
    advice: "Write UTF-8 without a byte order mark",
  },
  {
    pattern: /^\s*\{\s*'/,
    problem: "it has single quotes, where JSON has double ones",
    advice: "Write messages with the JSON library of your language",
  },
  { pattern: /\}\s*\{/, problem: "it has more than one message", advice: "Write a line feed after each message" },
  {
    pattern: /^\s*[{[][^}\]]*$/,
    problem: "it is the beginning of JSON only",
    advice: "Write each message on one line",
  },
  { pattern: /^\s*\{/, advice: "Write messages with the JSON library of your language" },
  { pattern: /^/, problem: "it is not JSON", advice: "stdout is for messages only: print everything else to stderr" },
];

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
