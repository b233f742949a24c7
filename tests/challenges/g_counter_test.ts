import { assert, assertEquals, assertRejects } from "@std/assert";
import { gCounter } from "../../challenges/g_counter.ts";
import type { Integer } from "../../lib/integers.ts";
import type { GCounterMessages } from "../../lib/messages.ts";
import type { AnyNode, Node } from "../../lib/node.ts";
import { type Message, RPCError } from "../../lib/protocol.ts";
import { simulate, type SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { BAD_REPLIES, simulateFailing } from "./failing_service.ts";
import { askAll, load, restartAll, restartSome, shake, simulateBadNetwork } from "../worlds.ts";

/** Bounds of the counter: at least all acknowledged adds, at most all adds. */
interface Sums {
  acknowledged: number;
  begun: number;
}

function addAtRandom(world: SimulatedWorld, interval: number, duration: number): Sums {
  const sums = { acknowledged: 0, begun: 0 };
  const client = world.client();
  load(world, interval, duration, async (node) => {
    const delta = world.random.integer(5);
    sums.begun += delta;
    await client.rpc(node, { type: "add", delta });
    sums.acknowledged += delta;
  });
  return sums;
}

async function readAll(world: SimulatedWorld): Promise<number[]> {
  return (await askAll(world, { type: "read" })).map(({ value }) => value as number);
}

function allRead(world: SimulatedWorld, least: number, most: number): () => Promise<boolean> {
  return async () => {
    const values = await readAll(world);
    return values.every((value) => value === values[0] && value >= least && value <= most);
  };
}

for (const acknowledge of ["written", "at-once"] as const) {
  const program = (node: Node<GCounterMessages<Integer>>) => gCounter(node, { acknowledge });

  Deno.test(`g-counter (${acknowledge}) counts on a single node`, async () => {
    const world = simulate({ program, nodes: 1 });
    assertEquals(await readAll(world), [0]);
    for (const delta of [3, 0, 4]) await askAll(world, { type: "add", delta });
    assertEquals(await readAll(world), [7]);
  });

  Deno.test(`g-counter (${acknowledge}) is exact on all nodes after partitions, losses and duplicates`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const { world, loss } = simulateBadNetwork(program, seed);
      const sums = addAtRandom(world, 20, 9000);
      await shake(world, 10_000);
      await world.until(allRead(world, sums.begun, sums.begun), { timeout: 8000 });
      // Where answers of seq-kv are lost, it may take longer than the client waits.
      if (loss === 0 || acknowledge === "at-once") assertEquals(sums.acknowledged, sums.begun);
    }
  });
}

Deno.test("g-counter counts beyond 2^53, also when all nodes are killed", async () => {
  const largest = Number.MAX_SAFE_INTEGER;
  for (const acknowledge of ["written", "at-once"] as const) {
    const program = (node: Node<GCounterMessages<Integer>>) => gCounter(node, { acknowledge });
    const world = simulate({ program, nodes: 2 });
    for (const delta of [largest, 1, 2n ** 70n, largest, 3]) await askAll(world, { type: "add", delta });
    await world.run(2000);
    const sum = 2n * (2n ** 70n + 2n * BigInt(largest) + 4n);
    assertEquals(await askAll(world, { type: "read" }).then((replies) => replies.map(({ value }) => value)), [
      sum,
      sum,
    ]);
    await restartAll(world);
    await askAll(world, { type: "add", delta: 1 });
    await world.run(2000);
    const [value] = (await askAll(world, { type: "read" })).map(({ value }) => value);
    assertEquals(value, sum + 2n);
  }
});

Deno.test("g-counter (written) keeps every acknowledged add when nodes are killed, even while they write", async () => {
  let interrupted = 0;
  for (let seed = 0; seed < 50; seed++) {
    const { world } = simulateBadNetwork(gCounter, seed);
    const sums = addAtRandom(world, 10, 9000);
    await restartSome(world, 4);
    await world.run(10_000);
    world.disturb({});
    await world.until(allRead(world, sums.acknowledged, sums.begun), { timeout: 12_000 });
    interrupted += sums.begun - sums.acknowledged;
  }
  assert(interrupted > 0, "this would prove nothing");
});

Deno.test("g-counter (written) is not set back by a late write of an earlier incarnation", async () => {
  const kept: Message[] = [];
  let keeping = true;
  const world = simulate({ program: gCounter, nodes: 2 });
  world.intercept((message) =>
    keeping && message.dest === "seq-kv" && message.body.key === "counter/n0" && message.body.type !== "read" &&
    kept.push(message) > 0
  );
  const client = world.client();
  const first = client.rpc("n0", { type: "add", delta: 3 });
  await world.run(500);
  keeping = false;
  world.crash("n0");
  await world.restart("n0");
  await client.rpc("n0", { type: "add", delta: 5 });
  assertEquals(kept.length, 1);
  world.send(kept[0]!);
  await world.run(1000);
  await client.rpc("n0", { type: "add", delta: 7 });
  await world.run(2000);
  assertEquals(await readAll(world), [12, 12]);
  await assertRejects(() => first, RPCError);
});

Deno.test("g-counter (written) counts once what was written although the answer was lost", async () => {
  let answers = 0;
  const world = simulate({ program: gCounter, nodes: 2 });
  world.intercept(({ src, body }) => src === "seq-kv" && body.type === "cas_ok" && answers++ === 0);
  await world.client().rpc("n0", { type: "add", delta: 3 });
  await world.run(2000);
  assertEquals(await readAll(world), [3, 3]);
  assertEquals(answers, 1);
});

