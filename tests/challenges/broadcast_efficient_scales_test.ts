/**
 * No constant is tuned to the official command: broadcast stays correct, cheap and fast when the number of nodes, the
 * rate or the latency are four times as large or a quarter.
 */
import { assert, assertEquals } from "@std/assert";
import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import { load, shake, startCluster, timeUntil } from "../cluster.ts";

const NODES = 25;
/** Between two values, ms. */
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
  const told: number[] = [];
  const tell = (duration: number) =>
    load(cluster, interval, duration, async (node) => {
      const message = told.push(cluster.clock.now()) - 1;
      await cluster.rpc(node, { type: "broadcast", message });
    });
  const counts = async () => (await cluster.ask({ type: "read" })).map(({ messages }) => (messages as number[]).length);
  return { cluster, told, tell, counts };
}

for (const profile of ["fast", "efficient"] as const) {
  Deno.test(`broadcast-efficient (${profile}) costs and takes what it should at other sizes, rates and latencies`, async () => {
    for (const world of WORLDS) {
      const [nodes, , latency] = world;
      const { cluster, told, tell, counts } = await start(profile, world, 0);
      tell(6000);
      await cluster.run(6000);
      // One hop, or two and a round. At the start also a round of the leaf, which does not know yet how far the hub is.
      const longest = profile === "fast" ? 1.1 * latency : 850 + 2 * latency + 200;
      // The last broadcasts may wait until what is under way to their nodes has come.
      await cluster.run(latency + longest);
      assertEquals(new Set(await counts()), new Set([told.length]), `${world}`);
      await cluster.run(10_000);
      const cost = cluster.messages;
      const most = profile === "fast"
        // Each value to each peer, and explicit acknowledgements at the end, or where a peer has nothing to say for
        // three seconds.
        ? (nodes - 1) * told.length + 2 * nodes * (nodes - 1)
        : 2 * (nodes - 1) * (cluster.clock.now() / 850);
      assert(cost <= most, `${world}: ${cost} messages`);
    }
  });

  Deno.test(`broadcast-efficient (${profile}) loses nothing at other sizes, rates and latencies, with partitions and losses`, async () => {
    for (const world of WORLDS) {
      for (const distribution of [1, 2]) {
        const { cluster, told, tell, counts } = await start(profile, world, distribution);
        tell(5000);
        await shake(cluster, 5000);
        await timeUntil(cluster, 2000 + 10 * world[2], async () => (await counts()).every((n) => n === told.length));
      }
    }
  });
}
