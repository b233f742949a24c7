import { assert, assertEquals, assertRejects } from "@std/assert";
import { gCounter } from "../../challenges/g_counter.ts";
import type { Integer } from "../../lib/integers.ts";
import type { GCounterMessages } from "../../lib/messages.ts";
import type { Node } from "../../lib/node.ts";
import { type Message, RPCError } from "../../lib/protocol.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { BAD_REPLIES, startFailingCluster } from "./failing_service.ts";
import { badNetwork, type Cluster, load, restartSome, shake, startCluster, timeUntil } from "../cluster.ts";

/** Bounds of the counter: at least all acknowledged adds, at most all adds. */
interface Sums {
  acknowledged: number;
  begun: number;
}

function addAtRandom(cluster: Cluster, interval: number, duration: number): Sums {
  const sums = { acknowledged: 0, begun: 0 };
  load(cluster, interval, duration, async (node) => {
    const delta = cluster.random.integer(5);
    sums.begun += delta;
    await cluster.rpc(node, { type: "add", delta });
    sums.acknowledged += delta;
  });
  return sums;
}

async function readAll(cluster: Cluster): Promise<number[]> {
  return (await cluster.ask({ type: "read" })).map(({ value }) => value as number);
}

function allRead(cluster: Cluster, least: number, most: number): () => Promise<boolean> {
  return async () => {
    const values = await readAll(cluster);
    return values.every((value) => value === values[0] && value >= least && value <= most);
  };
}

for (const acknowledge of ["written", "at-once"] as const) {
  const program = (node: Node<GCounterMessages<Integer>>) => gCounter(node, { acknowledge });

  Deno.test(`g-counter (${acknowledge}) counts on a single node`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    assertEquals(await readAll(cluster), [0]);
    for (const delta of [3, 0, 4]) await cluster.ask({ type: "add", delta });
    assertEquals(await readAll(cluster), [7]);
  });

  Deno.test(`g-counter (${acknowledge}) is exact on all nodes after partitions, losses and duplicates`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const network = badNetwork(seed);
      const cluster = await startCluster({ program, ...network });
      const sums = addAtRandom(cluster, 20, 9000);
      await shake(cluster, 10_000);
      await timeUntil(cluster, 8000, allRead(cluster, sums.begun, sums.begun));
      // Where answers of seq-kv are lost, it may take longer than the client waits.
      if (network.loss === 0 || acknowledge === "at-once") assertEquals(sums.acknowledged, sums.begun);
    }
  });
}

Deno.test("g-counter counts beyond 2^53, also when all nodes are killed", async () => {
  const largest = Number.MAX_SAFE_INTEGER;
  for (const acknowledge of ["written", "at-once"] as const) {
    const program = (node: Node<GCounterMessages<Integer>>) => gCounter(node, { acknowledge });
    const cluster = await startCluster({ program, nodes: 2, seed: "1" });
    for (const delta of [largest, 1, 2n ** 70n, largest, 3]) await cluster.ask({ type: "add", delta });
    await cluster.run(2000);
    const sum = 2n * (2n ** 70n + 2n * BigInt(largest) + 4n);
    assertEquals(await cluster.ask({ type: "read" }).then((replies) => replies.map(({ value }) => value)), [sum, sum]);
    cluster.nodes.forEach((node) => cluster.crash(node));
    for (const node of cluster.nodes) await cluster.restart(node);
    await cluster.ask({ type: "add", delta: 1 });
    await cluster.run(2000);
    const [value] = (await cluster.ask({ type: "read" })).map(({ value }) => value);
    assertEquals(value, sum + 2n);
  }
});

Deno.test("g-counter (written) keeps every acknowledged add when nodes are killed, even while they write", async () => {
  let interrupted = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { loss, duplication, ...network } = badNetwork(seed);
    const cluster = await startCluster({ program: gCounter, ...network, loss, duplication });
    const sums = addAtRandom(cluster, 10, 9000);
    await restartSome(cluster, 4);
    await cluster.run(10_000);
    cluster.calm();
    await timeUntil(cluster, 12_000, allRead(cluster, sums.acknowledged, sums.begun));
    interrupted += sums.begun - sums.acknowledged;
  }
  assert(interrupted > 0, "this would prove nothing");
});

