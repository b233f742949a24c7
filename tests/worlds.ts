/**
 * Helpers for tests of programs in `simulate()`: bad networks, random partitions and restarts, load of clients.
 *
 * @module
 */

import type { AnyNode } from "../lib/node.ts";
import { type Body, ERRORS, RPCError } from "../lib/protocol.ts";
import { simulate, type SimulatedWorld } from "../lib/workbench/engines/simulate.ts";
import { PARTITIONS } from "../lib/workbench/run/nemesis/partitions.ts";
import { seededRandom } from "../lib/workbench/world/random.ts";

/** A world whose network is bad. */
export interface BadNetwork {
  world: SimulatedWorld;
  /** Share of messages that are lost. */
  loss: number;
}

/** Simulates a program on a small cluster whose size, latency, loss and duplication are drawn from a seed. */
export function simulateBadNetwork(program: (node: AnyNode) => void, seed: number): BadNetwork {
  const random = seededRandom(`bad network ${seed}`);
  const nodes = 2 + random.integer(5);
  const mean = random.pick([0, 10, 100]);
  const distribution = random.pick(["constant", "uniform", "exponential"] as const);
  const loss = random.pick([0, 0.1]);
  const world = simulate({ program, seed, nodes, latency: { mean, distribution } });
  world.disturb({ loss, duplicate: random.pick([0, 0.1]) });
  return { world, loss };
}

/** Sends a request to each node; resolves when all have replied. */
export async function askAll({ client, nodes }: SimulatedWorld, body: Body): Promise<Body[]> {
  const { rpc } = client();
  return await Promise.all(nodes.map((node) => rpc(node, body)));
}

/** Kinds of partition: Maelstrom's four, and one link cut in one direction. */
export const KINDS_OF_PARTITION = ["one", "minority-third", "majority", "majorities-ring", "one-way"] as const;

/** Creates a partition, of a random kind by default. */
export function partitionAtRandom(world: SimulatedWorld, kind = world.random.pick(KINDS_OF_PARTITION)): void {
  if (kind === "one-way") {
    const [src, dest] = world.random.shuffle(world.nodes);
    return world.cut(src!, dest!);
  }
  const grudge = PARTITIONS[kind](world.nodes, world.random);
  for (const [dest, sources] of Object.entries(grudge)) sources.forEach((src) => world.cut(src, dest));
}

/** Creates and heals random partitions for `duration` ms; then heals the network and ends all disturbances. */
export async function shake(world: SimulatedWorld, duration: number): Promise<void> {
  const { random } = world;
  const end = world.now + duration;
  const pass = (longest: number) => world.run(Math.min(end - world.now, longest * random.float()));
  while (world.now < end) {
    await pass(2000);
    partitionAtRandom(world);
    await pass(5000);
    if (random.float() < 0.7) world.heal();
  }
  world.heal();
  world.disturb({});
}

/**
 * Starts operations of clients at random times, `interval` ms apart on average, for `duration` ms from now.
 *
 * @param act Performs one operation on a random node. A timeout is allowed. Any other error is an unhandled rejection,
 *   so that the test fails.
 */
export function load(
  world: SimulatedWorld,
  interval: number,
  duration: number,
  act: (node: string) => Promise<void>,
): void {
  void startOperations(world, interval, duration, act);
}

async function startOperations(...[world, interval, duration, act]: Parameters<typeof load>): Promise<void> {
  const { random } = world;
  const end = world.now + duration;
  while (true) {
    const pause = 2 * interval * random.float();
    if (world.now + pause > end) return;
    await world.run(pause);
    void ignoreTimeout(act(random.pick(world.nodes)));
  }
}

async function ignoreTimeout(operation: Promise<void>): Promise<void> {
  try {
    await operation;
  } catch (error) {
    if (!(error instanceof RPCError && error.code === ERRORS.timeout.code)) throw error;
  }
}

/** Kills a random node and starts it again, `count` times: immediately, or up to a second later. */
export async function restartSome(world: SimulatedWorld, count: number): Promise<void> {
  const { nodes, random } = world;
  for (let i = 0; i < count; i++) {
    await world.run(2000 * random.float());
    const node = random.pick(nodes);
    world.crash(node);
    if (random.float() < 0.5) await world.run(1000 * random.float());
    await world.restart(node);
  }
}

/** Kills all nodes at once, and starts them again one after another. */
export async function restartAll(world: SimulatedWorld): Promise<void> {
  world.nodes.forEach((node) => world.crash(node));
  for (const node of world.nodes) await world.restart(node);
}
