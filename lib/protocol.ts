/**
 * The Maelstrom protocol: messages, bodies and errors.
 *
 * Source: Maelstrom's `doc/protocol.md`, <https://github.com/jepsen-io/maelstrom/blob/main/doc/protocol.md>.
 *
 * @module
 */

import { parseJSON, showJSON } from "./json.ts";

/** The body of a message: its type, its ids, and the fields of the type. */
export interface Body {
  /** The type of the message, such as `"echo"` or `"echo_ok"`. */
  type: string;
  /** Unique among the messages of one sender. Present if the sender wants a reply. */
  msg_id?: number;
  /** The `msg_id` of the request that this message replies to. Null in a service's reply to a message without one. */
  in_reply_to?: number | null;
  /** The fields of the type. */
  [field: string]: unknown;
}

/** A message: one line of a node's stdin or stdout. */
export interface Message<B = Body> {
  /** Number that the network gives to the message. Nodes neither set nor read it. */
  id?: number;
  /** The sender: a node (`"n0"`), a client (`"c7"`) or a service (`"seq-kv"`). */
  src: string;
  /** The recipient. */
  dest: string;
  /** The content. */
  body: B;
}

/** An error of the protocol. */
interface ErrorType {
  /** The number in error replies. */
  readonly code: number;
  /** The name in Maelstrom's documents and histories. */
  readonly name: string;
  /** True if the operation certainly did not take effect. */
  readonly definite: boolean;
}

/**
 * The protocol's errors by name. Codes from 1000 on are free for your own errors, which are indefinite.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ERRORS } from "./protocol.ts";
 *
 * assertEquals(ERRORS["key-does-not-exist"], { code: 20, name: "key-does-not-exist", definite: true });
 * ```
 */
export const ERRORS = {
  "timeout": { code: 0, name: "timeout", definite: false },
  "node-not-found": { code: 1, name: "node-not-found", definite: true },
  "not-supported": { code: 10, name: "not-supported", definite: true },
  "temporarily-unavailable": { code: 11, name: "temporarily-unavailable", definite: true },
  "malformed-request": { code: 12, name: "malformed-request", definite: true },
  "crash": { code: 13, name: "crash", definite: false },
  "abort": { code: 14, name: "abort", definite: true },
  "key-does-not-exist": { code: 20, name: "key-does-not-exist", definite: true },
  "key-already-exists": { code: 21, name: "key-already-exists", definite: true },
  "precondition-failed": { code: 22, name: "precondition-failed", definite: true },
  "txn-conflict": { code: 30, name: "txn-conflict", definite: true },
  "not-a-member": { code: 40, name: "not-a-member", definite: true },
} as const satisfies Record<string, ErrorType>;

/** The name of one of the protocol's errors. */
export type ErrorName = keyof typeof ERRORS;

const BY_CODE: ReadonlyMap<number, ErrorType> = new Map(
  Object.values(ERRORS).map((error) => [error.code, error]),
);

/**
 * An error with one of the protocol's codes. A handler that throws it sends it as the error reply; an RPC that gets an
 * error reply throws it.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { RPCError } from "./protocol.ts";
 *
 * const error = new RPCError("precondition-failed", "current value 3 is not 4");
 * assertEquals(error.code, 22);
 * assert(error.definite);
 * assertEquals(new RPCError(1042, "out of cheese").errorName, "unknown");
 * ```
 */
export class RPCError extends Error {
  /** The number in error replies. */
  readonly code: number;

  /**
   * Creates an error to throw.
   *
   * @param error A name from {@linkcode ERRORS}, or a code.
   * @param text Description for people.
   * @param options The `cause`, as for every `Error`.
   */
  constructor(error: ErrorName | number, text?: string, options?: ErrorOptions) {
    const code = typeof error === "number" ? error : ERRORS[error].code;
    super(text ?? BY_CODE.get(code)?.name ?? `error ${code}`, options);
    this.name = "RPCError";
    this.code = code;
  }

  /** The name of the code; `"unknown"` for a code that the protocol does not define. */
  get errorName(): string {
    return BY_CODE.get(this.code)?.name ?? "unknown";
  }

  /** True if the operation certainly did not take effect. */
  get definite(): boolean {
    return BY_CODE.get(this.code)?.definite ?? false;
  }

  /** Builds the body of the error reply. */
  toBody(): Body & { code: number; text: string } {
    return { type: "error", code: this.code, text: this.message };
  }
}

/**
 * Parses a line as a message. A `msg_id` of null, which some languages write for one that is missing, is removed.
 * Integers that a number cannot hold exactly are bigints.
 *
 * @throws {SyntaxError} The line is not JSON, or not a message.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseMessage } from "./protocol.ts";
 *
 * const line = '{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":1,"echo":"hi"}}';
 * assertEquals(parseMessage(line).body.echo, "hi");
 * assertThrows(() => parseMessage('{"src":"c1"}'), SyntaxError, "dest");
 * ```
 */
export function parseMessage(line: string): Message {
  let value;
  try {
    value = parseJSON(line);
  } catch (cause) {
    throw new SyntaxError(`Cannot parse message: ${(cause as Error).message}`, { cause });
  }
  const problem = messageProblem(value);
  if (problem !== undefined) throw new SyntaxError(`Cannot parse message: ${problem}`);
  const message = value as Message;
  const body: { msg_id?: number | null } = message.body;
  if (body.msg_id === null) delete body.msg_id;
  return message;
}

/** Describes what keeps a value from being a message; undefined if it is one. */
function messageProblem(value: unknown): string | undefined {
  if (!isObject(value)) return `expected an object, got ${show(value)}`;
  if (typeof value.src !== "string") return `expected src to be a string, got ${show(value.src)}`;
  if (typeof value.dest !== "string") return `expected dest to be a string, got ${show(value.dest)}`;
  const body = value.body;
  if (!isObject(body)) return `expected body to be an object, got ${show(body)}`;
  if (typeof body.type !== "string") return `expected body.type to be a string, got ${show(body.type)}`;
  for (const name of ["msg_id", "in_reply_to"]) {
    const id = body[name];
    if (id !== undefined && id !== null && typeof id !== "bigint" && !Number.isInteger(id)) {
      return `expected body.${name} to be an integer, got ${show(id)}`;
    }
  }
  return undefined;
}

/** Returns true for an object that is neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return showJSON(value, 60);
}