Deno.test("g-counter (written) is not set back by a late write of an earlier incarnation", async () => {
  const kept: Message[] = [];
  let keeping = true;
  const keep = (message: Message) =>
    keeping && message.dest === "seq-kv" && message.body.key === "counter/n0" && message.body.type !== "read" &&
    kept.push(message) > 0;
  const cluster = await startCluster({ program: gCounter, nodes: 2, seed: "1", keep });
  const first = cluster.rpc("n0", { type: "add", delta: 3 });
  await cluster.run(500);
  keeping = false;
  cluster.crash("n0");
  await cluster.restart("n0");
  await cluster.complete(cluster.rpc("n0", { type: "add", delta: 5 }));
  assertEquals(kept.length, 1);
  cluster.network.send(kept[0]!);
  await cluster.run(1000);
  await cluster.complete(cluster.rpc("n0", { type: "add", delta: 7 }));
  await cluster.run(2000);
  assertEquals(await readAll(cluster), [12, 12]);
  await assertRejects(() => cluster.complete(first), RPCError);
});

Deno.test("g-counter (written) counts once what was written although the answer was lost", async () => {
  let answers = 0;
  const keep = ({ src, body }: Message) => src === "seq-kv" && body.type === "cas_ok" && answers++ === 0;
  const cluster = await startCluster({ program: gCounter, nodes: 2, seed: "1", keep });
  await cluster.complete(cluster.rpc("n0", { type: "add", delta: 3 }));
  await cluster.run(2000);
  assertEquals(await readAll(cluster), [3, 3]);
  assertEquals(answers, 1);
});

Deno.test("g-counter (written) has everything in seq-kv when all nodes are killed", async () => {
  const cluster = await startCluster({ program: gCounter, nodes: 3, seed: "1" });
  const sums = addAtRandom(cluster, 10, 2000);
  await cluster.run(3000);
  cluster.nodes.forEach((node) => cluster.crash(node));
  for (const node of cluster.nodes) await cluster.restart(node);
  assertEquals(await readAll(cluster), [sums.acknowledged, sums.acknowledged, sums.acknowledged]);
});

Deno.test("g-counter (written) keeps an acknowledged add even if all nodes are killed at that moment", async () => {
  let requests = 0;
  // Every other one is lost, so that sending it is not enough.
  const keep = ({ dest, body }: Message) => dest === "seq-kv" && body.type === "cas" && requests++ % 2 === 0;
  const latency = { mean: 20, distribution: "constant" } as const;
  const cluster = await startCluster({ program: gCounter, nodes: 3, seed: "1", latency, keep });
  let sum = 0;
  for (let delta = 1; delta <= 10; delta++) {
    await cluster.complete(cluster.rpc(cluster.random.pick(cluster.nodes), { type: "add", delta }));
    sum += delta;
    cluster.nodes.forEach((node) => cluster.crash(node));
    for (const node of cluster.nodes) await cluster.restart(node);
    assertEquals(await readAll(cluster), [sum, sum, sum]);
  }
  assert(requests >= 20, "nothing was lost");
});

Deno.test("g-counter (at once) acknowledges at once, and has it in seq-kv half a second later", async () => {
  const latency = { mean: 10, distribution: "constant" } as const;
  for (let phase = 0; phase < 500; phase += 20) {
    const cluster = await startCluster({
      program: (node) => gCounter(node, { acknowledge: "at-once" }),
      nodes: 3,
      seed: "1",
      latency,
    });
    await cluster.run(1000 + phase);
    const began = cluster.clock.now();
    await cluster.ask({ type: "add", delta: 5 });
    assertEquals(cluster.clock.now(), began);
    await cluster.run(500);
    cluster.nodes.forEach((node) => cluster.crash(node));
    for (const node of cluster.nodes) await cluster.restart(node);
    assertEquals([phase, ...await readAll(cluster)], [phase, 15, 15, 15]);
  }
});

