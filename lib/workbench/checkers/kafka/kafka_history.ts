/**
 * The history of a kafka test as the checks need it: operations, and for each key a log inferred from sends and polls.
 *
 * @module
 */

import type { Integer } from "../../../integers.ts";
import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { type Attempt, attempts } from "../attempts.ts";
import { firstInClojureSet } from "../clojure_set.ts";
import type { ClusterShape } from "../cluster_shape.ts";
import { MalformedHistoryError } from "../explain.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";

/** A message as a send or a poll shows it. */
export interface LogMessage {
  /** Its offset in the log of its key; null if unknown. */
  offset: Integer | null;
  value: Identity;
}

/** An operation, its outcome, and the messages in it. */
export interface KafkaOperation extends Attempt {
  /** The keys of an assign or a subscribe. */
  keys: string[];
  /** By key, the messages sent, in order. */
  sends: Map<string, LogMessage[]>;
  /** By key, the messages polled, in order; never empty. */
  polls: Map<string, LogMessage[]>;
  /** The keys that a poll returned without messages. */
  polledEmpty: string[];
}

/**
 * The log of one key. Indices 0, 1, 2 … number the offsets at which a message is known; offsets themselves can have
 * gaps.
 */
export interface InferredLog {
  /** By index, the offset. Ascending. */
  offsets: Integer[];
  /** By index, the values at that offset, each with the first operation that showed it. One value if all is well. */
  values: Map<Identity, KafkaOperation>[];
  /** By index, the value; if there are several, the one that Jepsen chooses. */
  order: Identity[];
  /** By value in `order`, its index; the last one if there are several. */
  indices: Map<Identity, number>;
}

/** The input of all checks. */
export interface KafkaHistory {
  /** In order of completion. */
  operations: KafkaOperation[];
  /** By key. */
  logs: Map<string, InferredLog>;
  /** By key and value, the operation that sent it, whatever its outcome. */
  senders: Map<string, Map<Identity, KafkaOperation>>;
  /** By key and value, the first acknowledged operation that polled it. */
  pollers: Map<string, Map<Identity, KafkaOperation>>;
}

/**
 * Reads a history of sends, polls, transactions of both, assigns and subscribes. Of other operations only process and
 * outcome are read.
 *
 * @param shape From it, the node of each operation follows.
 * @throws {MalformedHistoryError} An operation's value is malformed.
 */
export function readKafkaHistory(history: readonly Operation[], shape: ClusterShape = {}): KafkaHistory {
  const operations = attempts(history, shape).map(readOperation);
  const senders: KafkaHistory["senders"] = new Map();
  const pollers: KafkaHistory["pollers"] = new Map();
  for (const operation of operations) {
    for (const [key, { value }] of messages(operation.sends)) {
      getOrInsert(senders, key, () => new Map()).set(value, operation);
    }
    if (operation.type !== "ok") continue;
    for (const [key, { value }] of messages(operation.polls)) {
      getOrInsert(getOrInsert(pollers, key, () => new Map()), value, () => operation);
    }
  }
  return { operations, logs: inferLogs(operations, pollers), senders, pollers };
}

/** Lists the messages of an operation's sends or polls. */
export function* messages(byKey: Map<string, LogMessage[]>): Generator<[key: string, message: LogMessage]> {
  for (const [key, ofKey] of byKey) {
    for (const message of ofKey) yield [key, message];
  }
}

function readOperation(attempt: Attempt): KafkaOperation {
  const { f, completion } = attempt;
  const hasKeys = f === "assign" || f === "subscribe";
  const keys = hasKeys ? listIn(completion, "a list of keys").map(keyName) : [];
  const hasMessages = f === "send" || f === "poll" || f === "txn";
  const nothing = { sends: new Map(), polls: new Map(), polledEmpty: [] };
  return { ...attempt, keys, ...hasMessages ? readMicroOperations(completion) : nothing };
}

function listIn({ index, value }: Operation, expected: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new MalformedHistoryError(`Cannot check operation ${index} with value ${show(value)}: expected ${expected}`);
}

