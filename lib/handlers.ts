/**
 * The handlers of a node, by message type.
 *
 * @module
 */

import { limitProblem, showJSON } from "./json.ts";
import { textOf } from "./log.ts";
import type { MessageTypes, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import { type Message, RPCError } from "./protocol.ts";
import { type Schema, SchemaError, validate } from "./schema.ts";

/**
 * Answers one type of request.
 *
 * It returns the fields of the reply. Without `type`, the type is the request's followed by `_ok`. If it returns
 * nothing, no reply is sent; {@linkcode Node.reply} can send one later.
 *
 * An {@linkcode RPCError} that it throws is the error reply. Anything else that it throws becomes error 13 (crash), and
 * is logged with its stack.
 */
export type Handler<M extends MessageTypes, T extends TypeOf<M>> = (
  body: RequestBody<M, T>,
  message: Message<RequestBody<M, T>>,
) => ReplyFields<M, T> | void | Promise<ReplyFields<M, T> | void>;

/** Options for {@linkcode Node.on}. */
export interface HandlerOptions {
  /** Schema of the body. A body that does not match it is answered with error 12 (malformed-request). */
  schema?: Schema;
}

/** A handler without the types of its messages. */
type AnyHandler = (body: unknown, message: Message) => unknown;

/** The handlers of one node. Each type has at most one. */
export class Handlers {
  readonly #byType = new Map<string, { handle: AnyHandler; schema?: Schema }>();

  /** True if there is a handler for a type. */
  has(type: string): boolean {
    return this.#byType.has(type);
  }

  /**
   * Sets the handler for a type.
   *
   * @throws {TypeError} The type has a handler already, or is `init`.
   */
  set<M extends MessageTypes, T extends TypeOf<M>>(type: T, handler: Handler<M, T>, { schema }: HandlerOptions): void {
    if (type === "init") throw new TypeError("Cannot handle init: the node answers it itself (use onInit)");
    if (this.#byType.has(type)) throw new TypeError(`Cannot handle ${type}: it has a handler already`);
    this.#byType.set(type, { handle: handler as AnyHandler, schema });
  }

  /**
   * Calls the handler for a message's type, and returns what it returns.
   *
   * @param maxDepth Greatest depth of the body.
   * @throws {RPCError} 10 (not-supported): there is no handler for the type.
   * @throws {SchemaError} The body does not match the schema, or no handler can take it.
   * @throws What the handler throws.
   */
  handle(message: Message, maxDepth: number): unknown {
    const { body } = message;
    const problem = limitProblem(body, maxDepth);
    if (problem !== undefined) throw new SchemaError(problem);
    const found = this.#byType.get(body.type);
    if (found === undefined) throw this.#unknownType(body.type);
    return found.handle(found.schema === undefined ? body : validate(found.schema, body), message);
  }

  #unknownType(type: string): RPCError {
    const handled = [...this.#byType.keys()].join(", ") || "nothing";
    return new RPCError("not-supported", `Unknown message type ${showJSON(type, 60)}: this node handles ${handled}`);
  }
}

/** True if a handler's result is a promise, or any other object with a method `then`. */
export function isPromise(result: unknown): result is PromiseLike<unknown> {
  return result instanceof Promise || typeof (result as Partial<PromiseLike<unknown>> | null)?.then === "function";
}

/** Converts what the handler for a type has thrown to the error of the reply. */
export function toRPCError(type: string, thrown: unknown): RPCError {
  if (thrown instanceof RPCError) return thrown;
  if (thrown instanceof SchemaError) return new RPCError("malformed-request", `Malformed ${type}: ${thrown.message}`);
  return new RPCError("crash", textOf(thrown), { cause: thrown });
}