for (const acknowledge of ["written", "at-once"] as const) {
  Deno.test(`g-counter (${acknowledge}) reads without a message, in a partition too`, async () => {
    const cluster = await startCluster({ program: (node) => gCounter(node, { acknowledge }), nodes: 3, seed: "1" });
    await cluster.ask({ type: "add", delta: 5 });
    await cluster.run(3000);
    for (const expected of [15, 15]) {
      const [messages, now] = [cluster.messages, cluster.clock.now()];
      for (let i = 0; i < 10; i++) assertEquals(await readAll(cluster), [expected, expected, expected]);
      assertEquals([cluster.messages, cluster.clock.now()], [messages, now]);
      cluster.partition(["n0"], ["n1"], ["n2"]);
    }
  });

  Deno.test(`g-counter (${acknowledge}) shows each add on every node within a second`, async () => {
    for (const nodes of [3, 5]) {
      const cluster = await startCluster({ program: (node) => gCounter(node, { acknowledge }), nodes, seed: "1" });
      const sums = addAtRandom(cluster, 50, 10_000);
      const acknowledged: number[] = [];
      for (let time = 0; time < 11_000; time += 20) {
        acknowledged.push(sums.acknowledged);
        const least = acknowledged[(time - 1000) / 20] ?? 0;
        for (const value of await readAll(cluster)) assert(value >= least, `${value} at ${time} ms, expected ${least}`);
        await cluster.run(20);
      }
      assert(sums.acknowledged > 100, "this would prove little");
    }
  });
}

Deno.test("g-counter costs two messages an add and little more, and fewer when it acknowledges at once", async () => {
  for (const [acknowledge, most] of [["written", 2.4], ["at-once", 0.8]] as const) {
    const cluster = await startCluster({ program: (node) => gCounter(node, { acknowledge }), nodes: 3, seed: "1" });
    let adds = 0;
    load(cluster, 30, 20_000, async (node) => {
      adds++;
      await cluster.rpc(node, { type: "add", delta: 1 });
    });
    await cluster.run(30_000);
    assert(cluster.messages / adds < most, `${acknowledge}: ${cluster.messages} messages for ${adds} adds`);
  }
});

for (const [name, reply] of BAD_REPLIES) {
  Deno.test(`g-counter (written) counts exactly once when seq-kv answers with ${name} for a while`, async () => {
    const latency = { mean: 5, distribution: "constant" } as const;
    const failing = await startFailingCluster(gCounter, "seq-kv", { nodes: 2, latency });
    const { cluster } = failing;
    await cluster.run(100);
    const adds: Promise<unknown>[] = [];
    const addEverywhere = (delta: number) => {
      for (const node of cluster.nodes) adds.push(cluster.rpc(node, { type: "add", delta }));
    };
    addEverywhere(1);
    // The first write is on its way.
    await cluster.run(3);
    failing.fail(reply);
    for (let i = 0; i < 10; i++) {
      addEverywhere(10);
      await cluster.run(200);
    }
    failing.fail(undefined);
    await cluster.complete(Promise.all(adds));
    await cluster.run(2000);
    assertEquals(await readAll(cluster), [202, 202]);
    assert(failing.failed > 0);
  });

  Deno.test(`g-counter (written) starts when seq-kv answers with ${name} for a while`, async () => {
    const failing = await startFailingCluster(gCounter, "seq-kv", { nodes: 2 });
    const { cluster } = failing;
    await cluster.ask({ type: "add", delta: 3 });
    cluster.crash("n0");
    failing.fail(reply);
    await cluster.restart("n0");
    await cluster.run(3000);
    failing.fail(undefined);
    assertEquals((await cluster.complete(cluster.rpc("n0", { type: "read" }))).value, 6);
  });
}

Deno.test("g-counter: a batch counts once, even if another node learns first that it is written", async () => {
  const world = simulate({ program: gCounter, nodes: 3, latency: 10 });
  const client = world.client();
  const read = async () => (await client.rpc("n0", { type: "read" })).value;
  await client.rpc("n0", { type: "add", delta: 1 });
  await world.run(3000);
  world.cut("seq-kv", "n0");
  const added = client.rpc("n0", { type: "add", delta: 5 }, { timeout: 60_000 });
  await world.run(100);
  // A node that starts reads all slots, and tells the others.
  world.crash("n1");
  await world.restart("n1");
  for (let i = 0; i < 10; i++) {
    await world.run(200);
    assertEquals(await read(), 6);
  }
  world.heal();
  await added;
  assertEquals(await read(), 6);
});
