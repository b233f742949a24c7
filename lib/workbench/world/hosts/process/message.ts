/**
 * What a process has printed, as a message for the network: as strict as Maelstrom where it says from whom to whom, and as lenient in
 * what is said. A body is the business of who gets it.
 *
 * Source: Maelstrom's `net.clj` (`Message`) and `process.clj` (`parse-msg`).
 *
 * @module
 */

import type { Body, Message } from "../../../../protocol.ts";
import { formatLine, parseJSON } from "../../../base/json.ts";

/**
 * Reads one line of a node's stdout.
 *
 * @returns The message; its body may lack a type, and its ids may be anything.
 * @throws {SyntaxError} The line is not JSON, or not a message; says what was expected.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { readMessage } from "./message.ts";
 *
 * const { body } = readMessage('{"src":"n0","dest":"n1","body":{"msg_id":"a1"}}');
 * assertEquals<unknown>(body, { msg_id: "a1" });
 * assertThrows(() => readMessage('{"src":"n0","to":"n1","body":{}}'), SyntaxError, "expected dest to be a string, got nothing");
 * ```
 */
export function readMessage(line: string): Message {
  const value = parseJSON(line);
  const problem = messageProblem(value);
  if (problem !== undefined) throw new SyntaxError(problem);
  const { src, dest, body } = value as Message;
  // Maelstrom takes a body of null, or none, for an empty one.
  return { src, dest, body: body ?? {} as Body };
}

const FIELDS = ["src", "dest", "body", "id"];

function messageProblem(value: unknown): string | undefined {
  if (!isObject(value)) return `expected an object, got ${show(value)}`;
  const { src, dest, body, id } = value;
  if (typeof src !== "string") return `expected src to be a string, got ${show(src)}`;
  if (typeof dest !== "string") return `expected dest to be a string, got ${show(dest)}`;
  if (!isObject(body ?? {})) return `expected body to be an object, got ${show(body)}`;
  if (id !== undefined && typeof id !== "bigint" && !Number.isInteger(id)) {
    return `expected id to be an integer, or left to the network, got ${show(id)}`;
  }
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  return unknown === undefined ? undefined : `expected only src, dest and body, got ${JSON.stringify(unknown)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = formatLine(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
