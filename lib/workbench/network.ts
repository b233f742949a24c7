/**
 * The network between nodes, clients and services: it delays messages, and loses those that cross a partition.
 *
 * As in Maelstrom, a message that involves a client arrives at once, all others take the latency, those with services too; a
 * message is delivered when its time has come, whatever was sent before it; and a partition is asked at delivery.
 *
 * @module
 */

import type { Message } from "../protocol.ts";
import type { Clock } from "./clock.ts";
import { type Journal, type JournalEntry, openJournal } from "./journal.ts";
import { LATENCIES, type Latency } from "./latency.ts";
import type { Random } from "./random.ts";

/** Takes a message that has arrived. The message is its own from then on. */
export type Receive = (message: Message) => void;

/** What {@linkcode createNetwork} needs. */
export interface NetworkOptions {
  clock: Clock;
  /** Draws the latencies. */
  random: Random;
  latency: Latency;
  /** Is given each send and receive as it happens. */
  sink?: (entry: JournalEntry) => void;
}

/** A network. */
export interface Network {
  /** Every send and receive. */
  readonly journal: Journal;
  /**
   * Puts a participant on the network.
   *
   * @throws {Error} There is one of that name.
   */
  attach(id: string, receive: Receive): void;
  /** Takes a participant off the network. Messages for it go nowhere from now on; it may be attached again. */
  detach(id: string): void;
  /**
   * Sends a message on its way, and gives it an id. The message is the network's from then on.
   *
   * @throws {RangeError} The source or the destination has never been on the network.
   */
  send(message: Message): void;
  /** From now on `dest` gets no message that `src` has sent. One way only. */
  drop(src: string, dest: string): void;
  /** Ends all that {@linkcode Network.drop} began. */
  heal(): void;
}

/** One who is, or was, on the network. */
interface Participant {
  id: string;
  client: boolean;
  receive: Receive | undefined;
  /** Whose messages it does not get. */
  deafTo: Set<string>;
}

/**
 * Makes a network.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "./clock.ts";
 * import { createNetwork } from "./network.ts";
 * import { seededRandom } from "./random.ts";
 *
 * const clock = new VirtualClock();
 * const random = seededRandom("dune").stream("network");
 * const network = createNetwork({ clock, random, latency: { mean: 100, distribution: "constant" } });
 * network.attach("n0", () => {});
 * let arrived = 0;
 * network.attach("n1", () => arrived = clock.now());
 * network.send({ src: "n0", dest: "n1", body: { type: "hello" } });
 * await clock.run();
 * assertEquals(arrived, 100);
 * assertEquals(network.journal.counts.servers, { send_count: 1, recv_count: 1, msg_count: 1 });
 * ```
 */
export function createNetwork({ clock, random, latency, sink }: NetworkOptions): Network {
  const journal = openJournal(sink);
  const participants = new Map<string, Participant>();
  const drawLatency = LATENCIES[latency.distribution];
  let lastId = -1;

  function participant(id: string, role: "source" | "destination", { src, dest, body }: Message): Participant {
    const found = participants.get(id);
    if (found !== undefined) return found;
    throw new RangeError(
      `Cannot send ${body.type} from ${src} to ${dest}: the ${role} ${JSON.stringify(id)} is not on the network, ` +
        `expected one of ${listNames(participants.values())}`,
    );
  }

  function deliver(message: Message, dest: Participant, client: boolean): void {
    if (dest.receive === undefined || dest.deafTo.has(message.src)) return;
    journal.record("recv", clock.now(), message, client);
    dest.receive(message);
  }

  return {
    journal,
    attach(id, receive) {
      const known = participants.get(id);
      if (known?.receive !== undefined) throw new Error(`Cannot attach ${id}: it is on the network already`);
      if (known !== undefined) known.receive = receive;
      else participants.set(id, { id, client: isClient(id), receive, deafTo: new Set() });
    },
    detach(id) {
      const known = participants.get(id);
      if (known !== undefined) known.receive = undefined;
    },
    send({ src, dest, body }) {
      const message = { id: lastId + 1, src, dest, body };
      const source = participant(src, "source", message);
      const destination = participant(dest, "destination", message);
      lastId = message.id;
      const client = source.client || destination.client;
      const now = clock.now();
      journal.record("send", now, message, client);
      const delay = client ? 0 : drawLatency(latency.mean, random);
      clock.schedule(now + delay, () => deliver(message, destination, client));
    },
    drop(src, dest) {
      const deaf = participants.get(dest);
      if (deaf === undefined) throw new RangeError(`Cannot cut ${dest} off from ${src}: ${dest} is not on the network`);
      deaf.deafTo.add(src);
    },
    heal() {
      for (const { deafTo } of participants.values()) deafTo.clear();
    },
  };
}

/** Whether a participant is a client: c0, c1, … */
export function isClient(id: string): boolean {
  return /^c\d+$/.test(id);
}

/** Those on the network but for the clients, of which there may be thousands. */
function listNames(participants: Iterable<Participant>): string {
  const names: string[] = [];
  for (const { id, client, receive } of participants) if (!client && receive !== undefined) names.push(id);
  return [...names, "or a client"].join(", ");
}
