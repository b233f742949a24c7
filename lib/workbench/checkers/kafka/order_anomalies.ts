/**
 * Whether a kafka history's sends and polls follow the order of the logs: within an operation, and from one operation
 * of a process to its next.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { found, seconds } from "../explain.ts";
import { showIdentity } from "../identify.ts";
import type { KafkaHistory, KafkaOperation, Log, LogMessage } from "./kafka_history.ts";
import type { Anomaly } from "../verdict.ts";

/**
 * Two messages of one key that a process sent or polled one after another, though they are not neighbours in that
 * order.
 */
interface Jump {
  key: string;
  from: { operation: KafkaOperation; message: LogMessage };
  to: { operation: KafkaOperation; message: LogMessage };
  /** How far it goes in the log: 1 would be to the next message. */
  delta: number;
}

type Aspect = "polls" | "sends";

/**
 * Finds the anomalies that concern the order of polls and of sends. Skips from one send to the next are as they should
 * be.
 */
export function findOrderAnomalies(history: KafkaHistory): Anomaly[] {
  const externalPolls = externalJumps(history, "polls");
  const internalPolls = internalJumps(history, "polls");
  const internalSends = internalJumps(history, "sends");
  return [
    ...skips("poll-skip", "polled", externalPolls, history.logs),
    ...reversals("nonmonotonic-poll", "polled", externalPolls),
    ...skips("int-poll-skip", "polled", internalPolls, history.logs),
    ...reversals("int-nonmonotonic-poll", "polled", internalPolls),
    ...reversals("nonmonotonic-send", "sent", externalJumps(history, "sends")),
    ...skips("int-send-skip", "sent", internalSends, history.logs),
    ...reversals("int-nonmonotonic-send", "sent", internalSends),
  ];
}

/** The jumps within operations. */
function internalJumps({ operations, logs }: KafkaHistory, aspect: Aspect): Jump[] {
  return operations.flatMap((operation) =>
    [...operation[aspect]].flatMap(([key, messages]) =>
      messages.slice(1).flatMap((message, index) =>
        jump(logs, key, { operation, message: messages[index]! }, { operation, message })
      )
    )
  );
}

/**
 * The jumps from one operation of a process to its next on the same key. A process that is assigned other keys keeps
 * its place only in those that it had before; a client that crashes comes back as another process, without any place.
 */
function externalJumps({ operations, logs }: KafkaHistory, aspect: Aspect): Jump[] {
  const places = new Map<number, Map<string, { operation: KafkaOperation; message: LogMessage }>>();
  return operations.flatMap((operation) => {
    const { process, f, type, keys } = operation;
    // What failed was not sent; what it has polled it has seen all the same.
    if (type === "fail" && aspect === "sends") return [];
    const before = places.get(process) ?? new Map();
    if (f === "assign" || f === "subscribe") {
      if (type !== "fail") {
        places.set(process, new Map(keys.flatMap((key) => before.has(key) ? [[key, before.get(key)]] : [])));
      }
      return [];
    }
    const jumps = [...operation[aspect]].flatMap(([key, messages]) => {
      const from = before.get(key);
      return from === undefined ? [] : jump(logs, key, from, { operation, message: messages[0]! });
    });
    // A poll without a definite end leaves the client where it was. A send may have taken effect: it moves the client on.
    if (type === "ok" || aspect === "sends") {
      for (const [key, messages] of operation[aspect]) before.set(key, { operation, message: messages.at(-1)! });
      places.set(process, before);
    }
    return jumps;
  });
}

function jump(logs: Map<string, Log>, key: string, from: Jump["from"], to: Jump["to"]): Jump[] {
  const indices = logs.get(key)?.indices;
  const [start, end] = [indices?.get(from.message.value), indices?.get(to.message.value)];
  if (start === undefined || end === undefined || end - start === 1) return [];
  return [{ key, from, to, delta: end - start }];
}

/** The jumps forward over messages that exist, the longest first. */
function skips(type: string, verb: string, jumps: readonly Jump[], logs: Map<string, Log>): Anomaly[] {
  const cases = jumps.filter(({ delta }) => delta > 1).sort((a, b) => b.delta - a.delta);
  return found(type, cases, (skip) => {
    const { order, indices } = logs.get(skip.key)!;
    const start = indices.get(skip.from.message.value)! + 1;
    const passed = order.slice(start, start + Math.min(skip.delta - 1, 8)).map(showIdentity).join(", ");
    return `${tellJump(verb, skip)}: passed over ${passed}${skip.delta > 9 ? `, … (${skip.delta - 1} messages)` : ""}`;
  });
}

/** The jumps backward, or to the same message again, the longest first. */
function reversals(type: string, verb: string, jumps: readonly Jump[]): Anomaly[] {
  const cases = jumps.filter(({ delta }) => delta < 1).sort((a, b) => a.delta - b.delta);
  return found(
    type,
    cases,
    (reversal) =>
      `${tellJump(verb, reversal)}: ` +
      (reversal.delta === 0 ? "the same message again" : `${-reversal.delta} back in the log`),
  );
}

function tellJump(verb: string, { key, from, to }: Jump): string {
  const tell = ({ offset, value }: LogMessage) => showIdentity(value) + (offset === null ? "" : ` at offset ${offset}`);
  const time = ({ operation }: Jump["from"]) => ` (${seconds(operation.completion.time)})`;
  const together = from.operation === to.operation;
  const first = `${tell(from.message)} of key "${key}"${together ? "" : time(from)}`;
  return `process ${from.operation.process} ${verb} ${first} ` +
    `and next ${tell(to.message)}${together ? " in the same operation" : ""}${time(to)}`;
}
