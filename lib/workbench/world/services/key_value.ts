/**
 * Requests of the key-value services, and the effect of each on the value of its key. The services differ only in the
 * state that a request is performed on.
 *
 * Keys and values are any JSON. They are compared by value: the order of an object's fields does not matter.
 *
 * Source: Maelstrom's `doc/services.md` and `service.clj`.
 *
 * @module
 */

import { type Body, ERRORS, RPCError } from "../../../protocol.ts";
import { formatJSON, isRawNumber } from "../../base/json.ts";
import type { Reply } from "./service.ts";

/** Request to a key-value service. The key is a text by {@linkcode canonicalText}. */
export type KeyValueRequest =
  | { type: "read"; key: string }
  | { type: "write"; key: string; value: unknown }
  | { type: "cas"; key: string; from: unknown; to: unknown; createIfNotExists: boolean };

/** Result of a request. */
export interface Transition {
  reply: Reply;
  /** The key's value afterwards; `undefined` if the key does not exist. */
  value: unknown;
}

/**
 * Parses a request. A missing field is null, as in Maelstrom.
 *
 * @throws {RPCError} 10: the type is unknown.
 */
export function parseKeyValueRequest(body: Body): KeyValueRequest {
  const key = canonicalText(body.key ?? null);
  switch (body.type) {
    case "read":
      return { type: "read", key };
    case "write":
      return { type: "write", key, value: body.value ?? null };
    case "cas": {
      // As in Clojure, everything except false and null is true.
      const createIfNotExists = (body.create_if_not_exists ?? false) !== false;
      return { type: "cas", key, from: body.from ?? null, to: body.to ?? null, createIfNotExists };
    }
    default:
      throw new RPCError(
        "not-supported",
        `Cannot handle ${formatJSON(body.type ?? null)}: expected read, write or cas`,
      );
  }
}

/**
 * Performs a request on a value.
 *
 * @param value The key's value; `undefined` if the key does not exist.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseKeyValueRequest, performRequest } from "./key_value.ts";
 *
 * const request = parseKeyValueRequest({ type: "cas", key: "x", from: 1, to: 2 });
 * assertEquals(performRequest(request, 1), { reply: { type: "cas_ok" }, value: 2 });
 * assertEquals(performRequest(request, 3).reply, { type: "error", code: 22, text: "current value 3 is not 1" });
 * ```
 */
export function performRequest(request: KeyValueRequest, value: unknown): Transition {
  if (request.type === "write") return { reply: { type: "write_ok" }, value: request.value };
  if (request.type === "read") return { reply: value === undefined ? noSuchKey() : { type: "read_ok", value }, value };
  if (value === undefined) {
    return request.createIfNotExists ? { reply: { type: "cas_ok" }, value: request.to } : { reply: noSuchKey(), value };
  }
  if (!equalValues(value, request.from)) return { reply: preconditionFailed(value, request.from), value };
  return { reply: { type: "cas_ok" }, value: request.to };
}

/** Compares two JSON values. Undefined, for a key that does not exist, equals only itself. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  return canonicalText(a) === canonicalText(b);
}

/**
 * Writes JSON with the fields of each object sorted: equal values have equal texts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { canonicalText } from "./key_value.ts";
 *
 * assertEquals(canonicalText({ b: [1, { d: 2, c: null }], a: "x" }), '{"a":"x","b":[1,{"c":null,"d":2}]}');
 * ```
 */
export function canonicalText(value: unknown): string {
  if (typeof value !== "object" || value === null || isRawNumber(value)) return formatJSON(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return `{${fields.map(([name, content]) => `${formatJSON(name)}:${canonicalText(content)}`).join(",")}}`;
}

function noSuchKey(): Reply {
  return { type: "error", code: ERRORS["key-does-not-exist"].code, text: "key does not exist" };
}

function preconditionFailed(value: unknown, from: unknown): Reply {
  const text = `current value ${formatJSON(value)} is not ${formatJSON(from)}`;
  return { type: "error", code: ERRORS["precondition-failed"].code, text };
}