Deno.test("g-counter (written) has everything in seq-kv when all nodes are killed", async () => {
  const world = simulate({ program: gCounter, nodes: 3 });
  const sums = addAtRandom(world, 10, 2000);
  await world.run(3000);
  await restartAll(world);
  assertEquals(await readAll(world), [sums.acknowledged, sums.acknowledged, sums.acknowledged]);
});

Deno.test("g-counter (written) keeps an acknowledged add even if all nodes are killed at that moment", async () => {
  let requests = 0;
  const world = simulate({ program: gCounter, nodes: 3, latency: 20 });
  // Every other one is lost, so that sending it is not enough.
  world.intercept(({ dest, body }) => dest === "seq-kv" && body.type === "cas" && requests++ % 2 === 0);
  const client = world.client();
  let sum = 0;
  for (let delta = 1; delta <= 10; delta++) {
    await client.rpc(world.random.pick(world.nodes), { type: "add", delta });
    sum += delta;
    await restartAll(world);
    assertEquals(await readAll(world), [sum, sum, sum]);
  }
  assert(requests >= 20, "nothing was lost");
});

Deno.test("g-counter (at once) acknowledges at once, and has it in seq-kv half a second later", async () => {
  for (let phase = 0; phase < 500; phase += 20) {
    const world = simulate({
      program: (node: AnyNode) => gCounter(node, { acknowledge: "at-once" }),
      nodes: 3,
      latency: 10,
    });
    await world.run(1000 + phase);
    const began = world.now;
    await askAll(world, { type: "add", delta: 5 });
    assertEquals(world.now, began);
    await world.run(500);
    await restartAll(world);
    assertEquals([phase, ...await readAll(world)], [phase, 15, 15, 15]);
  }
});

for (const acknowledge of ["written", "at-once"] as const) {
  Deno.test(`g-counter (${acknowledge}) reads without a message, in a partition too`, async () => {
    const world = simulate({ program: (node: AnyNode) => gCounter(node, { acknowledge }), nodes: 3 });
    await askAll(world, { type: "add", delta: 5 });
    await world.run(3000);
    for (const expected of [15, 15]) {
      const [messages, now] = [world.messages.servers.msg_count, world.now];
      for (let i = 0; i < 10; i++) assertEquals(await readAll(world), [expected, expected, expected]);
      assertEquals([world.messages.servers.msg_count, world.now], [messages, now]);
      world.partition(["n0"], ["n1"], ["n2"]);
    }
  });

  Deno.test(`g-counter (${acknowledge}) shows each add on every node within a second`, async () => {
    for (const nodes of [3, 5]) {
      const world = simulate({ program: (node: AnyNode) => gCounter(node, { acknowledge }), nodes });
      const sums = addAtRandom(world, 50, 10_000);
      const acknowledged: number[] = [];
      for (let time = 0; time < 11_000; time += 20) {
        acknowledged.push(sums.acknowledged);
        const least = acknowledged[(time - 1000) / 20] ?? 0;
        for (const value of await readAll(world)) assert(value >= least, `${value} at ${time} ms, expected ${least}`);
        await world.run(20);
      }
      assert(sums.acknowledged > 100, "this would prove little");
    }
  });
}

Deno.test("g-counter costs two messages an add and little more, and fewer when it acknowledges at once", async () => {
  for (const [acknowledge, most] of [["written", 2.4], ["at-once", 0.8]] as const) {
    const world = simulate({ program: (node: AnyNode) => gCounter(node, { acknowledge }), nodes: 3 });
    const client = world.client();
    let adds = 0;
    load(world, 30, 20_000, async (node) => {
      adds++;
      await client.rpc(node, { type: "add", delta: 1 });
    });
    await world.run(30_000);
    assert(
      world.messages.servers.msg_count / adds < most,
      `${acknowledge}: ${world.messages.servers.msg_count} messages for ${adds} adds`,
    );
  }
});

for (const [name, reply] of BAD_REPLIES) {
  Deno.test(`g-counter (written) counts exactly once when seq-kv answers with ${name} for a while`, async () => {
    const failing = simulateFailing(gCounter, "seq-kv", { nodes: 2, latency: 5 });
    const { world } = failing;
    const client = world.client();
    await world.run(100);
    const adds: Promise<unknown>[] = [];
    const addEverywhere = (delta: number) => {
      for (const node of world.nodes) adds.push(client.rpc(node, { type: "add", delta }));
    };
    addEverywhere(1);
    // The first write is on its way.
    await world.run(3);
    failing.fail(reply);
    for (let i = 0; i < 10; i++) {
      addEverywhere(10);
      await world.run(200);
    }
    failing.fail(undefined);
    await Promise.all(adds);
    await world.run(2000);
    assertEquals(await readAll(world), [202, 202]);
    assert(failing.failed > 0);
  });

  Deno.test(`g-counter (written) starts when seq-kv answers with ${name} for a while`, async () => {
    const failing = simulateFailing(gCounter, "seq-kv", { nodes: 2 });
    const { world } = failing;
    const client = world.client();
    await askAll(world, { type: "add", delta: 3 });
    world.crash("n0");
    failing.fail(reply);
    await world.restart("n0");
    await world.run(3000);
    failing.fail(undefined);
    assertEquals((await client.rpc("n0", { type: "read" })).value, 6);
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