function readMicroOperations(completion: Operation): Pick<KafkaOperation, "sends" | "polls" | "polledEmpty"> {
  const sends = new Map<string, LogMessage[]>();
  const polls = new Map<string, LogMessage[]>();
  const polledEmpty: string[] = [];
  const expected = '["send", key, value or [offset, value]] or ["poll", { key: [[offset, value], …] }]';
  for (const item of listIn(completion, `a list of ${expected}`)) {
    const [f, ...content] = Array.isArray(item) ? item : [];
    const polled = f === "poll" && typeof (content[0] ?? {}) === "object" ? pollEntries(content[0]) : undefined;
    if (f === "send" && content.length === 2 && (!Array.isArray(content[1]) || isMessage(content[1]))) {
      const [key, value] = content;
      const message = Array.isArray(value) ? readMessage(value) : { offset: null, value: identify(value) };
      getOrInsert(sends, keyName(key), () => []).push(message);
    } else if (polled?.every(([_, pairs]) => Array.isArray(pairs) && pairs.every(isMessage))) {
      for (const [key, pairs] of polled) {
        if (pairs.length === 0) polledEmpty.push(keyName(key));
        else getOrInsert(polls, keyName(key), () => []).push(...pairs.map(readMessage));
      }
    } else {
      throw new MalformedHistoryError(
        `Cannot check operation ${completion.index} with ${show(item)}: expected ${expected}`,
      );
    }
  }
  return { sends, polls, polledEmpty };
}

/**
 * Lists the keys of a poll's result. It is a `Map` if EDN has keys that are not strings. A key with null has no
 * messages: some languages encode an empty list so.
 */
function pollEntries(polled: unknown): [key: unknown, pairs: unknown[][]][] {
  const entries: [unknown, unknown][] = polled instanceof Map ? [...polled] : Object.entries(polled ?? {});
  return entries.map(([key, pairs]) => [key, (pairs ?? []) as unknown[][]]);
}

/** True for an offset and a value. The offset can be unknown. */
function isMessage(pair: unknown): boolean {
  if (!Array.isArray(pair) || pair.length !== 2) return false;
  const [offset] = pair;
  return offset === null || typeof offset === "bigint" || Number.isInteger(offset);
}

/** Names a key. JSON has only strings as keys; EDN has others as well. */
function keyName(key: unknown): string {
  return typeof key === "string" ? key : showIdentity(identify(key));
}

function readMessage([offset, value]: unknown[]): LogMessage {
  const isKnown = typeof offset === "bigint" || Number.isFinite(offset);
  return { offset: isKnown ? offset as Integer : null, value: identify(value) };
}

/**
 * Infers the logs. Sends count only if they must have taken effect. A poll counts whatever its outcome: the messages
 * that it returned were in the log.
 */
function inferLogs(operations: readonly KafkaOperation[], pollers: KafkaHistory["pollers"]): Map<string, InferredLog> {
  const byOffset = new Map<string, Map<Integer, Map<Identity, KafkaOperation>>>();
  const add = (operation: KafkaOperation, shown: Map<string, LogMessage[]>) => {
    for (const [key, { offset, value }] of messages(shown)) {
      if (offset === null) continue;
      const ofKey = getOrInsert(byOffset, key, () => new Map());
      getOrInsert(getOrInsert(ofKey, offset, () => new Map()), value, () => operation);
    }
  };
  for (const operation of operations) {
    if (mustHaveTakenEffect(operation, pollers)) add(operation, operation.sends);
    add(operation, operation.polls);
  }
  return new Map([...byOffset].map(([key, ofKey]) => [key, toLog(ofKey)]));
}

/**
 * True if an operation's sends must have taken effect: it was acknowledged, or its outcome is unknown and one of its
 * messages was polled.
 */
export function mustHaveTakenEffect({ type, sends }: KafkaOperation, pollers: KafkaHistory["pollers"]): boolean {
  return type === "ok" ||
    (type === "info" && [...messages(sends)].some(([key, { value }]) => pollers.get(key)?.has(value)));
}

function toLog(byOffset: Map<Integer, Map<Identity, KafkaOperation>>): InferredLog {
  const offsets = [...byOffset.keys()].sort((a, b) => a < b ? -1 : 1);
  const values = offsets.map((offset) => byOffset.get(offset)!);
  const order = values.map((atOffset) => firstInClojureSet(atOffset.keys()));
  return { offsets, values, order, indices: new Map(order.map((value, index) => [value, index])) };
}
