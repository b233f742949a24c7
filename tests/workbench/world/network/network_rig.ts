/**
 * Network in virtual time that records what arrives, for its tests.
 *
 * @module
 */

import type { Message } from "../../../../lib/protocol.ts";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import type { JournalEntry } from "../../../../lib/workbench/world/network/journal.ts";
import type { Latency } from "../../../../lib/workbench/world/network/latency.ts";
import { createNetwork, type Network, type NetworkOptions } from "../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

/** Network and its record. */
export interface NetworkRig {
  clock: VirtualClock;
  network: Network;
  entries: JournalEntry[];
  arrived: { at: number; message: Message }[];
  /** Sends a message of type hello. */
  send(src: string, dest: string, value?: unknown): void;
}

/** Creates a network with three nodes, a client and a service. */
export function createRig(
  latency: Latency = { mean: 100, distribution: "constant" },
  seed = "dune",
  oneAtATime = false,
  onForged?: NetworkOptions["onForged"],
): NetworkRig {
  const clock = new VirtualClock();
  const entries: JournalEntry[] = [];
  const network = createNetwork({
    clock,
    random: seededRandom(seed).stream("network"),
    latency,
    oneAtATime,
    sink: (entry) => void entries.push(entry),
    onForged,
  });
  const arrived: { at: number; message: Message }[] = [];
  for (const id of ["n0", "n1", "n2", "c0", "seq-kv"]) {
    network.attach(id, (message) => void arrived.push({ at: clock.now(), message }));
  }
  const send = (src: string, dest: string, value: unknown = null) =>
    network.send({ src, dest, body: { type: "hello", value } });
  return { clock, network, entries, arrived, send };
}

/** Returns the values that have arrived, in order. */
export function values({ arrived }: Pick<NetworkRig, "arrived">): unknown[] {
  return arrived.map(({ message }) => message.body.value);
}
