/**
 * Anomalies of single messages: lost, unseen, duplicated, at inconsistent offsets, polled although they should not be.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import type { Integer } from "../../../integers.ts";
import { getOrInsert } from "../../base/get_or_insert.ts";
import { nameProcess, onNode } from "../cluster_shape.ts";
import { type CaseEvidence, explainCases, outcome, seconds } from "../explain.ts";
import { type Identity, showIdentity, valueOf } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import {
  type InferredLog,
  type KafkaHistory,
  type KafkaOperation,
  messages,
  mustHaveTakenEffect,
} from "./kafka_history.ts";

/** Finds all anomalies of single messages. */
export function findMessageAnomalies(history: KafkaHistory): Anomaly[] {
  return [
    ...findLostWrites(history),
    ...findUnseen(history),
    ...findInconsistentOffsets(history),
    ...findDuplicates(history),
    ...findAbortedReads(history),
    ...findPrecommittedReads(history),
    ...findGarbageReads(history),
  ];
}

/** A message and the operation that sent it. */
interface SentMessage {
  key: string;
  value: Identity;
  sender: KafkaOperation;
}

function describeSent({ key, value, sender }: SentMessage): string {
  const message = sender.sends.get(key)!.find((message) => message.value === value)!;
  const where = message.offset === null ? "" : ` at offset ${message.offset}`;
  return `${nameProcess(sender.process, sender.node)} sent ${showIdentity(value)} to key "${key}"${where} ` +
    `(${outcome(sender.completion)})`;
}

function sentEvidence({ key, value, sender }: SentMessage): CaseEvidence {
  return { operations: [sender.completion], key, values: [valueOf(value)] };
}

/** A message that was never polled, although a later one was. */
interface LostWrite extends SentMessage {
  log: InferredLog;
  /** The highest index in the log that polls are known to have reached. */
  polledUpTo: number;
}

/**
 * Finds lost writes: a message was sent and never polled, although a message after it in the log was.
 *
 * If a message has several offsets: a poll of it proves only that polls reached its first offset; it is lost only if
 * they passed its last one.
 */
function findLostWrites({ logs, senders, pollers }: KafkaHistory): Anomaly[] {
  const cases: LostWrite[] = [];
  for (const [key, polled] of pollers) {
    const log = logs.get(key);
    if (log === undefined) continue;
    const { first, last } = firstAndLastIndices(log);
    let polledUpTo = -1;
    for (const value of polled.keys()) polledUpTo = Math.max(polledUpTo, first.get(value) ?? -1);
    for (const [value, index] of [...last].sort(([, a], [, b]) => a - b)) {
      if (index > polledUpTo || polled.has(value)) continue;
      const sender = senders.get(key)?.get(value);
      if (sender && mustHaveTakenEffect(sender, pollers)) cases.push({ key, value, sender, polledUpTo, log });
    }
  }
  return explainCases("lost-write", cases, ({ polledUpTo, log, ...sent }) => {
    const polled = pollers.get(sent.key)!;
    const later = [...log.values[polledUpTo]!.keys()].find((value) => polled.has(value))!;
    const { process, node } = polled.get(later)!;
    return `${describeSent(sent)}, but no poll ever returned it, although ` +
      `${nameProcess(process, node)} polled ${showIdentity(later)} at offset ${log.offsets[polledUpTo]}`;
  }, sentEvidence);
}

/** The first and the last index of every value in a log. */
function firstAndLastIndices({ values }: InferredLog): { first: Map<Identity, number>; last: Map<Identity, number> } {
  const first = new Map<Identity, number>();
  const last = new Map<Identity, number>();
  for (const [index, atOffset] of values.entries()) {
    for (const value of atOffset.keys()) {
      getOrInsert(first, value, () => index);
      last.set(value, index);
    }
  }
  return { first, last };
}

/** Finds unseen messages: acknowledged, and never polled. */
function findUnseen({ operations, pollers }: KafkaHistory): Anomaly[] {
  const cases = operations.filter(({ type }) => type === "ok").flatMap((sender) =>
    [...messages(sender.sends)]
      .filter(([key, { value }]) => !pollers.get(key)?.has(value))
      .map(([key, { value }]): SentMessage => ({ key, value, sender }))
  );
  return explainCases("unseen", cases, (sent) => `${describeSent(sent)}, but no poll ever returned it`, sentEvidence);
}

