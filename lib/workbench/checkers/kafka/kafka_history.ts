/**
 * The logs of a kafka history: its operations in one shape, and for each key the order of the messages as sends and
 * polls tell it.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { attempts } from "../attempts.ts";
import { entry } from "../entry.ts";
import { show } from "../../base/text.ts";
import { firstInClojureSet } from "../clojure_set.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";

/** A message as a send or a poll shows it. */
export interface LogMessage {
  /** Its place in the log of its key; null where that is not known. */
  offset: number | null;
  value: Identity;
}

/** A completed operation of the workload, whatever the notation of its history. */
export interface KafkaOperation {
  process: number;
  f: string;
  type: "ok" | "fail" | "info";
  invocation: Operation;
  /** The completion; the invocation itself where there is none. */
  completion: Operation;
  /** The keys of an assign or a subscribe. */
  keys: string[];
  /** By key, the messages sent, in order. */
  sends: Map<string, LogMessage[]>;
  /** By key, the messages polled, in order. Keys without messages are left out. */
  polls: Map<string, LogMessage[]>;
}

/** The log of one key. Its messages have indices 0, 1, 2 …: offsets without the gaps. */
export interface Log {
  /** By index, the offset. */
  offsets: number[];
  /**
   * By index, the values found at that offset, each with the operation that showed it first: one value, if all is well.
   */
  values: Map<Identity, KafkaOperation>[];
  /** By index, the value; where there are several, the one that Jepsen takes. */
  order: Identity[];
  /** The index of each value in `order`; of a duplicate, the last. */
  indices: Map<Identity, number>;
}

/** What the checks start from. */
export interface KafkaHistory {
  /** In order of completion. */
  operations: KafkaOperation[];
  logs: Map<string, Log>;
  /** By key and value, who tried to send it. */
  senders: Map<string, Map<Identity, KafkaOperation>>;
  /** By key and value, the first acknowledged operation that polled it. */
  pollers: Map<string, Map<Identity, KafkaOperation>>;
}

/**
 * Reads a history of sends, polls, transactions of both, assigns and subscribes; other functions are passed over.
 *
 * @throws {TypeError} An operation's value has not the shape it should have.
 */
export function readKafkaHistory(history: readonly Operation[]): KafkaHistory {
  const operations = attempts(history).map(({ process, f, type, invocation, completion }): KafkaOperation => {
    const operation: KafkaOperation = {
      process,
      f,
      type,
      invocation,
      completion,
      keys: [],
      sends: new Map(),
      polls: new Map(),
    };
    if (f === "assign" || f === "subscribe") operation.keys = list(completion, "a list of keys").map(nameKey);
    if (f === "send" || f === "poll" || f === "txn") readMicroOperations(operation);
    return operation;
  });
  const senders: KafkaHistory["senders"] = new Map();
  const pollers: KafkaHistory["pollers"] = new Map();
  for (const operation of operations) {
    for (const [key, { value }] of messages(operation.sends)) {
      entry(senders, key, () => new Map()).set(value, operation);
    }
    if (operation.type !== "ok") continue;
    for (const [key, { value }] of messages(operation.polls)) {
      entry(entry(pollers, key, () => new Map<Identity, KafkaOperation>()), value, () => operation);
    }
  }
  return { operations, logs: readLogs(operations, pollers), senders, pollers };
}

/** The messages of an operation's sends or polls, one by one. */
export function* messages(byKey: Map<string, LogMessage[]>): Generator<[key: string, message: LogMessage]> {
  for (const [key, ofKey] of byKey) {
    for (const message of ofKey) yield [key, message];
  }
}

function list({ index, value }: Operation, expected: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot check operation ${index} with value ${show(value)}: expected ${expected}`);
}

function readMicroOperations({ completion, sends, polls }: KafkaOperation): void {
  const expected = '["send", key, value or [offset, value]] or ["poll", { key: [[offset, value], …] }]';
  for (const item of list(completion, `a list of ${expected}`)) {
    const [f, ...content] = Array.isArray(item) ? item : [];
    if (f === "send" && content.length === 2) {
      const [key, value] = content;
      entry(sends, nameKey(key), () => []).push(
        Array.isArray(value) ? readMessage(value) : { offset: null, value: identify(value) },
      );
    } else if (
      f === "poll" && pollEntries(content[0]).every(([_, pairs]) => Array.isArray(pairs) && pairs.every(Array.isArray))
    ) {
      for (const [key, pairs] of pollEntries(content[0])) {
        if (pairs.length > 0) entry(polls, nameKey(key), () => []).push(...pairs.map(readMessage));
      }
    } else throw new TypeError(`Cannot check operation ${completion.index} with ${show(item)}: expected ${expected}`);
  }
}

// Where keys are integers, EDN gives a Map.
function pollEntries(polled: unknown): [key: unknown, pairs: unknown[][]][] {
  return polled instanceof Map ? [...polled] : Object.entries(polled ?? {}) as [string, unknown[][]][];
}

/** A key as text: JSON has no other keys, EDN has. */
function nameKey(key: unknown): string {
  return typeof key === "string" ? key : showIdentity(identify(key));
}

function readMessage([offset, value]: unknown[]): LogMessage {
  return { offset: Number.isFinite(offset) ? offset as number : null, value: identify(value) };
}

/**
 * Puts the logs together. A send counts only if it surely took effect; a poll counts whatever became of its operation,
 * for pollers are shown nothing that is not safe.
 */
function readLogs(operations: readonly KafkaOperation[], pollers: KafkaHistory["pollers"]): Map<string, Log> {
  const byOffset = new Map<string, Map<number, Map<Identity, KafkaOperation>>>();
  const add = (operation: KafkaOperation, shown: Map<string, LogMessage[]>) => {
    for (const [key, { offset, value }] of messages(shown)) {
      if (offset === null) continue;
      const values = entry(entry(byOffset, key, () => new Map()), offset, () => new Map<Identity, KafkaOperation>());
      entry(values, value, () => operation);
    }
  };
  for (const operation of operations) {
    if (mustHaveTakenEffect(operation, pollers)) add(operation, operation.sends);
    add(operation, operation.polls);
  }
  return new Map([...byOffset].map(([key, values]) => [key, toLog(values)]));
}

/** Whether an operation's sends surely took effect: it was acknowledged, or something it sent was polled. */
export function mustHaveTakenEffect({ type, sends }: KafkaOperation, pollers: KafkaHistory["pollers"]): boolean {
  return type === "ok" ||
    (type === "info" && [...messages(sends)].some(([key, { value }]) => pollers.get(key)?.has(value)));
}

function toLog(byOffset: Map<number, Map<Identity, KafkaOperation>>): Log {
  const offsets = [...byOffset.keys()].sort((a, b) => a - b);
  const values = offsets.map((offset) => byOffset.get(offset)!);
  const order = values.map((atOffset) => firstInClojureSet(atOffset.keys()));
  return { offsets, values, order, indices: new Map(order.map((value, index) => [value, index])) };
}
