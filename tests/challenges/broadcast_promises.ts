/**
 * Tests that every broadcast program must pass.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { AnyNode } from "../../lib/node.ts";
import {
  badNetwork,
  type Cluster,
  KINDS_OF_PARTITION,
  load,
  partitionAtRandom,
  shake,
  startCluster,
  timeUntil,
} from "../cluster.ts";

/** Latency between nodes. */
export const LATENCY = { mean: 100, distribution: "constant" } as const;

/** Values that a test has broadcast. */
export interface Broadcasts {
  readonly acknowledged: ReadonlySet<number>;
  /** Number of all values, acknowledged or not. */
  readonly count: number;
}

/** Broadcasts 0, 1, 2, … at random nodes. Returns the values acknowledged so far and the number of all. */
export function broadcastValues(cluster: Cluster, interval: number, duration: number): Broadcasts {
  const acknowledged = new Set<number>();
  const values = { acknowledged, count: 0 };
  load(cluster, interval, duration, async (node) => {
    const message = values.count++;
    await cluster.rpc(node, { type: "broadcast", message });
    acknowledged.add(message);
  });
  return values;
}

/** Reads all values at each node. */
export async function readAll(cluster: Cluster): Promise<number[][]> {
  return (await cluster.ask({ type: "read" })).map(({ messages }) => messages as number[]);
}

/** Returns a check that every node has some values. */
export function allHave(cluster: Cluster, values: Iterable<number>): () => Promise<boolean> {
  const expected = [...values];
  return async () => {
    const sets = (await readAll(cluster)).map((messages) => new Set(messages));
    return sets.every((set) => expected.every((value) => set.has(value)));
  };
}

/** Declares the tests of a program, whose names begin with its name. */
export function testBroadcast(name: string, program: (node: AnyNode) => void): void {
  Deno.test(`${name} answers on its own, on a single node`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    assertEquals(await cluster.ask({ type: "topology", topology: {} }), [{ type: "topology_ok", in_reply_to: 2 }]);
    await cluster.ask({ type: "broadcast", message: 7 });
    await cluster.ask({ type: "broadcast", message: { any: ["JSON"] } });
    await cluster.ask({ type: "broadcast", message: 7 });
    assertEquals(await readAll(cluster), [[7, { any: ["JSON"] }]] as unknown[] as number[][]);
    assertEquals(cluster.messages, 0);
  });

  Deno.test(`${name} brings every acknowledged value to every node, on bad networks`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const cluster = await startCluster({ program, ...badNetwork(seed) });
      const values = broadcastValues(cluster, 30, 9000);
      await shake(cluster, 10_000);
      await timeUntil(cluster, 6000, allHave(cluster, values.acknowledged));
      assertEquals(values.acknowledged.size, values.count, "every broadcast is acknowledged, whatever happens");
      for (const messages of await readAll(cluster)) {
        assertEquals(messages.toSorted((a, b) => a - b), Array.from({ length: values.count }, (_, i) => i));
      }
    }
  });

  Deno.test(`${name} brings everything everywhere within a second of the end of a partition`, async () => {
    for (const kind of KINDS_OF_PARTITION) {
      for (let seed = 0; seed < 5; seed++) {
        const cluster = await startCluster({ program, nodes: 10, seed: String(seed), latency: LATENCY });
        const values = broadcastValues(cluster, 20, 14_000);
        await cluster.run(3000);
        partitionAtRandom(cluster, kind);
        await cluster.run(10_000);
        const held = [...values.acknowledged];
        cluster.heal();
        await timeUntil(cluster, 1000, allHave(cluster, held));
      }
    }
  });

  Deno.test(`${name} delivers values within each side of a partition`, async () => {
    for (let seed = 0; seed < 10; seed++) {
      const cluster = await startCluster({ program, nodes: 9, seed: String(seed), latency: LATENCY });
      const sides = [cluster.nodes.slice(0, 4), cluster.nodes.slice(4)];
      broadcastValues(cluster, 20, 20_000);
      await cluster.run(3000);
      cluster.partition(...sides);
      // Until all nodes suspect the other side.
      await cluster.run(5000);
      const told = [
        cluster.rpc("n1", { type: "broadcast", message: -1 }),
        cluster.rpc("n6", { type: "broadcast", message: -2 }),
      ];
      await cluster.run(1200);
      await Promise.all(told);
      const sets = await readAll(cluster);
      cluster.nodes.forEach((_, i) => {
        assertEquals([sets[i]!.includes(-1), sets[i]!.includes(-2)], i < 4 ? [true, false] : [false, true]);
      });
    }
  });

  Deno.test(`${name} gives a restarted node what the others have`, async () => {
    const cluster = await startCluster({ program, nodes: 4, seed: "1", latency: LATENCY });
    const before = broadcastValues(cluster, 20, 3000);
    await cluster.run(6000);
    cluster.crash("n0");
    await cluster.run(3000);
    await cluster.restart("n0");
    // With replication a node asks when it has heard nothing for 5 s.
    await timeUntil(cluster, 6000, allHave(cluster, before.acknowledged));
    assert(before.count > 100);
    const message = 1000;
    await Promise.all([cluster.rpc("n0", { type: "broadcast", message }), cluster.run(1)]);
    await timeUntil(cluster, 3000, allHave(cluster, [message]));
  });
}
