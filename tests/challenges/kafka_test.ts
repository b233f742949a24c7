import { assert, assertEquals, assertGreater } from "@std/assert";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import type { AnyNode } from "../../lib/node.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { badNetwork, load, shake, startCluster } from "../cluster.ts";
import { checkLogs, type Logs, type Pairs, poll, readLogs, settled, useLogs } from "./kafka_clients.ts";

const PROGRAMS = {
  single: { program: kafkaSingle, single: true },
  "lin-kv": { program: kafkaLinKV, single: false },
  "lin-kv, latest polls": { program: (node: AnyNode) => kafkaLinKV(node, { polls: "latest" }), single: false },
  efficient: { program: kafka, single: false },
  "efficient, acks of all": { program: (node: AnyNode) => kafka(node, { acks: "all" }), single: false },
};

for (const [name, { program, single }] of Object.entries(PROGRAMS)) {
  Deno.test(`kafka (${name}) keeps messages in order, and committed offsets`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    const offsets: number[] = [];
    for (const msg of [7, { any: ["JSON"] }, 7]) {
      const [reply] = await cluster.ask({ type: "send", key: "k", msg });
      offsets.push(reply!.offset as number);
    }
    assert(offsets[0]! < offsets[1]! && offsets[1]! < offsets[2]!);
    await cluster.run(200);
    const polled = async (key: string, from: number) => {
      const [reply] = await cluster.ask({ type: "poll", offsets: { [key]: from } });
      return (reply!.msgs as Logs)[key];
    };
    const all = [[offsets[0], 7], [offsets[1], { any: ["JSON"] }], [offsets[2], 7]];
    assertEquals(await polled("k", 0), all as unknown as Pairs);
    assertEquals(await polled("k", offsets[1]!), all.slice(1) as unknown as Pairs);
    assertEquals(await polled("k", offsets[2]! + 1), undefined);
    assertEquals(await polled("none", 0), undefined);
    for (const offset of [3, 5, 4]) await cluster.ask({ type: "commit_offsets", offsets: { k: offset, l: 0 } });
    const [committed] = await cluster.ask({ type: "list_committed_offsets", keys: ["k", "l", "m"] });
    assertEquals(committed!.offsets, { k: 5, l: 0 });
  });

  Deno.test(`kafka (${name}) gives out a long log piece by piece`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    for (let i = 0; i < 1200; i++) void cluster.rpc("n0", { type: "send", key: "a", msg: i });
    await cluster.run(1000);
    const [logs] = await readLogs(cluster);
    assertEquals(logs!.a!.map(([, message]) => message), Array.from({ length: 1200 }, (_, i) => i));
  });

  if (single) continue;
  Deno.test(`kafka (${name}) shows everybody one order, and all that was acknowledged, on bad networks`, async () => {
    let count = 0;
    for (let seed = 0; seed < 50; seed++) {
      const cluster = await startCluster({ program, ...badNetwork(seed) });
      const record = useLogs(cluster, 10, 9000);
      await shake(cluster, 10_000);
      checkLogs(await settled(cluster, record, 8000), record);
      count += record.polled.flatMap((logs) => [...logs.values()]).flat().length;
    }
    assertGreater(count, 10_000, "this would prove little");
  });
}

Deno.test("kafka (lin-kv) with latest polls shows everything that was acknowledged before, anywhere", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const cluster = await startCluster({
      program: (node) => kafkaLinKV(node, { polls: "latest" }),
      ...badNetwork(seed),
    });
    let newest = -1;
    let polls = 0;
    load(cluster, 20, 5000, async (node) => {
      const { offset } = await cluster.rpc(node, { type: "send", key: "a", msg: 0 });
      newest = Math.max(newest, offset as number);
    });
    load(cluster, 20, 5000, async (node) => {
      const before = newest;
      if (before === -1) return;
      const logs = await poll(cluster, node, { a: before });
      assertEquals(logs.a?.[0]?.[0], before);
      polls++;
    });
    await shake(cluster, 5000);
    await cluster.run(10_000);
    assertGreater(polls, 10);
  }
});

