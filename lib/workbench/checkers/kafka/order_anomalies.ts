/**
 * Anomalies of order: sends and polls that do not follow the order of the logs, within an operation or between two
 * operations of a process.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { nameProcess } from "../cluster_shape.ts";
import { type CaseEvidence, explainCases, seconds } from "../explain.ts";
import { showIdentity, valueOf } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import type { InferredLog, KafkaHistory, KafkaOperation, LogMessage } from "./kafka_history.ts";

/** A message and the operation that sent or polled it. */
interface Appearance {
  operation: KafkaOperation;
  message: LogMessage;
}

/**
 * Two messages that a process sent or polled in succession, although the second does not follow the first in the log.
 */
interface Jump {
  key: string;
  from: Appearance;
  to: Appearance;
  /** Distance in the log: 0 is the same message again. The next message (1) is not a jump. */
  delta: number;
}

/** Finds all anomalies of order. It is normal that a process skips messages from one send to its next one. */
export function findOrderAnomalies(history: KafkaHistory): Anomaly[] {
  const externalPolls = externalJumps(history, "polls");
  const seenByJepsen = externalPolls.length === 0 ? [] : externalJumps(history, "polls", true);
  const internalPolls = internalJumps(history, "polls");
  const internalSends = internalJumps(history, "sends");
  return [
    ...asSeen(skips("poll-skip", "polled", externalPolls, history.logs), seenByJepsen.some(isSkip)),
    ...asSeen(reversals("nonmonotonic-poll", "polled", externalPolls), seenByJepsen.some(isReversal)),
    ...skips("int-poll-skip", "polled", internalPolls, history.logs),
    ...reversals("int-nonmonotonic-poll", "polled", internalPolls),
    ...reversals("nonmonotonic-send", "sent", externalJumps(history, "sends")),
    ...skips("int-send-skip", "sent", internalSends, history.logs),
    ...reversals("int-nonmonotonic-send", "sent", internalSends),
  ];
}

/** Marks anomalies as overlooked by Maelstrom if its checker finds no case. */
function asSeen(anomalies: Anomaly[], isSeen: boolean): Anomaly[] {
  return isSeen ? anomalies : anomalies.map((anomaly) => ({ ...anomaly, maelstrom: "overlooks" }));
}

function isSkip({ delta }: Jump): boolean {
  return delta > 1;
}

function isReversal({ delta }: Jump): boolean {
  return delta < 1;
}

/** Finds the jumps within operations. */
function internalJumps({ operations, logs }: KafkaHistory, side: "polls" | "sends"): Jump[] {
  return operations.flatMap((operation) =>
    [...operation[side]].flatMap(([key, messages]) =>
      messages.slice(1).flatMap((message, index) =>
        jump(logs, key, { operation, message: messages[index]! }, { operation, message })
      )
    )
  );
}

/**
 * Finds the jumps from an operation of a process to its next one on the same key. An assign keeps the positions in keys
 * that the process had before. A client that crashes continues as another process, without positions.
 *
 * @param forgets True to forget the position in a key after a poll without messages of it, as Jepsen does.
 */
function externalJumps({ operations, logs }: KafkaHistory, side: "polls" | "sends", forgets = false): Jump[] {
  // By process and key, the last message that the process sent or polled.
  const positions = new Map<number, Map<string, Appearance>>();
  return operations.flatMap((operation) => {
    const { process, f, type, keys } = operation;
    // A failed send did not happen. The messages of a failed poll were seen nevertheless.
    if (type === "fail" && side === "sends") return [];
    const before = getOrInsert(positions, process, () => new Map());
    if (f === "assign" || f === "subscribe") {
      const kept = keys.flatMap((key): [string, Appearance][] => before.has(key) ? [[key, before.get(key)!]] : []);
      if (type !== "fail") positions.set(process, new Map(kept));
      return [];
    }
    const jumps = [...operation[side]].flatMap(([key, messages]) => {
      const from = before.get(key);
      return from === undefined ? [] : jump(logs, key, from, { operation, message: messages[0]! });
    });
    // A poll with unknown outcome does not move the client; a send may have taken effect, so it does.
    if (type === "ok" || side === "sends") {
      for (const [key, messages] of operation[side]) before.set(key, { operation, message: messages.at(-1)! });
      if (forgets) operation.polledEmpty.forEach((key) => before.delete(key));
    }
    return jumps;
  });
}

function jump(logs: Map<string, InferredLog>, key: string, from: Appearance, to: Appearance): Jump[] {
  const indices = logs.get(key)?.indices;
  const [start, end] = [indices?.get(from.message.value), indices?.get(to.message.value)];
  if (start === undefined || end === undefined || end - start === 1) return [];
  return [{ key, from, to, delta: end - start }];
}

/** Reports the jumps forward, the longest first. */
function skips(type: string, verb: string, jumps: readonly Jump[], logs: Map<string, InferredLog>): Anomaly[] {
  const cases = jumps.filter(isSkip).sort((a, b) => b.delta - a.delta);
  return explainCases(type, cases, (skip) => {
    const { order, indices } = logs.get(skip.key)!;
    const start = indices.get(skip.from.message.value)! + 1;
    const skipped = order.slice(start, start + Math.min(skip.delta - 1, 8)).map(showIdentity).join(", ");
    return `${describeJump(verb, skip)}, skipping ${skipped}${
      skip.delta > 9 ? `, … (${skip.delta - 1} messages)` : ""
    }`;
  }, jumpEvidence);
}

/** Reports the jumps backward and repetitions, the longest first. */
function reversals(type: string, verb: string, jumps: readonly Jump[]): Anomaly[] {
  const cases = jumps.filter(isReversal).sort((a, b) => a.delta - b.delta);
  return explainCases(type, cases, (reversal) => {
    const back = reversal.delta === 0 ? "the same message again" : `which is ${-reversal.delta} back in the log`;
    return `${describeJump(verb, reversal)}, ${back}`;
  }, jumpEvidence);
}

function jumpEvidence({ key, from, to }: Jump): CaseEvidence {
  const both = [from, to];
  return {
    operations: both.map(({ operation }) => operation.completion),
    key,
    values: both.map(({ message }) => valueOf(message.value)),
  };
}

function describeJump(verb: string, { key, from, to }: Jump): string {
  const describe = ({ message: { offset, value } }: Appearance) =>
    showIdentity(value) + (offset === null ? "" : ` at offset ${offset}`);
  const time = ({ operation }: Appearance) => ` (${seconds(operation.completion.time)})`;
  const isInternal = from.operation === to.operation;
  const first = `${describe(from)} of key "${key}"${isInternal ? "" : time(from)}`;
  return `${nameProcess(from.operation.process, from.operation.node)} ${verb} ${first} ` +
    `and then ${describe(to)}${isInternal ? " in the same operation" : ""}${time(to)}`;
}
