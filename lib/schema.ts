/**
 * Schemas of request bodies: a Standard Schema (zod, valibot, arktype, typebox …) or a function.
 *
 * @module
 */

/**
 * The part of a Standard Schema that a node uses.
 *
 * Source: <https://standardschema.dev>, version 1.
 */
export interface StandardSchema {
  /** The properties that the specification defines. */
  readonly "~standard": {
    /** The version of the specification. */
    readonly version: 1;
    /** The name of the schema's library. */
    readonly vendor: string;
    /** Validates a value. */
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}

/** Result of a validation: the value, which the schema may have transformed, or the issues. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One mismatch between a value and its schema. */
export interface StandardIssue {
  /** Description for people: what was expected. */
  readonly message: string;
  /** Keys that lead to the mismatch inside the value. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/**
 * A Standard Schema, or a function that gets the whole body (with its type and ids). The function returns true for a
 * well-formed body, and otherwise false or, better, what was expected.
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
 *     node.on("add", () => ({}), {
 *       schema: ({ delta }) => Number.isInteger(delta) || "expected delta to be an integer",
 *     });
 *   },
 * });
 * const text = "Malformed add: expected delta to be an integer";
 * await assertRejects(() => world.client().rpc("n0", { type: "add", delta: "three" }), RPCError, text);
 * ```
 */
export type Schema = StandardSchema | ((body: Record<string, unknown>) => boolean | string);

/**
 * Validates a value, and returns it as the schema has transformed it.
 *
 * @throws {SchemaError} The value does not match.
 * @throws {TypeError} The schema validates asynchronously.
 */
export function validate(schema: Schema, value: object): unknown {
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

/** Thrown for a value that does not match its schema. The message says what was expected. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
}

function describeIssue({ message, path }: StandardIssue): string {
  if (path === undefined || path.length === 0) return message;
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  return `${keys.join(".")}: ${message}`;
}
