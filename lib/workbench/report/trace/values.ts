/**
 * Values that operations and messages carry. Of operations, the workload says what a value is: a broadcast message, a
 * message in a log, the value of a write. The bodies of messages between nodes are the program's own, so there it is
 * any equal part of a body.
 *
 * @module
 */

import { formatExactJSON, isRawNumber, parseExactJSON } from "../../base/json.ts";
import type { Pair } from "../../history/history.ts";

/** Values that an operation wrote, and those that its result showed. */
interface Carried {
  written: unknown[];
  read: unknown[];
}

/** Functions that find the values of an operation, by workload. Others have none. */
const WORKLOADS: Readonly<Record<string, (pair: Pair) => Carried>> = {
  "echo": ({ invocation, completion }) => ({ written: [invocation.value], read: [fieldOf(completion?.value, "echo")] }),
  "unique-ids": ({ completion }) => ({ written: [], read: [completion?.value] }),
  "broadcast": elements,
  "g-set": elements,
  "g-counter": singles,
  "pn-counter": singles,
  "kafka": microOperations,
  "lin-kv": keyed,
  "lin-kv-only": keyed,
  "txn-rw-register": microOperations,
  "txn-list-append": microOperations,
};

/** Value as JSON: two values are equal if their texts are. */
export type ValueText = string;

/** Parses a value from a command line: JSON, or else a text. */
export function parseValue(text: string): ValueText {
  try {
    return formatExactJSON(parseExactJSON(text));
  } catch {
    return formatExactJSON(text);
  }
}

/** Says if an operation wrote a value, or its result showed it; undefined if neither. */
export function carriedBy(pair: Pair, workload: string, value: ValueText): "wrote" | "read" | undefined {
  const find = Object.hasOwn(WORKLOADS, workload) ? WORKLOADS[workload] : undefined;
  if (find === undefined) return undefined;
  const { written, read } = find(pair);
  const isValue = (each: unknown) => each !== undefined && formatExactJSON(each) === value;
  if (written.some(isValue)) return "wrote";
  return pair.completion?.type === "ok" && read.some(isValue) ? "read" : undefined;
}

/** Fields of a body that carry no value. */
const PROTOCOL_FIELDS: readonly string[] = ["type", "msg_id", "in_reply_to"];

/**
 * Returns a function that says if the text of a body has a part equal to a value. The type and the ids of messages do
 * not count, and neither do names of fields.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bodiesWith, parseValue } from "./values.ts";
 *
 * const has7 = bodiesWith(parseValue("7"));
 * const bodies = ['{"type":"gossip","seen":[[7]]}', '{"type":"read","msg_id":7}', '{"type":"gossip","seen":[77]}'];
 * assertEquals(bodies.map(has7), [true, false, false]);
 * ```
 */
export function bodiesWith(value: ValueText): (body: string) => boolean {
  // Most bodies are ruled out without parsing them, if the value has only one form in JSON.
  const plain = /^"?[\w .,:-]+"?$/.test(value) ? value : "";
  return (body) => body.includes(plain) && hasPart(body, value);
}

function hasPart(body: string, value: ValueText): boolean {
  const isScalar = !/^[[{]/.test(value);
  const parsed = parseBody(body);
  // Bodies can be deeply nested.
  const open = Object.entries(parsed).filter(([name]) => !PROTOCOL_FIELDS.includes(name)).map(([, each]) => each);
  while (open.length > 0) {
    const part = open.pop();
    const isParent = typeof part === "object" && part !== null && !isRawNumber(part);
    if (isParent === !isScalar && formatExactJSON(part) === value) return true;
    if (isParent) { for (const each of Object.values(part)) open.push(each); }
  }
  return false;
}

function parseBody(body: string): object {
  try {
    const parsed = parseExactJSON(body);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** Values of a set: each is added alone, and reads show many. */
function elements({ invocation, completion }: Pair): Carried {
  if (invocation.f !== "read") return { written: [invocation.value], read: [] };
  return { written: [], read: listOf(completion?.value) };
}

function singles({ invocation, completion }: Pair): Carried {
  return invocation.f === "read"
    ? { written: [], read: [completion?.value] }
    : { written: [invocation.value], read: [] };
}

/** Values of a key-value store: `[key, value]`, and `[key, [from, to]]` of a compare-and-set. */
function keyed({ invocation, completion }: Pair): Carried {
  const argument = listOf(invocation.value)[1];
  if (invocation.f === "read") return { written: [], read: [listOf(completion?.value)[1]] };
  const [from, to] = listOf(argument);
  return invocation.f === "cas" ? { written: [to], read: [from] } : { written: [argument], read: [] };
}

/** Values of a list of micro-operations: of transactions, and of logs. */
function microOperations({ invocation, completion }: Pair): Carried {
  const begun = listOf(invocation.value).map(listOf);
  const ended = listOf(completion?.value).map(listOf);
  return {
    written: begun.filter(([f]) => ["w", "append", "send"].includes(f as string)).map(([, , value]) => value),
    read: ended.flatMap(([f, key, value]) => {
      if (f === "poll") return valuesOf(key).flatMap(listOf).map((entry) => listOf(entry)[1]);
      if (f !== "r") return [];
      return Array.isArray(value) ? value : [value];
    }).filter((value) => value !== null),
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Values of an object, or of a `Map` from a history in EDN. */
function valuesOf(value: unknown): unknown[] {
  if (value instanceof Map) return [...value.values()];
  return typeof value === "object" && value !== null ? Object.values(value) : [];
}

function fieldOf(value: unknown, name: string): unknown {
  const fields = value instanceof Map ? Object.fromEntries(value) : value;
  return typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>)[name] : value;
}
