/**
 * Tests that every broadcast program must pass.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { AnyNode } from "../../lib/node.ts";
import { simulate, type SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { askAll, KINDS_OF_PARTITION, load, partitionAtRandom, shake, simulateBadNetwork } from "../worlds.ts";

/** Latency between nodes. */
export const LATENCY = { mean: 100, distribution: "constant" } as const;

/** Values that a test has broadcast. */
export interface Broadcasts {
  readonly acknowledged: ReadonlySet<number>;
  /** Number of all values, acknowledged or not. */
  readonly count: number;
}

/** Broadcasts 0, 1, 2, … at random nodes. Returns the values acknowledged so far and the number of all. */
export function broadcastValues(world: SimulatedWorld, interval: number, duration: number): Broadcasts {
  const acknowledged = new Set<number>();
  const values = { acknowledged, count: 0 };
  const client = world.client();
  load(world, interval, duration, async (node) => {
    const message = values.count++;
    await client.rpc(node, { type: "broadcast", message });
    acknowledged.add(message);
  });
  return values;
}

/** Reads all values at each node. */
export async function readAll(world: SimulatedWorld): Promise<number[][]> {
  return (await askAll(world, { type: "read" })).map(({ messages }) => messages as number[]);
}

/** Returns a check that every node has some values. */
export function allHave(world: SimulatedWorld, values: Iterable<number>): () => Promise<boolean> {
  const expected = [...values];
  return async () => {
    const sets = (await readAll(world)).map((messages) => new Set(messages));
    return sets.every((set) => expected.every((value) => set.has(value)));
  };
}

/** Declares the tests of a program, whose names begin with its name. */
export function testBroadcast(name: string, program: (node: AnyNode) => void): void {
  Deno.test(`${name} answers on its own, on a single node`, async () => {
    const world = simulate({ program, nodes: 1 });
    assertEquals(await askAll(world, { type: "topology", topology: {} }), [{ type: "topology_ok", in_reply_to: 1 }]);
    await askAll(world, { type: "broadcast", message: 7 });
    await askAll(world, { type: "broadcast", message: { any: ["JSON"] } });
    await askAll(world, { type: "broadcast", message: 7 });
    assertEquals(await readAll(world), [[7, { any: ["JSON"] }]] as unknown[] as number[][]);
    assertEquals(world.messages.servers.msg_count, 0);
  });

  Deno.test(`${name} brings every acknowledged value to every node, on bad networks`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const { world } = simulateBadNetwork(program, seed);
      const values = broadcastValues(world, 30, 9000);
      await shake(world, 10_000);
      await world.until(allHave(world, values.acknowledged), { timeout: 6000 });
      assertEquals(values.acknowledged.size, values.count, "every broadcast is acknowledged, whatever happens");
      for (const messages of await readAll(world)) {
        assertEquals(messages.toSorted((a, b) => a - b), Array.from({ length: values.count }, (_, i) => i));
      }
    }
  });

  Deno.test(`${name} brings everything everywhere within a second of the end of a partition`, async () => {
    for (const kind of KINDS_OF_PARTITION) {
      for (let seed = 0; seed < 5; seed++) {
        const world = simulate({ program, nodes: 10, seed, latency: LATENCY });
        const values = broadcastValues(world, 20, 14_000);
        await world.run(3000);
        partitionAtRandom(world, kind);
        await world.run(10_000);
        const held = [...values.acknowledged];
        world.heal();
        await world.until(allHave(world, held), { timeout: 1000 });
      }
    }
  });

  Deno.test(`${name} delivers values within each side of a partition`, async () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = simulate({ program, nodes: 9, seed, latency: LATENCY });
      const sides = [world.nodes.slice(0, 4), world.nodes.slice(4)];
      broadcastValues(world, 20, 20_000);
      await world.run(3000);
      world.partition(...sides);
      // Until all nodes suspect the other side.
      await world.run(5000);
      const client = world.client();
      const told = [
        client.rpc("n1", { type: "broadcast", message: -1 }),
        client.rpc("n6", { type: "broadcast", message: -2 }),
      ];
      await world.run(1200);
      await Promise.all(told);
      const sets = await readAll(world);
      world.nodes.forEach((_, i) => {
        assertEquals([sets[i]!.includes(-1), sets[i]!.includes(-2)], i < 4 ? [true, false] : [false, true]);
      });
    }
  });

  Deno.test(`${name} gives a restarted node what the others have`, async () => {
    const world = simulate({ program, nodes: 4, latency: LATENCY });
    const before = broadcastValues(world, 20, 3000);
    await world.run(6000);
    world.crash("n0");
    await world.run(3000);
    await world.restart("n0");
    // With replication a node asks when it has heard nothing for 5 s.
    await world.until(allHave(world, before.acknowledged), { timeout: 6000 });
    assert(before.count > 100);
    const message = 1000;
    await world.client().rpc("n0", { type: "broadcast", message });
    await world.until(allHave(world, [message]), { timeout: 3000 });
  });
}
