/**
 * What became of the messages of a kafka history: lost, never seen, duplicated, at contradictory offsets, polled though
 * aborted.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { entry } from "../entry.ts";
import { found, outcome, seconds } from "../explain.ts";
import { type Identity, showIdentity } from "../identify.ts";
import { type KafkaHistory, type KafkaOperation, type Log, messages, mustHaveTakenEffect } from "./kafka_history.ts";
import type { Anomaly } from "../verdict.ts";

/** Finds every anomaly that concerns single messages. */
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

/** A message that somebody sent, and what is told about it. */
interface Sent {
  key: string;
  value: Identity;
  sender: KafkaOperation;
}

function tellSent({ key, value, sender }: Sent): string {
  const message = sender.sends.get(key)!.find((message) => message.value === value)!;
  const where = message.offset === null ? "" : ` at offset ${message.offset}`;
  return `process ${sender.process} sent ${showIdentity(value)} to key "${key}"${where} ` +
    `and was ${outcome(sender.completion)}`;
}

/**
 * Lost writes: a message that must be in the log before another which somebody polled, and that nobody polled. A
 * message at several offsets counts at its first where it proves how far polls have come, and at its last where it
 * should have been polled.
 */
function findLostWrites({ logs, senders, pollers }: KafkaHistory): Anomaly[] {
  const cases: (Sent & { bound: number; log: Log })[] = [];
  for (const [key, polled] of pollers) {
    const log = logs.get(key);
    if (log === undefined) continue;
    const { first, last } = appearances(log);
    let bound = -1;
    for (const value of polled.keys()) bound = Math.max(bound, first.get(value) ?? -1);
    for (const [value, index] of [...last].sort(([, a], [, b]) => a - b)) {
      if (index > bound || polled.has(value)) continue;
      const sender = senders.get(key)?.get(value);
      if (sender && mustHaveTakenEffect(sender, pollers)) cases.push({ key, value, sender, bound, log });
    }
  }
  return found("lost-write", cases, ({ bound, log, ...sent }) => {
    const ahead = [...log.values[bound]!.keys()].find((value) => pollers.get(sent.key)!.has(value))!;
    const poller = pollers.get(sent.key)!.get(ahead)!;
    const polled = `process ${poller.process} polled ${showIdentity(ahead)} at offset ${log.offsets[bound]}`;
    return `${tellSent(sent)}; ${polled}, but no poll ever saw ${showIdentity(sent.value)}`;
  });
}

/** The first and the last index of every value in a log. */
function appearances({ values }: Log): { first: Map<Identity, number>; last: Map<Identity, number> } {
  const first = new Map<Identity, number>();
  const last = new Map<Identity, number>();
  for (const [index, atOffset] of values.entries()) {
    for (const value of atOffset.keys()) {
      entry(first, value, () => index);
      last.set(value, index);
    }
  }
  return { first, last };
}

/** Unseen messages: acknowledged, and never polled, for whatever reason. */
function findUnseen({ operations, pollers }: KafkaHistory): Anomaly[] {
  const cases = operations.filter(({ type }) => type === "ok").flatMap((sender) =>
    [...messages(sender.sends)]
      .filter(([key, { value }]) => !pollers.get(key)?.has(value))
      .map(([key, { value }]): Sent => ({ key, value, sender }))
  );
  return found("unseen", cases, (sent) => `${tellSent(sent)}, but no poll ever saw it`);
}

/** Inconsistent offsets: one offset, several messages. */
function findInconsistentOffsets({ logs }: KafkaHistory): Anomaly[] {
  const cases = [...logs].flatMap(([key, { offsets, values }]) =>
    values.flatMap((atOffset, index) => atOffset.size > 1 ? [{ key, offset: offsets[index]!, atOffset }] : [])
  );
  return found("inconsistent-offsets", cases, ({ key, offset, atOffset }) => {
    const accounts = [...atOffset].slice(0, 4).map(([value, operation]) => {
      const verb = operation.sends.get(key)?.some((message) => message.value === value) ? "sent" : "polled";
      return `process ${operation.process} ${verb} ${showIdentity(value)} (${outcome(operation.completion)})`;
    });
    return `key "${key}" holds ${atOffset.size} messages at offset ${offset}: ${accounts.join(", ")}`;
  });
}

/** Duplicates: one message, several offsets. */
function findDuplicates({ logs }: KafkaHistory): Anomaly[] {
  const cases = [...logs].flatMap(([key, { offsets, values }]) => {
    const places = new Map<Identity, number[]>();
    values.forEach((atOffset, index) => {
      for (const value of atOffset.keys()) entry(places, value, () => []).push(offsets[index]!);
    });
    return [...places].filter(([_, at]) => at.length > 1).map(([value, at]) => ({ key, value, at }));
  });
  return found(
    "duplicate",
    cases,
    ({ key, value, at }) =>
      `${showIdentity(value)} stands at ${at.length} offsets of key "${key}": ${at.slice(0, 8).join(", ")}`,
  );
}

/** A poll of one message. */
interface Polled {
  poller: KafkaOperation;
  key: string;
  offset: number | null;
  value: Identity;
}

function* acknowledgedPolls({ operations }: KafkaHistory): Generator<Polled> {
  for (const poller of operations) {
    if (poller.type !== "ok") continue;
    for (const [key, message] of messages(poller.polls)) yield { poller, key, ...message };
  }
}

function tellPolled({ poller, key, offset, value }: Polled): string {
  const where = offset === null ? "" : ` at offset ${offset}`;
  return `process ${poller.process} polled ${showIdentity(value)} of key "${key}"${where} ` +
    `at ${seconds(poller.completion.time)}`;
}

/** Aborted reads: a message is polled though its send failed. */
function findAbortedReads(history: KafkaHistory): Anomaly[] {
  const sender = ({ key, value }: Polled) => history.senders.get(key)?.get(value);
  const cases = [...acknowledgedPolls(history)].filter((polled) => sender(polled)?.type === "fail");
  return found("G1a", cases, (polled) => {
    const { process, completion } = sender(polled)!;
    return `${tellPolled(polled)}, though process ${process}'s send of it ${outcome(completion)}`;
  });
}

/** Precommitted reads: a transaction polls what it has sent itself, before it could be committed. One case a transaction. */
function findPrecommittedReads({ operations }: KafkaHistory): Anomaly[] {
  const cases = operations.flatMap((poller) => {
    const own = [...messages(poller.polls)].find(([key, { value }]) =>
      poller.sends.get(key)?.some((sent) => sent.value === value)
    );
    return own === undefined ? [] : [{ poller, key: own[0], ...own[1] }];
  });
  return found("precommitted-read", cases, (polled) => `${tellPolled(polled)}, in the transaction that sent it`);
}

/** Garbage reads: a message is polled that nobody sent to that key. */
function findGarbageReads(history: KafkaHistory): Anomaly[] {
  const cases = [...acknowledgedPolls(history)].filter(({ key, value }) => !history.senders.get(key)?.has(value));
  return found("garbage-read", cases, (polled) => `${tellPolled(polled)}, which nobody ever sent to it`);
}