/** Finds inconsistent offsets: several messages at one offset. */
function findInconsistentOffsets({ logs }: KafkaHistory): Anomaly[] {
  const cases = [...logs].flatMap(([key, { offsets, values }]) =>
    values.flatMap((atOffset, index) => atOffset.size > 1 ? [{ key, offset: offsets[index]!, atOffset }] : [])
  );
  return explainCases("inconsistent-offsets", cases, ({ key, offset, atOffset }) => {
    const accounts = [...atOffset].slice(0, 4).map(([value, operation]) => {
      const { process, node, sends, completion } = operation;
      const verb = sends.get(key)?.some((message) => message.value === value) ? "sent" : "polled";
      return `${nameProcess(process, node)} ${verb} ${showIdentity(value)} (${outcome(completion)})`;
    });
    return `key "${key}" has ${atOffset.size} messages at offset ${offset}: ${accounts.join(", ")}`;
  }, ({ key, atOffset }) => ({
    operations: Array.from(atOffset.values(), ({ completion }) => completion),
    key,
    values: Array.from(atOffset.keys(), valueOf),
  }));
}

/** Finds duplicates: one message at several offsets. */
function findDuplicates({ logs }: KafkaHistory): Anomaly[] {
  const cases = [...logs].flatMap(([key, { offsets, values }]) => {
    const offsetsOf = new Map<Identity, Integer[]>();
    for (const [index, atOffset] of values.entries()) {
      for (const value of atOffset.keys()) getOrInsert(offsetsOf, value, () => []).push(offsets[index]!);
    }
    return [...offsetsOf].filter(([_, at]) => at.length > 1).map(([value, at]) => ({ key, value, at }));
  });
  return explainCases(
    "duplicate",
    cases,
    ({ key, value, at }) =>
      `message ${showIdentity(value)} is at ${at.length} offsets of key "${key}": ${at.slice(0, 8).join(", ")}`,
    ({ key, value }) => ({ key, values: [valueOf(value)] }),
  );
}

/** A message and an operation that polled it. */
interface PolledMessage {
  poller: KafkaOperation;
  key: string;
  offset: Integer | null;
  value: Identity;
}

function polledEvidence({ poller, key, value }: PolledMessage): CaseEvidence {
  return { operations: [poller.completion], key, values: [valueOf(value)] };
}

function* acknowledgedPolls({ operations }: KafkaHistory): Generator<PolledMessage> {
  for (const poller of operations) {
    if (poller.type !== "ok") continue;
    for (const [key, message] of messages(poller.polls)) yield { poller, key, ...message };
  }
}

function describePolled({ poller, key, offset, value }: PolledMessage): string {
  const where = offset === null ? "" : ` at offset ${offset}`;
  return `${nameProcess(poller.process, poller.node)} polled ${showIdentity(value)} from key "${key}"${where} ` +
    `at ${seconds(poller.completion.time)}`;
}

/** Finds aborted reads: a message was polled although its send failed. */
function findAbortedReads(history: KafkaHistory): Anomaly[] {
  const senderOf = ({ key, value }: PolledMessage) => history.senders.get(key)?.get(value);
  const cases = [...acknowledgedPolls(history)].filter((polled) => senderOf(polled)?.type === "fail");
  return explainCases("G1a", cases, (polled) => {
    const { process, node, completion } = senderOf(polled)!;
    return `${describePolled(polled)}, but process ${process}'s send of it${onNode(node)} ${outcome(completion)}`;
  }, (polled) => ({ ...polledEvidence(polled), operations: [senderOf(polled)!.completion, polled.poller.completion] }));
}

/** Finds precommitted reads: a transaction polls a message that it sent itself. One case per transaction. */
function findPrecommittedReads({ operations }: KafkaHistory): Anomaly[] {
  const cases = operations.flatMap((poller) => {
    const own = [...messages(poller.polls)].find(([key, { value }]) =>
      poller.sends.get(key)?.some((sent) => sent.value === value)
    );
    return own === undefined ? [] : [{ poller, key: own[0], ...own[1] }];
  });
  return explainCases(
    "precommitted-read",
    cases,
    (polled) => `${describePolled(polled)}, in the same transaction that sent it`,
    polledEvidence,
  );
}

/** Finds garbage reads: a message was polled that was never sent to that key. */
function findGarbageReads(history: KafkaHistory): Anomaly[] {
  const cases = [...acknowledgedPolls(history)].filter(({ key, value }) => !history.senders.get(key)?.has(value));
  return explainCases(
    "garbage-read",
    cases,
    (polled) => `${describePolled(polled)}, but it was never sent there`,
    polledEvidence,
  );
}
