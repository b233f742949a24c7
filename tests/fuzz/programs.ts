/**
 * The programs to fuzz: for each its requests, and what must hold after hostile messages.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import broadcast from "../../challenges/broadcast.ts";
import { broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import echo from "../../challenges/echo.ts";
import { gCounter } from "../../challenges/g_counter.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { txn } from "../../challenges/txn.ts";
import uniqueIds from "../../challenges/unique_ids.ts";
import { formatJSON } from "../../lib/workbench/base/json.ts";
import type { AnyNode } from "../../lib/node.ts";
import type { Body } from "../../lib/protocol.ts";
import type { FuzzedCluster } from "./cluster.ts";

/** Program to fuzz. */
export interface FuzzedProgram {
  program: (node: AnyNode) => void;
  /** Name of its workload. */
  workload: string;
  /** Number of nodes. `@default 3` */
  nodes?: number;
  /** True if it takes more than its workload does: a request is malformed only by the program's own schema. */
  isLenient?: boolean;
  /** Well-formed requests of clients. */
  requests: readonly Body[];
  /** Performs a clean workload. Throws if an answer is wrong, or the nodes do not agree. */
  verify(cluster: FuzzedCluster): Promise<void>;
}

/** Time for the nodes to agree, ms. */
const SETTLE = 10_000;

/** Part that programs of one workload share. */
type Workload = Omit<FuzzedProgram, "program">;

const LOG: Workload = {
  workload: "kafka",
  requests: [
    { type: "send", key: "k1", msg: 7 },
    { type: "send", key: "k2", msg: "x" },
    { type: "poll", offsets: { k1: 0, k2: 0 } },
    { type: "commit_offsets", offsets: { k1: 1 } },
    { type: "list_committed_offsets", keys: ["k1", "k2"] },
  ],
  verify: verifyLog,
};
const BROADCAST: Workload = {
  workload: "broadcast",
  requests: [
    { type: "topology", topology: { n0: ["n1"], n1: ["n0", "n2"], n2: ["n1"] } },
    { type: "broadcast", message: 7 },
    { type: "read" },
  ],
  verify: verifyBroadcast,
};
const COUNTER: Workload = {
  workload: "g-counter",
  requests: [{ type: "add", delta: 3 }, { type: "read" }],
  verify: verifyCounter,
};
const TXN: Workload = {
  workload: "txn-rw-register",
  isLenient: true,
  requests: [
    { type: "txn", txn: [["w", 1, 7], ["r", 2, null]] },
    { type: "txn", txn: [["r", 1, null], ["w", 2, 5]] },
  ],
  verify: verifyTxn,
};

/** The programs by name. */
export const FUZZED_PROGRAMS: Readonly<Record<string, FuzzedProgram>> = {
  "echo": { program: echo, workload: "echo", nodes: 1, requests: [{ type: "echo", echo: "hi" }], verify: verifyEcho },
  "unique-ids": { program: uniqueIds, workload: "unique-ids", requests: [{ type: "generate" }], verify: verifyIds },
  "broadcast": { program: broadcast, ...BROADCAST },
  "broadcast-efficient": { program: broadcastEfficient, ...BROADCAST },
  "g-counter": { program: gCounter, ...COUNTER },
  "g-counter-at-once": { program: (node) => gCounter(node, { acknowledge: "at-once" }), ...COUNTER },
  "kafka-single": { program: kafkaSingle, ...LOG, nodes: 1 },
  "kafka-lin-kv": { program: kafkaLinKV, ...LOG },
  "kafka": { program: kafka, ...LOG },
  "kafka-acks-all": { program: (node) => kafka(node, { acks: "all" }), ...LOG },
  "txn": { program: txn, ...TXN },
};

/** Sends one request to each node, and waits for all replies. */
async function ask({ nodes, rpc, complete }: FuzzedCluster, request: (node: string) => Body): Promise<Body[]> {
  return await complete(Promise.all(nodes.map((node) => rpc(node, request(node)))));
}

/** Asserts that all nodes give the same answer to a request, and returns it. */
async function agreed(cluster: FuzzedCluster, request: Body, normal: (reply: Body) => unknown): Promise<unknown> {
  const answers = (await ask(cluster, () => request)).map(normal);
  for (const answer of answers) assertEquals(answer, answers[0], "the nodes do not agree");
  return answers[0];
}

async function verifyEcho(cluster: FuzzedCluster): Promise<void> {
  const echo = [{ a: [1, "x"] }, null];
  assertEquals((await ask(cluster, () => ({ type: "echo", echo })))[0]!.echo, echo);
}

async function verifyIds(cluster: FuzzedCluster): Promise<void> {
  const ids: unknown[] = [];
  for (let i = 0; i < 5; i++) ids.push(...(await ask(cluster, () => ({ type: "generate" }))).map(({ id }) => id));
  assertEquals(new Set(ids.map((id) => JSON.stringify(id))).size, 5 * cluster.nodes.length);
}

async function verifyBroadcast(cluster: FuzzedCluster): Promise<void> {
  await ask(cluster, (node) => ({ type: "broadcast", message: `clean ${node}` }));
  await cluster.run(SETTLE);
  const values = await agreed(
    cluster,
    { type: "read" },
    ({ messages }) => (messages as unknown[]).map((value) => formatJSON(value)).sort(),
  );
  for (const node of cluster.nodes) {
    assert((values as string[]).includes(`"clean ${node}"`), `a value of ${node} is lost`);
  }
}

async function verifyCounter(cluster: FuzzedCluster): Promise<void> {
  await cluster.run(SETTLE);
  const read = () => agreed(cluster, { type: "read" }, ({ value }) => value);
  const before = BigInt(await read() as number);
  await ask(cluster, (node) => ({ type: "add", delta: 1 + Number(node.slice(1)) }));
  await cluster.run(SETTLE);
  assertEquals(BigInt(await read() as number) - before, 6n);
}

async function verifyLog(cluster: FuzzedCluster): Promise<void> {
  const sent: [unknown, unknown][] = [];
  for (const round of [1, 2]) {
    const replies = await ask(cluster, (node) => ({ type: "send", key: "clean", msg: `${round} ${node}` }));
    replies.forEach(({ offset }, index) => sent.push([offset, `${round} n${index}`]));
  }
  const offsets = { clean: sent[0]![0] };
  await cluster.complete(cluster.rpc("n0", { type: "commit_offsets", offsets }));
  await cluster.run(SETTLE);
  const poll = { type: "poll", offsets: { clean: 0, k1: 0, k2: 0 } };
  const { clean } = await agreed(cluster, poll, ({ msgs }) => msgs) as { clean: [number, unknown][] };
  assertEquals(clean.toSorted(), sent.toSorted(), "messages are lost or wrong");
  assert(clean.every(([offset], index) => index === 0 || offset > clean[index - 1]![0]), "offsets do not ascend");
  const list = { type: "list_committed_offsets", keys: ["clean"] };
  assertEquals(await agreed(cluster, list, (reply) => reply.offsets), offsets);
}

async function verifyTxn(cluster: FuzzedCluster): Promise<void> {
  await ask(cluster, (node) => ({ type: "txn", txn: [["w", `clean ${node}`, node]] }));
  await cluster.run(SETTLE);
  const keys = cluster.nodes.map((node) => `clean ${node}`);
  const reads = [...keys, 1, 2, "__proto__"].map((key) => ["r", key, null]);
  const txn = await agreed(cluster, { type: "txn", txn: reads }, (reply) => reply.txn) as unknown[][];
  assertEquals(txn.slice(0, keys.length).map(([, , value]) => value), [...cluster.nodes]);
}
