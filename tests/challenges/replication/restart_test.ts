/**
 * A node is killed and started again while an exchange is under way, and messages of its former incarnation, or to it,
 * arrive after that. All nodes must agree in the end.
 */
import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../../lib/protocol.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { askAll } from "../../worlds.ts";
import { PROGRAMS, type ReplicatedProgram } from "./programs.ts";

const SEEDS = 1500;
/** After this long without faults all nodes must agree, ms. */
const PEACE = 20_000;

/**
 * Writes to n1 while the questions are under way that nodes ask 5 s after they start, and restarts n0 a little later.
 *
 * @returns The states of the two nodes in the end.
 */
async function restartAmid({ program, write, read, stateOf }: ReplicatedProgram, seed: number): Promise<unknown[]> {
  const random = seededRandom(`restart ${seed}`);
  const latency = { mean: 300, distribution: "exponential" } as const;
  const world = simulate({ program, nodes: 2, seed, latency });
  const client = world.client();
  await world.run(5000 + 600 * random.float());
  await client.rpc("n1", write);
  await world.run(1500 * random.float());
  world.crash("n0");
  await world.restart("n0");
  await world.run(PEACE);
  return [stateOf(await client.rpc("n0", read)), stateOf(await client.rpc("n1", read))];
}

for (const replicated of PROGRAMS) {
  Deno.test(`${replicated.name}: two nodes agree after a restart amid an exchange, from ${SEEDS} seeds`, async () => {
    const divergent: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const [state, other] = await restartAmid(replicated, seed);
      if (JSON.stringify(state) !== JSON.stringify(other)) divergent.push(seed);
    }
    assertEquals(divergent, [], `${divergent.length} of ${SEEDS} seeds end divergent`);
  });
}

/** A point of the exchange at which n0 is killed. One message, which was sent before, arrives after the restart. */
interface Point {
  /** Time of the write to n1, ms. The questions are sent at 5000; they arrive at 5010, and are answered then. */
  writtenAt: number;
  /** Number of messages after which n0 is killed; with fewer, it is killed at 10,990 ms. */
  sent: number;
  /** Number of the message that arrives late, from 1; 0 if none does. */
  late: number;
  /** Time from the restart to the arrival of the late message, ms. */
  after: number;
}

/** Runs the exchange; returns the states of both nodes in the end, and the number of messages before the crash. */
async function restartAt(
  { program, write, read, stateOf }: ReplicatedProgram,
  { writtenAt, sent, late, after }: Point,
) {
  let count = 0;
  const held: Message[] = [];
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const world = simulate({ program, nodes: 2, latency: 10 });
  world.intercept((message) => {
    if (message.body.type !== "replicate") return false;
    count++;
    if (count === sent) reach();
    return count === late && held.push(message) > 0;
  });
  const written = world.run(writtenAt).then(() => world.client().rpc("n1", write));
  await world.run(4990);
  await Promise.race([reached, world.run(6000)]);
  const before = count;
  world.crash("n0");
  await world.restart("n0");
  await world.run(after);
  held.forEach(world.send);
  await world.run(PEACE);
  await written;
  return { states: (await askAll(world, read)).map(stateOf), before };
}

for (const replicated of PROGRAMS) {
  Deno.test(`${replicated.name}: two nodes agree after a restart at any point, with any message late`, async () => {
    for (const writtenAt of [4995, 5005, 5015, 5030]) {
      const { before: all } = await restartAt(replicated, { writtenAt, sent: Infinity, late: 0, after: 0 });
      assert(all >= 4, `expected an exchange, got ${all} messages`);
      for (let late = 0; late <= all; late++) {
        // A late message may cause others.
        for (let sent = Math.max(late, 1); sent <= all + 2; sent++) {
          for (const after of late === 0 ? [0] : [0, 15, 100, 5005]) {
            const point = { writtenAt, sent, late, after };
            const { states: [state, other] } = await restartAt(replicated, point);
            assertEquals(state, other, JSON.stringify(point));
          }
        }
      }
    }
  });
}
