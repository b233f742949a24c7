/**
 * What the key-value services have in common: their requests.
 *
 * @module
 */

import { type Body, type Message, RPCError } from "../../protocol.ts";

/** A service: takes a request, changes its state, and answers. */
export type Service = (request: Message) => Body;

/**
 * A key or a value as text: the same for all that are equal as JSON, objects whatever the order of their fields. Kept in this form,
 * nobody outside of a service can change its state.
 */
export type Canonical = string;

/** What is to be done about a request: answer it, and set the key's value if there is `write`. */
export interface Outcome {
  reply: Body;
  write?: Canonical;
}

/**
 * Performs a request on the present value of its key. A pure function.
 *
 * @param request The body.
 * @param value The value of the key in the request; undefined where the key does not exist.
 * @param canCreate Whether `cas` heeds `create_if_not_exists`.
 * @throws {RPCError} The error that the request is answered with.
 */
export function perform(request: Body, value: Canonical | undefined, canCreate = true): Outcome {
  switch (request.type) {
    case "read":
      if (value === undefined) throw new RPCError("key-does-not-exist", "key does not exist");
      return { reply: { type: "read_ok", value: JSON.parse(value) } };
    case "write":
      return { reply: { type: "write_ok" }, write: field(request, "value") };
    case "cas": {
      const to = field(request, "to");
      // A request that says nothing of it means null, as in Maelstrom: with create_if_not_exists it may not matter.
      const from = canonical(request.from ?? null);
      if (value === undefined) {
        if (!canCreate || !request.create_if_not_exists) throw new RPCError("key-does-not-exist", "key does not exist");
      } else if (value !== from) {
        throw new RPCError("precondition-failed", `current value ${value} is not ${from}`);
      }
      return { reply: { type: "cas_ok" }, write: to };
    }
    default:
      throw new RPCError("not-supported", `Unknown type ${request.type}, expected one of read, write, cas`);
  }
}

/**
 * The key of a request.
 *
 * @throws {RPCError} 12: there is none.
 */
export function keyOf(request: Body): Canonical {
  return field(request, "key");
}

/** Makes a service of a function that may throw the error to answer with. */
export function answering(handle: (request: Message) => Body): Service {
  return (request) => {
    try {
      return handle(request);
    } catch (error) {
      if (error instanceof RPCError) return error.toBody();
      throw error;
    }
  };
}

/** A value as text; see {@linkcode Canonical}. */
export function canonical(value: unknown): Canonical {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join()}}`;
}

function field(request: Body, name: string): Canonical {
  const value = request[name];
  if (value !== undefined) return canonical(value);
  throw new RPCError("malformed-request", `Malformed ${request.type}: ${name} is missing`);
}
