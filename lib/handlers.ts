/**
 * The handlers of a node: which function answers which type of message, and what becomes of what it throws.
 *
 * @module
 */

import { textOf } from "./log.ts";
import type { MessageTypes, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import { type Message, RPCError } from "./protocol.ts";
import { checkSchema, type Schema, SchemaError } from "./schema.ts";

/**
 * Answers one type of request.
 *
 * It returns the fields of the reply, whose type is the request's with `_ok` unless there is a field `type`. If it returns nothing, no
 * reply is sent ({@linkcode Node.reply} can do that later). An {@linkcode RPCError} that it throws becomes the error reply; anything else
 * becomes error 13 (crash), and is logged with its stack.
 */
export type Handler<M extends MessageTypes, T extends TypeOf<M>> = (
  body: RequestBody<M, T>,
  message: Message<RequestBody<M, T>>,
) => ReplyFields<M, T> | void | Promise<ReplyFields<M, T> | void>;

/** How a type of request is treated. */
export interface HandlerOptions {
  /** What a well-formed body looks like; one that is not is answered with error 12 (malformed-request). */
  schema?: Schema;
}

/** The handlers of one node, by type of message. */
export class Handlers {
  readonly #byType = new Map<string, { handle: (body: unknown, message: Message) => unknown; schema?: Schema }>();

  /** Whether there is a handler for a type. */
  has(type: string): boolean {
    return this.#byType.has(type);
  }

  /**
   * Sets the handler for a type.
   *
   * @throws {TypeError} It has one already, or is `init`.
   */
  set<M extends MessageTypes, T extends TypeOf<M>>(type: T, handler: Handler<M, T>, { schema }: HandlerOptions): void {
    if (type === "init") throw new TypeError("Cannot handle init: the node answers it itself (use onInit)");
    if (this.#byType.has(type)) throw new TypeError(`Cannot handle ${type}: it has a handler already`);
    this.#byType.set(type, { handle: handler as (body: unknown, message: Message) => unknown, schema });
  }

  /**
   * Hands a message to the handler for its type.
   *
   * @returns What the handler returns.
   * @throws {RPCError} 10 (not-supported): there is no handler for the type.
   * @throws {SchemaError} The body is malformed.
   * @throws What the handler throws.
   */
  handle(message: Message): unknown {
    const { body } = message;
    const found = this.#byType.get(body.type);
    if (found === undefined) throw this.#unknownType(body.type);
    return found.handle(found.schema === undefined ? body : checkSchema(found.schema, body), message);
  }

  #unknownType(type: string): RPCError {
    const handled = [...this.#byType.keys()].join(", ") || "nothing";
    return new RPCError("not-supported", `Unknown message type ${JSON.stringify(type)}: this node handles ${handled}`);
  }
}

/** Whether a handler's result is a promise, be it of another make. */
export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return result instanceof Promise || typeof (result as Partial<PromiseLike<unknown>> | null)?.then === "function";
}

/** The error that is sent for what the handling of a message of some type threw. */
export function toRPCError(type: string, thrown: unknown): RPCError {
  if (thrown instanceof RPCError) return thrown;
  if (thrown instanceof SchemaError) return new RPCError("malformed-request", `Malformed ${type}: ${thrown.message}`);
  return new RPCError("crash", textOf(thrown), { cause: thrown });
}
