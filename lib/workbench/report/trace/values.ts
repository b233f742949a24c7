/**
 * Values that operations and messages carry. Of operations, the workload says what a value is: a broadcast message, a
 * message in a log, the value of a write. The bodies of messages between nodes are the program's own, so there it is
 * any equal part of a body.
 *
 * @module
 */

import { formatExactJSON, isRawNumber, parseExactJSON } from "../../base/json.ts";
import type { Pair } from "../../history/history.ts";

/** Value, with its key where values have one. */
type Entry = [value: unknown, key?: unknown];

/** Values that an operation wrote, and those that its result showed. */
interface Carried {
  written: Entry[];
  read: Entry[];
}

/** Functions that find the values of an operation, by workload. Others have none. */
const WORKLOADS: Readonly<Record<string, (pair: Pair) => Carried>> = {
  "echo": ({ invocation, completion }) => ({
    written: [[invocation.value]],
    read: [[fieldOf(completion?.value, "echo")]],
  }),
  "unique-ids": ({ completion }) => ({ written: [], read: [[completion?.value]] }),
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

/**
 * Says if an operation wrote a value, or its result showed it; undefined if neither.
 *
 * @param key The value's key as JSON; undefined means every key.
 */
export function carriedBy(
  pair: Pair,
  workload: string,
  value: ValueText,
  key?: ValueText,
): "wrote" | "read" | undefined {
  const { written, read } = entriesOf(pair, workload, value);
  const isOfKey = ([, own]: Entry) => key === undefined || textOf(own) === key;
  if (written.some(isOfKey)) return "wrote";
  return read.some(isOfKey) ? "read" : undefined;
}

/** Returns the keys of a value in an operation, as JSON; none if the workload has no keys. */
export function keysOf(pair: Pair, workload: string, value: ValueText): ValueText[] {
  const { written, read } = entriesOf(pair, workload, value);
  return [...written, ...read].flatMap(([, key]) => textOf(key) ?? []);
}

/** True if the values of a workload have keys. */
export function hasKeys(workload: string): boolean {
  return ([keyed, microOperations] as unknown[]).includes(finderOf(workload));
}

/** Writes a key as a person does: a text without quotes. */
export function plainKey(key: ValueText): string {
  return key.startsWith('"') ? JSON.parse(key) : key;
}

function finderOf(workload: string): ((pair: Pair) => Carried) | undefined {
  return Object.hasOwn(WORKLOADS, workload) ? WORKLOADS[workload] : undefined;
}

/** Finds a value in an operation. Only results of operations that are ok show values. */
function entriesOf(pair: Pair, workload: string, value: ValueText): Carried {
  const { written, read } = finderOf(workload)?.(pair) ?? { written: [], read: [] };
  const isValue = ([each]: Entry) => textOf(each) === value;
  return { written: written.filter(isValue), read: pair.completion?.type === "ok" ? read.filter(isValue) : [] };
}

function textOf(value: unknown): ValueText | undefined {
  return value === undefined ? undefined : formatExactJSON(value);
}

/** Fields of a body that carry no value. */
const PROTOCOL_FIELDS: readonly string[] = ["type", "msg_id", "in_reply_to"];

/**
 * Returns a function that says if the text of a body has a part equal to a value. The type and the ids of messages do
 * not count, and neither do names of fields.
 *
 * With a key, that must be beside the value, or around it: in the same list or object, in one that has it in a part, or
 * as the name of a field that has it.
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
export function bodiesWith(value: ValueText, key?: ValueText): (body: string) => boolean {
  // Most bodies are ruled out without parsing them, if the value has only one form in JSON.
  const plain = /^"?[\w .,:-]+"?$/.test(value) ? value : "";
  return (body) => body.includes(plain) && hasPart(body, value, key);
}

function hasPart(body: string, value: ValueText, key: ValueText | undefined): boolean {
  const isScalar = !/^[[{]/.test(value);
  const fields = Object.entries(parseBody(body)).filter(([name]) => !PROTOCOL_FIELDS.includes(name));
  // Bodies can be deeply nested.
  const open = [{ part: Object.fromEntries(fields) as object, isOfKey: key === undefined }];
  while (open.length > 0) {
    const { part, isOfKey } = open.pop()!;
    const children = Object.entries(part).map(([name, child]: [string, unknown]) => {
      const isParent = typeof child === "object" && child !== null && !isRawNumber(child);
      return { name, child, isParent, text: isParent && isScalar ? undefined : formatExactJSON(child) };
    });
    const keys = key === undefined ? 0 : children.filter(({ text }) => text === key).length;
    for (const { name, child, isParent, text } of children) {
      const isBeside = key !== undefined && keys > (text === key ? 1 : 0);
      const isNamed = key !== undefined && !Array.isArray(part) && name === plainKey(key);
      const isChildOfKey = isOfKey || isBeside || isNamed;
      if (isChildOfKey && text === value) return true;
      if (isParent) open.push({ part: child as object, isOfKey: isChildOfKey });
    }
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
  if (invocation.f !== "read") return { written: [[invocation.value]], read: [] };
  return { written: [], read: listOf(completion?.value).map((each): Entry => [each]) };
}

function singles({ invocation, completion }: Pair): Carried {
  return invocation.f === "read"
    ? { written: [], read: [[completion?.value]] }
    : { written: [[invocation.value]], read: [] };
}

/** Values of a key-value store: `[key, value]`, and `[key, [from, to]]` of a compare-and-set. */
function keyed({ invocation, completion }: Pair): Carried {
  const [key, argument] = listOf(invocation.value);
  if (invocation.f === "read") return { written: [], read: [[listOf(completion?.value)[1], key]] };
  const [from, to] = listOf(argument);
  return invocation.f === "cas"
    ? { written: [[to, key]], read: [[from, key]] }
    : { written: [[argument, key]], read: [] };
}

/** Values of a list of micro-operations: of transactions, and of logs. */
function microOperations({ invocation, completion }: Pair): Carried {
  const begun = listOf(invocation.value).map(listOf);
  const ended = listOf(completion?.value).map(listOf);
  return {
    written: begun.filter(([f]) => ["w", "append", "send"].includes(f as string))
      .map(([, key, value]): Entry => [value, key]),
    read: ended.flatMap(([f, key, value]): Entry[] => {
      if (f === "poll") return polled(key);
      if (f !== "r") return [];
      return (Array.isArray(value) ? value : [value]).map((each) => [each, key]);
    }).filter(([value]) => value !== null),
  };
}

/** Messages that a poll returned: `{ key: [[offset, message], …] }`, a `Map` if the history is in EDN. */
function polled(logs: unknown): Entry[] {
  const isLogs = typeof logs === "object" && logs !== null;
  const byKey: [unknown, unknown][] = logs instanceof Map ? [...logs] : isLogs ? Object.entries(logs) : [];
  return byKey.flatMap(([key, entries]) => listOf(entries).map((entry): Entry => [listOf(entry)[1], key]));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldOf(value: unknown, name: string): unknown {
  const fields = value instanceof Map ? Object.fromEntries(value) : value;
  return typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>)[name] : value;
}
