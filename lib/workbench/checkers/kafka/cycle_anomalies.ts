/**
 * Dependencies between the operations of a kafka history, and the cycles among them: that a message was polled before it
 * was sent, be it in a roundabout way.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { findCycles, REALTIME, WR, WW } from "../graph/cycles.ts";
import { buildGraph, createEdges, type Edges, link } from "../graph/graph.ts";
import { outcome } from "../explain.ts";
import { show } from "../../base/text.ts";
import { type Identity, showIdentity } from "../identify.ts";
import { type KafkaHistory, type KafkaOperation, messages } from "./kafka_history.ts";
import { linkRealtime } from "../graph/order_edges.ts";
import { withoutRedundant } from "../txn/cycle_anomalies.ts";
import { explainCycles, tellOrder, type Words } from "../graph/explain_cycles.ts";
import type { Anomaly } from "../verdict.ts";

/** The operations that depend on others. */
const FUNCTIONS: readonly string[] = ["send", "poll", "txn"];

/**
 * Finds cycles: whoever polled a message comes after its sender, and in real time what was begun comes after what had
 * been completed.
 *
 * @param wwDeps Whether the sender of a message comes after that of the one before it in the log, too.
 */
export function findKafkaCycles(history: KafkaHistory, wwDeps: boolean): Anomaly[] {
  const operations = history.operations.filter(({ f }) => FUNCTIONS.includes(f));
  const vertices = new Map(operations.map((operation, vertex) => [operation, vertex]));
  const edges = createEdges();
  const linkOperations = (from: KafkaOperation | undefined, to: KafkaOperation | undefined, kind: number) => {
    if (from !== undefined && to !== undefined) link(edges, vertices.get(from)!, vertices.get(to)!, kind);
  };
  for (const poller of operations) {
    for (const [key, { value }] of messages(poller.polls)) {
      linkOperations(history.senders.get(key)?.get(value), poller, WR);
    }
  }
  if (wwDeps) {
    for (const [key, { order }] of history.logs) {
      const senders = order.map((value) => history.senders.get(key)?.get(value));
      senders.forEach((sender, index) => linkOperations(senders[index - 1], sender, WW));
    }
  }
  linkOrder(edges, operations);
  const cycles = findCycles(buildGraph(operations.length, edges));
  return withoutRedundant(explainCycles(cycles, operations, words(history)), []);
}

function linkOrder(edges: Edges, operations: readonly KafkaOperation[]): void {
  const spans = operations.map(({ process, type, invocation, completion }, vertex) => ({
    vertex,
    process,
    begin: invocation.index,
    end: type === "ok" ? completion.index : Infinity,
  }));
  linkRealtime(edges, spans);
}

function words({ senders, logs }: KafkaHistory): Words<KafkaOperation> {
  const tellData = (from: KafkaOperation, to: KafkaOperation, kind: number, [first, second]: [string, string]) => {
    for (const [key, { value }] of messages(kind === WR ? to.polls : to.sends)) {
      const before = kind === WR ? value : previous(key, value);
      if (before === undefined || senders.get(key)?.get(before) !== from) continue;
      if (kind === WR) return `${second} polled ${showIdentity(value)} of key "${key}", which ${first} sent`;
      return `${second}'s ${showIdentity(value)} comes next to ${first}'s ${showIdentity(before)} in key "${key}"`;
    }
    throw new RangeError(`Cannot explain why ${show(to.completion)} depends on ${show(from.completion)}`);
  };
  const previous = (key: string, value: Identity): Identity | undefined => {
    const log = logs.get(key);
    const index = log?.indices.get(value);
    return index === undefined ? undefined : log!.order[index - 1];
  };
  return {
    tellMember: ({ process, completion }) =>
      `process ${process}'s ${completion.f} ${show(completion.value)} (${outcome(completion)})`,
    tellStep: (from, to, kind, names) =>
      kind === REALTIME ? tellOrder({ operation: from.completion }, to, kind, names)! : tellData(from, to, kind, names),
  };
}
