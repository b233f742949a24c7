/**
 * Tests that no constant is tuned to the official command: broadcast stays correct, cheap and fast if the number of
 * nodes, the rate or the latency is a quarter or four times the official one.
 */
import { assert, assertEquals } from "@std/assert";
import { BROADCAST_PROFILES, broadcastEfficient } from "../../challenges/broadcast_efficient.ts";
import type { AnyNode } from "../../lib/node.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { askAll, load, shake } from "../worlds.ts";

const NODES = 25;
/** Mean time between two values, ms. */
const INTERVAL = 20;
const LATENCY = 100;
const DISTRIBUTIONS = ["constant", "uniform", "exponential"] as const;
const SCALES = [
  [NODES, INTERVAL, LATENCY],
  [6, INTERVAL, LATENCY],
  [100, INTERVAL, LATENCY],
  [NODES, 4 * INTERVAL, LATENCY],
  [NODES, INTERVAL / 4, LATENCY],
  [NODES, INTERVAL, LATENCY / 4],
  [NODES, INTERVAL, 4 * LATENCY],
] as const;

function start(profile: keyof typeof BROADCAST_PROFILES, scale: typeof SCALES[number], distribution: number) {
  const [nodes, interval, mean] = scale;
  const world = simulate({
    program: (node: AnyNode) => broadcastEfficient(node, BROADCAST_PROFILES[profile]),
    nodes,
    latency: { mean, distribution: DISTRIBUTIONS[distribution]! },
  });
  world.disturb({ loss: distribution === 0 ? 0 : 0.05 });
  const client = world.client();
  /** By value, the time of its broadcast. */
  const startedAt: number[] = [];
  const broadcastFor = (duration: number) =>
    load(world, interval, duration, async (node) => {
      const message = startedAt.push(world.now) - 1;
      await client.rpc(node, { type: "broadcast", message });
    });
  const counts = async () =>
    (await askAll(world, { type: "read" })).map(({ messages }) => (messages as number[]).length);
  return { world, startedAt, broadcastFor, counts };
}

for (const profile of ["fast", "efficient"] as const) {
  Deno.test(`broadcast-efficient (${profile}) is cheap and fast at other sizes, rates and latencies`, async () => {
    for (const scale of SCALES) {
      const [nodes, , latency] = scale;
      const { world, startedAt, broadcastFor, counts } = start(profile, scale, 0);
      broadcastFor(6000);
      await world.run(6000);
      // One hop, or a round and two hops. At the start also a round of the leaf, which has not measured the hub's
      // latency.
      const longest = profile === "fast" ? 1.1 * latency : 850 + 2 * latency + 200;
      // The last broadcasts may wait for messages in flight to their nodes.
      await world.run(latency + longest);
      assertEquals(new Set(await counts()), new Set([startedAt.length]), `${scale}`);
      await world.run(10_000);
      const cost = world.messages.servers.msg_count;
      const most = profile === "fast"
        // Each value to each peer, and explicit acknowledgements at the end, or if a peer sends nothing for three
        // seconds.
        ? (nodes - 1) * startedAt.length + 2 * nodes * (nodes - 1)
        : 2 * (nodes - 1) * (world.now / 850);
      assert(cost <= most, `${scale}: ${cost} messages`);
    }
  });

  Deno.test(`broadcast-efficient (${profile}) loses nothing at other sizes and latencies, with faults`, async () => {
    for (const scale of SCALES) {
      for (const distribution of [1, 2]) {
        const { world, startedAt, broadcastFor, counts } = start(profile, scale, distribution);
        broadcastFor(5000);
        await shake(world, 5000);
        await world.until(async () => (await counts()).every((n) => n === startedAt.length), {
          timeout: 2000 + 10 * scale[2],
        });
      }
    }
  });
}