Deno.test("kafka (efficient) answers from where it is, in a partition too", async () => {
  const cluster = await startCluster({
    program: kafka,
    nodes: 4,
    seed: "1",
    latency: { mean: 100, distribution: "constant" },
  });
  // At first it finds out whether it has been there before.
  await cluster.run(200);
  cluster.partition(["n0", "n1"], ["n2", "n3"]);
  const record = useLogs(cluster, 5, 5000);
  await cluster.run(5000);
  assert(record.sends.every(({ began, ended }) => began === ended));
  cluster.heal();
  const healed = cluster.clock.now();
  checkLogs(await settled(cluster, record, 1500), record);
  assert(cluster.clock.now() - healed < 1500);
});

Deno.test("kafka (efficient) with acks of all acknowledges only what every node has", async () => {
  const cluster = await startCluster({ program: (node) => kafka(node, { acks: "all" }), nodes: 3, seed: "1" });
  cluster.partition(["n2"], ["n0", "n1"]);
  let acknowledged = false;
  const send = cluster.rpc("n0", { type: "send", key: "a", msg: 1 }).then(() => acknowledged = true);
  await cluster.run(4000);
  assertEquals(acknowledged, false);
  cluster.heal();
  await cluster.run(900);
  await send;
  assertEquals(await cluster.complete(poll(cluster, "n2", { a: 0 })), { a: [[0, 1]] });
});

Deno.test("kafka (lin-kv) costs about three messages a send, with any number of nodes", async () => {
  const latency = { mean: 1, distribution: "exponential" } as const;
  for (const nodes of [2, 5]) {
    const cluster = await startCluster({ program: kafkaLinKV, nodes, seed: "1", latency });
    const record = useLogs(cluster, 1, 5000);
    await cluster.run(5000);
    // To lin-kv and back, to the writer, and to each of the others.
    const most = 3 + nodes - 1;
    assert(
      cluster.messages / record.sends.length < most,
      `${cluster.messages} messages for ${record.sends.length} sends`,
    );
  }
});

Deno.test("kafka (efficient) costs a few messages a second", async () => {
  const cluster = await startCluster({ program: kafka, nodes: 2, seed: "1" });
  useLogs(cluster, 1, 5000);
  await cluster.run(5000);
  // And some to lin-kv, for offsets.
  assert(cluster.messages < 2 * 5000 / 50 + 30, `${cluster.messages} messages in 5 s`);
});

Deno.test("kafka (efficient) returns no message that only one node has, even if no lower offset is free", async () => {
  const cluster = await startCluster({ program: kafka, nodes: 2, seed: "1" });
  await cluster.run(500);
  cluster.cut("n0", "n1");
  const offsets: unknown[] = [];
  for (const [node, msg] of [["n0", 1], ["n1", 2]] as const) {
    offsets.push((await cluster.complete(cluster.rpc(node, { type: "send", key: "a", msg }))).offset);
  }
  // All have the second, so the log is final up to there; but the first would be gone if n0 were killed.
  assertEquals(offsets, [0, 1]);
  await cluster.run(1000);
  assertEquals((await readLogs(cluster)).map((logs) => logs.a), [[], []]);
  cluster.heal();
  await cluster.run(1500);
  const both: Pairs = [[0, 1], [1, 2]];
  assertEquals((await readLogs(cluster)).map((logs) => logs.a), [both, both]);
});

Deno.test("kafka (efficient) gives out offsets beyond the first limit", async () => {
  const cluster = await startCluster({
    program: kafka,
    nodes: 2,
    seed: "1",
    latency: { mean: 5, distribution: "constant" },
  });
  const record = useLogs(cluster, 1, 20_000);
  await cluster.run(20_000);
  const logs = await settled(cluster, record, 2000);
  checkLogs(logs, record);
  assertGreater(logs.a!.at(-1)![0], 2500);
});
