import { assert, assertEquals, assertGreater } from "@std/assert";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import type { AnyNode } from "../../lib/node.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { askAll, load, shake, simulateBadNetwork } from "../worlds.ts";
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
    const world = simulate({ program, nodes: 1 });
    const offsets: number[] = [];
    for (const msg of [7, { any: ["JSON"] }, 7]) {
      const [reply] = await askAll(world, { type: "send", key: "k", msg });
      offsets.push(reply!.offset as number);
    }
    assert(offsets[0]! < offsets[1]! && offsets[1]! < offsets[2]!);
    await world.run(200);
    const polled = async (key: string, from: number) => {
      const [reply] = await askAll(world, { type: "poll", offsets: { [key]: from } });
      return (reply!.msgs as Logs)[key];
    };
    const all = [[offsets[0], 7], [offsets[1], { any: ["JSON"] }], [offsets[2], 7]];
    assertEquals(await polled("k", 0), all as unknown as Pairs);
    assertEquals(await polled("k", offsets[1]!), all.slice(1) as unknown as Pairs);
    assertEquals(await polled("k", offsets[2]! + 1), undefined);
    assertEquals(await polled("none", 0), undefined);
    for (const offset of [3, 5, 4]) await askAll(world, { type: "commit_offsets", offsets: { k: offset, l: 0 } });
    const [committed] = await askAll(world, { type: "list_committed_offsets", keys: ["k", "l", "m"] });
    assertEquals(committed!.offsets, { k: 5, l: 0 });
  });

  Deno.test(`kafka (${name}) gives out a long log piece by piece`, async () => {
    const world = simulate({ program, nodes: 1 });
    const client = world.client();
    for (let i = 0; i < 1200; i++) void client.rpc("n0", { type: "send", key: "a", msg: i });
    await world.run(1000);
    const [logs] = await readLogs(world);
    assertEquals(logs!.a!.map(([, message]) => message), Array.from({ length: 1200 }, (_, i) => i));
  });

  if (single) continue;
  Deno.test(`kafka (${name}) shows everybody one order, and all that was acknowledged, on bad networks`, async () => {
    let count = 0;
    for (let seed = 0; seed < 50; seed++) {
      const { world } = simulateBadNetwork(program, seed);
      const record = useLogs(world, 10, 9000);
      await shake(world, 10_000);
      checkLogs(await settled(world, record, 8000), record);
      count += record.polled.flatMap((logs) => [...logs.values()]).flat().length;
    }
    assertGreater(count, 10_000, "this would prove little");
  });
}

Deno.test("kafka (lin-kv) with latest polls shows everything that was acknowledged before, anywhere", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const { world } = simulateBadNetwork((node) => kafkaLinKV(node, { polls: "latest" }), seed);
    const client = world.client();
    let newest = -1;
    let polls = 0;
    load(world, 20, 5000, async (node) => {
      const { offset } = await client.rpc(node, { type: "send", key: "a", msg: 0 });
      newest = Math.max(newest, offset as number);
    });
    load(world, 20, 5000, async (node) => {
      const before = newest;
      if (before === -1) return;
      const logs = await poll(world, node, { a: before });
      assertEquals(logs.a?.[0]?.[0], before);
      polls++;
    });
    await shake(world, 5000);
    await world.run(10_000);
    assertGreater(polls, 10);
  }
});

Deno.test("kafka (efficient) answers from where it is, in a partition too", async () => {
  const world = simulate({ program: kafka, nodes: 4, latency: 100 });
  // At first it finds out whether it has been there before.
  await world.run(200);
  world.partition(["n0", "n1"], ["n2", "n3"]);
  const record = useLogs(world, 5, 5000);
  await world.run(5000);
  assert(record.sends.every(({ began, ended }) => began === ended));
  world.heal();
  const healed = world.now;
  checkLogs(await settled(world, record, 1500), record);
  assert(world.now - healed < 1500);
});

Deno.test("kafka (efficient) with acks of all acknowledges only what every node has", async () => {
  const world = simulate({ program: (node: AnyNode) => kafka(node, { acks: "all" }), nodes: 3 });
  world.partition(["n2"], ["n0", "n1"]);
  let acknowledged = false;
  const send = world.client().rpc("n0", { type: "send", key: "a", msg: 1 }).then(() => acknowledged = true);
  await world.run(4000);
  assertEquals(acknowledged, false);
  world.heal();
  await world.run(900);
  await send;
  assertEquals(await poll(world, "n2", { a: 0 }), { a: [[0, 1]] });
});

Deno.test("kafka (lin-kv) costs about three messages a send, with any number of nodes", async () => {
  const latency = { mean: 1, distribution: "exponential" } as const;
  for (const nodes of [2, 5]) {
    const world = simulate({ program: kafkaLinKV, nodes, latency });
    const record = useLogs(world, 1, 5000);
    await world.run(5000);
    // To lin-kv and back, to the writer, and to each of the others.
    const most = 3 + nodes - 1;
    assert(
      world.messages.servers.msg_count / record.sends.length < most,
      `${world.messages.servers.msg_count} messages for ${record.sends.length} sends`,
    );
  }
});

Deno.test("kafka (efficient) costs a few messages a second", async () => {
  const world = simulate({ program: kafka, nodes: 2 });
  useLogs(world, 1, 5000);
  await world.run(5000);
  // And some to lin-kv, for offsets.
  assert(world.messages.servers.msg_count < 2 * 5000 / 50 + 30, `${world.messages.servers.msg_count} messages in 5 s`);
});

Deno.test("kafka (efficient) returns no message that only one node has, even if no lower offset is free", async () => {
  const world = simulate({ program: kafka, nodes: 2 });
  await world.run(500);
  world.cut("n0", "n1");
  const offsets: unknown[] = [];
  for (const [node, msg] of [["n0", 1], ["n1", 2]] as const) {
    offsets.push((await world.client().rpc(node, { type: "send", key: "a", msg })).offset);
  }
  // All have the second, so the log is final up to there; but the first would be gone if n0 were killed.
  assertEquals(offsets, [0, 1]);
  await world.run(1000);
  assertEquals((await readLogs(world)).map((logs) => logs.a), [[], []]);
  world.heal();
  await world.run(1500);
  const both: Pairs = [[0, 1], [1, 2]];
  assertEquals((await readLogs(world)).map((logs) => logs.a), [both, both]);
});

Deno.test("kafka (efficient) gives out offsets beyond the first limit", async () => {
  const world = simulate({ program: kafka, nodes: 2, latency: 5 });
  const record = useLogs(world, 1, 20_000);
  await world.run(20_000);
  const logs = await settled(world, record, 2000);
  checkLogs(logs, record);
  assertGreater(logs.a!.at(-1)![0], 2500);
});
