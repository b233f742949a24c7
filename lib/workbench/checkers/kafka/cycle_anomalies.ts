/**
 * Anomalies that are cycles of dependencies between sends, polls and transactions: a message was polled before it was
 * sent, directly or through other operations.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { show } from "../../base/text.ts";
import { onNode } from "../cluster_shape.ts";
import { outcome } from "../explain.ts";
import {
  buildGraph,
  createEdges,
  type CycleWords,
  dropImplied,
  explainCycles,
  explainOrder,
  findCycles,
  type Kinds,
  link,
  linkRealtime,
  type Span,
  WR,
  WW,
} from "../graph/mod.ts";
import { type Identity, showIdentity } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import { type InferredLog, type KafkaHistory, type KafkaOperation, messages } from "./kafka_history.ts";

/** The functions that depend on each other. */
const FUNCTIONS: readonly string[] = ["send", "poll", "txn"];

/**
 * Finds the cycles of these dependencies: an operation that polled a message depends on the one that sent it (wr), and
 * on all that completed before it was invoked (real time).
 *
 * @param wwDeps True if the sender of a message also depends on the sender of the message before it in the log (ww).
 */
export function findKafkaCycles(history: KafkaHistory, wwDeps: boolean): Anomaly[] {
  const operations = history.operations.filter(({ f }) => FUNCTIONS.includes(f));
  const vertices = new Map(operations.map((operation, vertex) => [operation, vertex]));
  const edges = createEdges();
  const linkOperations = (from: KafkaOperation | undefined, to: KafkaOperation | undefined, kind: Kinds) => {
    if (from !== undefined && to !== undefined) link(edges, vertices.get(from)!, vertices.get(to)!, kind);
  };
  for (const poller of operations) {
    for (const [key, { value }] of messages(poller.polls)) {
      linkOperations(history.senders.get(key)?.get(value), poller, WR);
    }
  }
  for (const [key, { order }] of wwDeps ? history.logs : []) {
    const senders = order.map((value) => history.senders.get(key)?.get(value));
    for (const [index, sender] of senders.entries()) linkOperations(senders[index - 1], sender, WW);
  }
  linkRealtime(edges, operations.map(spanOf));
  const cycles = findCycles(buildGraph(operations.length, edges));
  return dropImplied(explainCycles(cycles, operations, cycleWords(history)));
}

function spanOf({ process, type, invocation, completion }: KafkaOperation, vertex: number): Span {
  return { vertex, process, begin: invocation.index, end: type === "ok" ? completion.index : Infinity };
}

function cycleWords(history: KafkaHistory): CycleWords<KafkaOperation> {
  return {
    describe: ({ process, node, completion }) =>
      `process ${process}'s ${completion.f} ${show(completion.value)}${onNode(node)} (${outcome(completion)})`,
    operation: ({ completion }) => completion,
    reason: (from, to, kind, names) =>
      explainOrder(from, to, kind, names) ?? explainDependency(history, from, to, kind, names),
  };
}

function explainDependency(
  { senders, logs }: KafkaHistory,
  from: KafkaOperation,
  to: KafkaOperation,
  kind: Kinds,
  [fromName, toName]: [string, string],
): string {
  for (const [key, { value }] of messages(kind === WR ? to.polls : to.sends)) {
    const sent = kind === WR ? value : previousMessage(logs.get(key), value);
    if (sent === undefined || senders.get(key)?.get(sent) !== from) continue;
    if (kind === WR) return `${toName} polled ${showIdentity(value)} from key "${key}", which ${fromName} sent`;
    return `${toName}'s ${showIdentity(value)} directly follows ${fromName}'s ${showIdentity(sent)} in key "${key}"`;
  }
  throw new RangeError(`Cannot explain why ${show(to.completion)} depends on ${show(from.completion)}`);
}

function previousMessage(log: InferredLog | undefined, value: Identity): Identity | undefined {
  const index = log?.indices.get(value);
  return index === undefined ? undefined : log!.order[index - 1];
}
