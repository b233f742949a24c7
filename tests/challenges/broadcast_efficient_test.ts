import { assert, assertEquals } from "@std/assert";
import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import type { AnyNode } from "../../lib/node.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { load } from "../worlds.ts";
import { LATENCY, readAll, testBroadcast } from "./broadcast_promises.ts";

type Profile = keyof typeof BROADCAST_PROFILES;

for (const profile of ["fast", "efficient"] as const) {
  testBroadcast(`broadcast-efficient (${profile})`, (node) => broadcastEfficient(node, BROADCAST_PROFILES[profile]));
}

/**
 * Runs 20 s at 100 operations a second on 25 nodes, then 10 s without operations. Returns messages an operation, and
 * the highest and the median time until a value was on all nodes, ms.
 */
async function measure(profile: Profile): Promise<{ cost: number; slowest: number; median: number }> {
  const world = simulate({
    program: (node: AnyNode) => broadcastEfficient(node, BROADCAST_PROFILES[profile]),
    nodes: 25,
    latency: LATENCY,
  });
  const client = world.client();
  const startedAt: number[] = [];
  load(world, 20, 20_000, async (node) => {
    const message = startedAt.push(world.now) - 1;
    await client.rpc(node, { type: "broadcast", message });
  });
  const took: number[] = [];
  while (world.now < 30_000) {
    await world.run(20);
    const common = (await readAll(world)).map((messages) => new Set(messages)).reduce((a, b) => a.intersection(b));
    for (const value of common) took[value] ??= world.now - startedAt[value]!;
  }
  const sorted = took.toSorted((a, b) => a - b);
  assertEquals(sorted.length, startedAt.length);
  // Half of the operations are reads.
  return {
    cost: world.messages.servers.msg_count / (2 * startedAt.length),
    slowest: sorted.at(-1)!,
    median: sorted[sorted.length >> 1]!,
  };
}

Deno.test("broadcast-efficient (fast) needs little more than n - 1 messages a value, and one hop", async () => {
  const { cost, slowest } = await measure("fast");
  assert(cost > 11 && cost < 12.5, `${cost} messages an operation`);
  // The broadcast and the read may each wait one hop, for messages in flight to their node.
  assert(slowest <= 3 * 100 + 20, `${slowest} ms`);
});

Deno.test("broadcast-efficient (efficient) needs under a message an operation, and a round and two hops", async () => {
  const { cost, slowest, median } = await measure("efficient");
  assert(cost < 0.65, `${cost} messages an operation`);
  assert(median < 750, `${median} ms`);
  assert(slowest < 850 + 200 + 150, `${slowest} ms`);
});

Deno.test("broadcast-efficient (efficient) soon forwards values that arrive just after the hub's round", async () => {
  let slowest = 0;
  for (let seed = 0; seed < 5; seed++) {
    let seen = 0;
    const world = simulate({ program: broadcastEfficient, nodes: 10, seed, latency: LATENCY });
    world.intercept((message) => {
      // Only after the start-up phase, and not again within five rounds.
      if (message.src !== "n3" || message.body.entries === undefined || world.now < 10_000) return false;
      if (++seen % 8 !== 0) return false;
      void world.run(40).then(() => world.send(message));
      return true;
    });
    const client = world.client();
    const startedAt: number[] = [];
    const took: number[] = [];
    load(world, 40, 30_000, async (node) => {
      const message = startedAt.push(world.now) - 1;
      await client.rpc(node, { type: "broadcast", message });
    });
    while (world.now < 35_000) {
      await world.run(20);
      const common = (await readAll(world)).map((messages) => new Set(messages)).reduce((a, b) => a.intersection(b));
      for (const value of common) took[value] ??= world.now - startedAt[value]!;
    }
    assert(seen >= 16, "some messages to the hub were delayed");
    assertEquals(took.length, startedAt.length);
    slowest = Math.max(slowest, ...took);
  }
  assert(slowest < 850 + 200 + 150, `${slowest} ms`);
});
