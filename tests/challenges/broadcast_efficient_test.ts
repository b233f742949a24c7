import { assert, assertEquals } from "@std/assert";
import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import { type Cluster, load, startCluster } from "../cluster.ts";
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
  const cluster = await startCluster({
    program: (node) => broadcastEfficient(node, BROADCAST_PROFILES[profile]),
    nodes: 25,
    seed: "1",
    latency: LATENCY,
  });
  const startedAt: number[] = [];
  load(cluster, 20, 20_000, async (node) => {
    const message = startedAt.push(cluster.clock.now()) - 1;
    await cluster.rpc(node, { type: "broadcast", message });
  });
  const took: number[] = [];
  while (cluster.clock.now() < 30_000) {
    await cluster.run(20);
    const common = (await readAll(cluster)).map((messages) => new Set(messages)).reduce((a, b) => a.intersection(b));
    for (const value of common) took[value] ??= cluster.clock.now() - startedAt[value]!;
  }
  const sorted = took.toSorted((a, b) => a - b);
  assertEquals(sorted.length, startedAt.length);
  // Half of the operations are reads.
  return {
    cost: cluster.messages / (2 * startedAt.length),
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
    const cluster: Cluster = await startCluster({
      program: broadcastEfficient,
      nodes: 10,
      seed: String(seed),
      latency: LATENCY,
      keep(message) {
        // Only after the start-up phase, and not again within five rounds.
        if (message.src !== "n3" || message.body.entries === undefined || cluster.clock.now() < 10_000) return false;
        if (++seen % 8 !== 0) return false;
        cluster.clock.schedule(cluster.clock.now() + 40, () => cluster.network.send(message));
        return true;
      },
    });
    const startedAt: number[] = [];
    const took: number[] = [];
    load(cluster, 40, 30_000, async (node) => {
      const message = startedAt.push(cluster.clock.now()) - 1;
      await cluster.rpc(node, { type: "broadcast", message });
    });
    while (cluster.clock.now() < 35_000) {
      await cluster.run(20);
      const common = (await readAll(cluster)).map((messages) => new Set(messages)).reduce((a, b) => a.intersection(b));
      for (const value of common) took[value] ??= cluster.clock.now() - startedAt[value]!;
    }
    assert(seen >= 16, "some messages to the hub were delayed");
    assertEquals(took.length, startedAt.length);
    slowest = Math.max(slowest, ...took);
  }
  assert(slowest < 850 + 200 + 150, `${slowest} ms`);
});
