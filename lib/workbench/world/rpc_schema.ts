/**
 * Schemas of RPCs: checks the bodies of requests and replies, and describes for a person what was expected and what was
 * there instead.
 *
 * The schemas are JSON Schema, created by typebox, whose validator reports mismatches; here they become one sentence.
 *
 * @module
 */

import { clip, show } from "../base/text.ts";
import { formatJSON } from "../base/json.ts";
import Type, { type TObject, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { Body } from "../../protocol.ts";

/** Remote procedure call of a client to a node, with the schemas of both bodies. */
export interface RPC {
  /** Type of the request, such as `"broadcast"`. The type of the reply is the same followed by `_ok`. */
  type: string;
  /** Description for people. */
  doc: string;
  /** Schema of the request's fields, without type and msg_id. */
  request: object;
  /** Schema of the reply's fields, without type, msg_id and in_reply_to. */
  reply: object;
}

/** Describes why a body does not match; `undefined` if it does. */
export type BodyCheck = (body: unknown) => string | undefined;

/** Checks of the two bodies of an RPC. */
export interface RPCChecks {
  /** Checks a whole request, with type and msg_id. */
  request: BodyCheck;
  /** Checks a whole reply, with type, in_reply_to and perhaps a msg_id. */
  reply: BodyCheck;
}

/** Creates the schema of an array. Null is allowed for an empty one, as in Maelstrom: some languages write it so. */
export function arrayOf(items: TSchema, options: { description?: string } = {}): TSchema {
  return Type.Union([Type.Array(items), Type.Null()], options);
}

/** Creates the schema of an object with any keys, whose values have the same schema. */
export function mapOf(values: TSchema, options: { description?: string } = {}): TSchema {
  return Type.Object({}, { ...options, additionalProperties: values });
}

/** Creates the schema of an integer of any size. `parseExactJSON` reads it as a bigint if a number cannot hold it. */
export function integer(options: { description?: string } = {}): TSchema {
  return Type.Union([Type.Integer(), Type.BigInt()], options);
}

/** Creates the schema of a whole request. Other fields are not allowed, as in Maelstrom. */
export function requestSchema({ type, request }: RPC): TObject {
  const { properties } = request as TObject;
  return Type.Object({ type: Type.Literal(type), msg_id: Type.Integer(), ...properties }, CLOSED);
}

/** Creates the schema of a whole reply. Other fields are not allowed, as in Maelstrom. */
export function replySchema({ type, reply }: RPC): TObject {
  const { properties } = reply as TObject;
  const ids = { msg_id: Type.Optional(integer()), in_reply_to: Type.Integer() };
  return Type.Object({ type: Type.Literal(`${type}_ok`), ...ids, ...properties }, CLOSED);
}

const CLOSED = { additionalProperties: false };

/** Compiled checks: compiling takes a millisecond, so each RPC is compiled once. */
const COMPILED = new WeakMap<RPC, RPCChecks>();

/**
 * Returns the checks of an RPC's bodies.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import Type from "typebox";
 * import { checksOf } from "./rpc_schema.ts";
 *
 * const rpc = { type: "send", doc: "", request: Type.Object({}), reply: Type.Object({ offset: Type.Integer() }) };
 * const { reply } = checksOf(rpc);
 * assertEquals(reply({ type: "send_ok", in_reply_to: 1, offset: 7 }), undefined);
 * assertEquals(reply({ type: "send_ok", in_reply_to: 1, offset: "7" }), 'expected body.offset to be integer, got "7"');
 * ```
 */
export function checksOf(rpc: RPC): RPCChecks {
  let checks = COMPILED.get(rpc);
  if (checks === undefined) {
    const [request, reply] = [requestSchema(rpc), replySchema(rpc)];
    checks = { request: compileSchema(request, "body"), reply: compileSchema(reply, "body") };
    COMPILED.set(rpc, checks);
  }
  return checks;
}

/** Describes a malformed reply: node, request, reply and what was expected. */
export function malformedReply(node: string, rpc: RPC, request: Body, reply: Body, problem: string): string {
  return [
    `Node ${node} answered ${rpc.type} with a malformed reply: ${problem}`,
    `  request:  ${clip(formatJSON(request))}`,
    `  reply:    ${clip(formatJSON(reply))}`,
    `  expected: ${describeSchema(replySchema(rpc))}`,
  ].join("\n");
}

/**
 * Describes a schema in the notation of TypeScript.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import Type from "typebox";
 * import { describeSchema, mapOf } from "./rpc_schema.ts";
 *
 * assertEquals(describeSchema(Type.Object({ keys: Type.Array(Type.String()) })), "{ keys: string[] }");
 * assertEquals(describeSchema(mapOf(Type.Integer())), "{ [key: string]: integer }");
 * ```
 */
export function describeSchema(schema: object): string {
  const { anyOf, type, items, const: constant } = schema as Schema;
  if (constant !== undefined) return JSON.stringify(constant);
  if (anyOf !== undefined) return [...new Set(anyOf.map(describeSchema))].join(" | ");
  if (type === "array") return describeArray(items ?? {});
  if (type === "object") return `{ ${fieldsOf(schema).map(({ text }) => text).join(", ")} }`.replace("{  }", "{}");
  return type === "bigint" ? "integer" : type ?? "any";
}

/** Lists the fields of an object's schema, each in the notation of TypeScript and with its description. */
export function fieldsOf(schema: object): { text: string; description?: string }[] {
  const { properties = {}, required = [], additionalProperties } = schema as Schema;
  const fields = Object.entries(properties).map(([name, field]) => ({
    text: `${name}${required.includes(name) ? "" : "?"}: ${describeSchema(field)}`,
    description: (field as Schema).description,
  }));
  if (typeof additionalProperties !== "object") return fields;
  return [...fields, { text: `[key: string]: ${describeSchema(additionalProperties)}`, description: undefined }];
}

/** The part of JSON Schema that the workloads use. */
interface Schema {
  type?: string;
  const?: unknown;
  anyOf?: object[];
  items?: object | object[];
  properties?: Record<string, object>;
  required?: string[];
  additionalProperties?: object | boolean;
  description?: string;
}

function describeArray(items: object | object[]): string {
  if (Array.isArray(items)) return `[${items.map(describeSchema).join(", ")}]`;
  const element = describeSchema(items);
  return element.includes(" | ") ? `(${element})[]` : `${element}[]`;
}

/**
 * Compiles a schema to a function that describes why a value does not match; it returns undefined for one that does.
 *
 * @param name Name of the value: `"body"`.
 */
export function compileSchema(schema: TSchema, name: string): (value: unknown) => string | undefined {
  const validator = Compile(schema);
  return (value) => validator.Check(value) ? undefined : explain(schema, value, validator.Errors(value), name);
}

/** The part of typebox's report on a mismatch that is used here. */
interface Mismatch {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: object;
}

/** Describes the first mismatch; if it is in one of several alternatives, that none of them matches. */
function explain(schema: object, body: unknown, mismatches: readonly Mismatch[], name: string): string {
  const first = mismatches[0]!;
  const alternatives = mismatches.filter(({ keyword, schemaPath }) =>
    keyword === "anyOf" && first.schemaPath.startsWith(schemaPath)
  );
  const { keyword, schemaPath, instancePath, params } = alternatives.at(-1) ?? first;
  const place = placeOf(body, instancePath, name);
  if (keyword === "required") {
    const { requiredProperties } = params as { requiredProperties: string[] };
    return requiredProperties.map((name) => `${place}.${name} is missing`).join(", ");
  }
  const expected = follow(schema, schemaPath);
  // The schema of a field that is not allowed is false.
  if (expected === false) return `${place} is not expected`;
  return `expected ${place} to be ${describeSchema(expected as object)}, got ${show(follow(body, instancePath), 100)}`;
}

/** Follows a JSON pointer. */
function follow(value: unknown, pointer: string): unknown {
  return steps(pointer).reduce((part, step) => (part as Record<string, unknown> | undefined)?.[step], value);
}

function steps(pointer: string): string[] {
  return pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Formats the place of a part of the body, which is called `name`: `body.msgs["3"][0]`. */
function placeOf(body: unknown, pointer: string, name: string): string {
  let place = name;
  let part = body;
  for (const step of steps(pointer)) {
    if (Array.isArray(part)) place += `[${step}]`;
    else place += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    part = (part as Record<string, unknown> | undefined)?.[step];
  }
  return place;
}
