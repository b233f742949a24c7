/**
 * Tests that no constant is tuned to the official command: broadcast stays correct, cheap and fast if the number of
 * nodes, the rate or the latency is a quarter or four times the official one.
 */
import { assert, assertEquals } from "@std/assert";
import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import { load, shake, startCluster, timeUntil } from "../cluster.ts";

const NODES = 25;
/** Mean time between two values, ms. */
const INTERVAL = 20;
const LATENCY = 100;
const DISTRIBUTIONS = ["constant", "uniform", "exponential"] as const;
const WORLDS = [
  [NODES, INTERVAL, LATENCY],
  [6, INTERVAL, LATENCY],
  [100, INTERVAL, LATENCY],
  [NODES, 4 * INTERVAL, LATENCY],
  [NODES, INTERVAL / 4, LATENCY],
  [NODES, INTERVAL, LATENCY / 4],
  [NODES, INTERVAL, 4 * LATENCY],
] as const;

async function start(profile: keyof typeof BROADCAST_PROFILES, world: typeof WORLDS[number], distribution: number) {
  const [nodes, interval, mean] = world;
  const cluster = await startCluster({
    program: (node) => broadcastEfficient(node, BROADCAST_PROFILES[profile]),
    nodes,
    seed: "1",
    latency: { mean, distribution: DISTRIBUTIONS[distribution]! },
    loss: distribution === 0 ? 0 : 0.05,
  });
  /** By value, the time of its broadcast. */
  const startedAt: number[] = [];
  const broadcastFor = (duration: number) =>
    load(cluster, interval, duration, async (node) => {
      const message = startedAt.push(cluster.clock.now()) - 1;
      await cluster.rpc(node, { type: "broadcast", message });
    });
  const counts = async () => (await cluster.ask({ type: "read" })).map(({ messages }) => (messages as number[]).length);
  return { cluster, startedAt, broadcastFor, counts };
}

for (const profile of ["fast", "efficient"] as const) {
  Deno.test(`broadcast-efficient (${profile}) is cheap and fast at other sizes, rates and latencies`, async () => {
    for (const world of WORLDS) {
      const [nodes, , latency] = world;
      const { cluster, startedAt, broadcastFor, counts } = await start(profile, world, 0);
      broadcastFor(6000);
      await cluster.run(6000);
      // One hop, or a round and two hops. At the start also a round of the leaf, which has not measured the hub's
      // latency.
      const longest = profile === "fast" ? 1.1 * latency : 850 + 2 * latency + 200;
      // The last broadcasts may wait for messages in flight to their nodes.
      await cluster.run(latency + longest);
      assertEquals(new Set(await counts()), new Set([startedAt.length]), `${world}`);
      await cluster.run(10_000);
      const cost = cluster.messages;
      const most = profile === "fast"
        // Each value to each peer, and explicit acknowledgements at the end, or if a peer sends nothing for three
        // seconds.
        ? (nodes - 1) * startedAt.length + 2 * nodes * (nodes - 1)
        : 2 * (nodes - 1) * (cluster.clock.now() / 850);
      assert(cost <= most, `${world}: ${cost} messages`);
    }
  });

  Deno.test(`broadcast-efficient (${profile}) loses nothing at other sizes and latencies, with faults`, async () => {
    for (const world of WORLDS) {
      for (const distribution of [1, 2]) {
        const { cluster, startedAt, broadcastFor, counts } = await start(profile, world, distribution);
        broadcastFor(5000);
        await shake(cluster, 5000);
        await timeUntil(
          cluster,
          2000 + 10 * world[2],
          async () => (await counts()).every((n) => n === startedAt.length),
        );
      }
    }
  });
}
