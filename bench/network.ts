/**
 * Messages a second that the workbench's network carries under virtual time: `deno run bench/network.ts`. Each row is
 * the best of some runs; `flights` is the number of messages in flight at any time.
 */

import type { AnyNode } from "../lib/node.ts";
import { VirtualClock } from "../lib/workbench/world/virtual_clock.ts";
import { startInProcess } from "../lib/workbench/world/hosts/in_process/in_process.ts";
import { createNetwork, type Network } from "../lib/workbench/world/network/network.ts";
import { seededRandom } from "../lib/workbench/world/random.ts";

const MESSAGES = 200_000;
const RUNS = 5;

/**
 * Attaches two players to the network, which return each message until the limit is reached, and sends the first
 * messages.
 */
type Players = (network: Network, clock: VirtualClock, flights: number) => void;

/** Two functions: the cost of the network alone. */
function functions(network: Network, _clock: VirtualClock, flights: number): void {
  for (const id of ["n0", "n1"]) {
    network.attach(id, ({ src, body }) => {
      if (network.journal.counts.all.send_count < MESSAGES) network.send({ src: id, dest: src, body });
    });
  }
  for (let i = 0; i < flights; i++) network.send({ src: "n0", dest: "n1", body: { type: "ball", number: i } });
}

/** Two nodes on the runtime: the copies that isolate them are included. */
function nodes(network: Network, clock: VirtualClock, flights: number): void {
  const ids = ["n0", "n1"];
  for (const id of ids) {
    const program = (node: AnyNode) => {
      node.on("ball", ({ number }, { src }) => {
        if (network.journal.counts.all.send_count < MESSAGES) node.send(src, { type: "ball", number });
      });
    };
    startInProcess(program, { id, clock, random: seededRandom(id), network });
  }
  network.attach("c0", () => {});
  for (const id of ids) {
    network.send({ src: "c0", dest: id, body: { type: "init", msg_id: 1, node_id: id, node_ids: ids } });
  }
  for (let i = 0; i < flights; i++) network.send({ src: "n0", dest: "n1", body: { type: "ball", number: i } });
}

/** Measures messages a second of real time. */
async function run(players: Players, flights: number): Promise<number> {
  const clock = new VirtualClock();
  const random = seededRandom("bench");
  const network = createNetwork({ clock, random, latency: { mean: 10, distribution: "exponential" } });
  players(network, clock, flights);
  const before = performance.now();
  await clock.run();
  return network.journal.counts.all.recv_count / (performance.now() - before) * 1000;
}

for (const players of [functions, nodes]) {
  for (const flights of [1, 100, 10_000]) {
    const rates: number[] = [];
    for (let i = 0; i < RUNS; i++) rates.push(await run(players, flights));
    const row = `${players.name}, ${flights} flights: ${Math.round(Math.max(...rates))} messages/s\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(row));
  }
}
