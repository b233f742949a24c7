/**
 * Schemas of messages: checks a body against what an {@linkcode RPC} says of it, and says for a person what was expected and what came
 * instead.
 *
 * @module
 */

import { clip, show } from "../base/text.ts";
import { formatLine } from "../base/json.ts";
import Type, { type TObject, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { Body } from "../../protocol.ts";

/** A remote procedure call between a client and a node, with the schemas (JSON Schema, made by typebox) of both bodies. */
export interface RPC {
  /** The request's type, such as `"broadcast"`; the reply's is this with `_ok`. */
  type: string;
  /** What it does, for people. */
  doc: string;
  /** The fields of the request, without type and msg_id. */
  request: object;
  /** The fields of the reply, without type, msg_id and in_reply_to. */
  reply: object;
}

/** Says what is wrong with a body, or `undefined` where nothing is. */
export type BodyCheck = (body: unknown) => string | undefined;

/** The checks of the two bodies of an RPC. */
export interface RPCChecks {
  /** Checks a request with its type and msg_id. */
  request: BodyCheck;
  /** Checks a reply with its type, in_reply_to and perhaps a msg_id. */
  reply: BodyCheck;
}

/** An array of that; null will do for an empty one, as Maelstrom has it and as some languages write it. */
export function arrayOf(items: TSchema, options: { description?: string } = {}): TSchema {
  return Type.Union([Type.Array(items), Type.Null()], options);
}

/** An object with any number of keys, whose values are that. */
export function mapOf(values: TSchema, options: { description?: string } = {}): TSchema {
  return Type.Object({}, { ...options, additionalProperties: values });
}

/** The schema of an RPC's whole request. Fields that it does not name are not allowed, as in Maelstrom. */
export function requestSchema({ type, request }: RPC): TObject {
  const { properties } = request as TObject;
  return Type.Object({ type: Type.Literal(type), msg_id: Type.Integer(), ...properties }, CLOSED);
}

/** The schema of an RPC's whole reply. Fields that it does not name are not allowed, as in Maelstrom. */
export function replySchema({ type, reply }: RPC): TObject {
  const { properties } = reply as TObject;
  const ids = { msg_id: Type.Optional(Type.Integer()), in_reply_to: Type.Integer() };
  return Type.Object({ type: Type.Literal(`${type}_ok`), ...ids, ...properties }, CLOSED);
}

const CLOSED = { additionalProperties: false };

/** Compiling takes a millisecond or so: each RPC is compiled once. */
const COMPILED = new WeakMap<RPC, RPCChecks>();

/**
 * The checks of an RPC's bodies.
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
    checks = { request: compile(requestSchema(rpc)), reply: compile(replySchema(rpc)) };
    COMPILED.set(rpc, checks);
  }
  return checks;
}

/** The text of the error that a malformed reply ends in: which node, what was asked, what came, what was expected. */
export function malformedReply(node: string, rpc: RPC, request: Body, reply: Body, problem: string): string {
  return [
    `Node ${node} answered ${rpc.type} with a malformed reply: ${problem}`,
    `  request:  ${clip(formatLine(request))}`,
    `  reply:    ${clip(formatLine(reply))}`,
    `  expected: ${describeSchema(replySchema(rpc))}`,
  ].join("\n");
}

/**
 * Writes a schema for a person, in the notation of TypeScript.
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
  if (anyOf !== undefined) return anyOf.map(describeSchema).join(" | ");
  if (type === "array") return describeArray(items ?? {});
  if (type === "object") return `{ ${fieldsOf(schema).map(({ text }) => text).join(", ")} }`.replace("{  }", "{}");
  return type ?? "any";
}

/** The fields of an object's schema, each as text and with its description. */
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
  return "anyOf" in items ? `(${element})[]` : `${element}[]`;
}

function compile(schema: TSchema): BodyCheck {
  const validator = Compile(schema);
  return (body) => validator.Check(body) ? undefined : explain(schema, body, validator.Errors(body));
}

/** What typebox reports of a mismatch, as far as it is used here. */
interface Mismatch {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: object;
}

/** Of all the mismatches, the one that says most: the first, or the alternatives that it is one of. */
function explain(schema: object, body: unknown, mismatches: readonly Mismatch[]): string {
  const first = mismatches[0]!;
  const alternatives = mismatches.filter(({ keyword, schemaPath }) =>
    keyword === "anyOf" && first.schemaPath.startsWith(schemaPath)
  );
  const { keyword, schemaPath, instancePath, params } = alternatives.at(-1) ?? first;
  const place = placeOf(body, instancePath);
  if (keyword === "required") {
    const { requiredProperties } = params as { requiredProperties: string[] };
    return requiredProperties.map((name) => `${place}.${name} is missing`).join(", ");
  }
  const expected = follow(schema, schemaPath);
  // A schema that nothing matches stands where no field may be.
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

/** Names a part of the body: `body.msgs["3"][0]`. */
function placeOf(body: unknown, pointer: string): string {
  let place = "body";
  let part = body;
  for (const step of steps(pointer)) {
    if (Array.isArray(part)) place += `[${step}]`;
    else place += /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    part = (part as Record<string, unknown> | undefined)?.[step];
  }
  return place;
}
