/**
 * What a well-formed request looks like, said by a Standard Schema (zod, valibot, arktype, typebox …) or by a function.
 *
 * @module
 */

import type { Body } from "./protocol.ts";

/**
 * The part of a Standard Schema that a node uses.
 *
 * Source: <https://standardschema.dev>, version 1.
 */
export interface StandardSchema {
  /** The schema's one property, under the name that the specification gives it. */
  readonly "~standard": {
    /** The version of the specification. */
    readonly version: 1;
    /** The library that made it. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}

/** What a Standard Schema says of a value: the value (perhaps transformed), or what is wrong with it. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong. */
export interface StandardIssue {
  /** What was expected, for a person. */
  readonly message: string;
  /** Where in the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/**
 * A Standard Schema, or a function which gets the whole body (with its type and ids) and returns whether it is well-formed: true,
 * or false, or (better) a string that says what was expected.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { RPCError } from "./protocol.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const world = simulate({
 *   nodes: 1,
 *   program(node) {
 *     node.on("add", () => ({}), { schema: ({ delta }) => Number.isInteger(delta) || "expected delta to be an integer" });
 *   },
 * });
 * const text = "Malformed add: expected delta to be an integer";
 * await assertRejects(() => world.client().rpc("n0", { type: "add", delta: "three" }), RPCError, text);
 * ```
 */
export type Schema = StandardSchema | ((body: Record<string, unknown>) => boolean | string);

/**
 * Checks a value.
 *
 * @returns The value, as the schema leaves it.
 * @throws {SchemaError} The value is malformed.
 * @throws {TypeError} The schema wants to validate asynchronously.
 */
export function checkSchema(schema: Schema, value: object): unknown {
  if (typeof schema === "function") {
    const verdict = schema(value as Record<string, unknown>);
    if (verdict === true) return value;
    throw new SchemaError(verdict === false ? "it does not match its schema" : verdict);
  }
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) {
    throw new TypeError("Cannot check message: expected a schema that validates synchronously");
  }
  if (result.issues === undefined) return result.value;
  throw new SchemaError(result.issues.map(describeIssue).join("; "));
}

/** A value does not match its schema; the message says what was expected. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

function describeIssue({ message, path }: StandardIssue): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return `${keys.join(".")}: ${message}`;
}

/** Says what keeps a body from being an init, or `undefined` where nothing does. */
export function initProblem({ node_id, node_ids }: Body): string | undefined {
  if (typeof node_id !== "string") return `expected node_id to be a string, got ${JSON.stringify(node_id)}`;
  if (!Array.isArray(node_ids) || !node_ids.every((id) => typeof id === "string")) {
    return `expected node_ids to be an array of strings, got ${JSON.stringify(node_ids)}`;
  }
  return node_ids.includes(node_id) ? undefined : `expected node_ids to include ${JSON.stringify(node_id)}`;
}
