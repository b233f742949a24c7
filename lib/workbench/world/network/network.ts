/**
 * The network between nodes, clients and services: it delays messages, and loses those that cross a partition.
 *
 * As in Maelstrom, a message that involves a client is due at once, all others after the latency, those with services too; and a
 * partition is asked at delivery. A message is delivered when it is due, whatever was sent before it; or, as in Maelstrom, one at a time,
 * where whatever comes while the network waits for a message stays behind it. A disturbance is asked at sending, and never about a
 * message that involves a client; what it delays is not in anybody's way until it would have come without.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import type { Clock } from "../clock.ts";
import type { Disturbance } from "./disturbances.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { type Journal, type JournalEntry, openJournal } from "./journal.ts";
import { formatLine, parseJSON } from "../../base/json.ts";
import { LATENCIES, type Latency } from "./latency.ts";
import type { Random } from "../random.ts";

/** Takes a message that has arrived. The message is its own from then on. */
export type Receive = (message: Message) => void;

/** What {@linkcode createNetwork} needs. */
export interface NetworkOptions {
  clock: Clock;
  /** Draws the latencies. */
  random: Random;
  latency: Latency;
  /** Whether each node is handed one message at a time, as in Maelstrom (see `inbox.ts`); by default, none is in another's way. */
  oneAtATime?: boolean;
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
  /**
   * From now on `dest` gets no message that `src` has sent. One way only.
   *
   * @param fault The fault of which this is a part; each is healed on its own.
   * @throws {RangeError} The destination has never been on the network.
   */
  drop(src: string, dest: string, fault?: string): void;
  /**
   * Ends what {@linkcode Network.drop} began.
   *
   * @param fault Of this fault only; by default, of all.
   */
  heal(fault?: string): void;
  /**
   * From now on a disturbance befalls all that these nodes send to nodes and services, and all that they are sent by them. What is
   * under way stays as it is.
   *
   * @param fault Its name; another disturbance of that name ends.
   */
  disturb(fault: string, nodes: readonly string[], disturbance: Disturbance): void;
  /** Ends the disturbance of that name. What it has delayed still comes late. */
  calm(fault: string): void;
  /**
   * From now on a participant gets messages only from those whose name passes; the others' go nowhere. A later call takes the place
   * of this one.
   */
  admit(id: string, passes: (src: string) => boolean): void;
}

/** What befalls the messages of some nodes. */
interface Trouble {
  nodes: ReadonlySet<string>;
  disturbance: Disturbance;
}

/** A message that is to be delivered. */
interface Delivery {
  message: Message;
  /** Whether a client is involved. */
  client: boolean;
}

/** One who is, or was, on the network. */
interface Participant {
  id: string;
  client: boolean;
  receive: Receive | undefined;
  inbox: Inbox<Delivery>;
  /** Whose messages it does not get, and the faults to blame. */
  deafTo: Map<string, Set<string>>;
  /** Whose messages it is to get; all by default. */
  passes?: (src: string) => boolean;
}

/**
 * Makes a network.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../clock.ts";
 * import { createNetwork } from "./network.ts";
 * import { seededRandom } from "../random.ts";
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
export function createNetwork({ clock, random, latency, oneAtATime = false, sink }: NetworkOptions): Network {
  const journal = openJournal(sink);
  const participants = new Map<string, Participant>();
  const troubles = new Map<string, Trouble>();
  const drawLatency = LATENCIES[latency.distribution];
  let lastId = -1;

  function participant(id: string, role: "source" | "destination", { src, dest, body }: Message): Participant {
    const found = participants.get(id);
    if (found !== undefined) return found;
    throw new RangeError(
      `Cannot send ${body.type ?? "a body without type"} from ${src} to ${dest}: the ${role} ${
        JSON.stringify(id)
      } is not on the network, ` +
        `expected one of ${listNames(participants.values())}`,
    );
  }

  function hears({ receive, deafTo, passes }: Participant, src: string): boolean {
    return receive !== undefined && !deafTo.has(src) && passes?.(src) !== false;
  }

  function createParticipant(id: string, receive: Receive): Participant {
    const created: Participant = {
      id,
      client: isClient(id),
      receive,
      deafTo: new Map(),
      inbox: { add: scheduleDelivery },
    };
    function handOver({ message, client }: Delivery): void {
      if (!hears(created, message.src)) return;
      journal.record("recv", clock.now(), message, client);
      created.receive!(message);
    }
    function scheduleDelivery(delivery: Delivery, due: number): void {
      clock.schedule(due, () => handOver(delivery));
    }
    if (oneAtATime) {
      created.inbox = createInbox({ clock, handOver, isAwaited: ({ message }) => hears(created, message.src) });
    }
    return created;
  }

  /** By how much each delivery of a message is late, ms, besides the latency; there are none if it is lost. */
  function delaysOf(src: string, dest: string): number[] {
    let delays = [0];
    for (const { nodes, disturbance } of troubles.values()) {
      if (nodes.has(src) || nodes.has(dest)) delays = disturbance(delays);
    }
    return delays;
  }

  return {
    journal,
    attach(id, receive) {
      const known = participants.get(id);
      if (known?.receive !== undefined) throw new Error(`Cannot attach ${id}: it is on the network already`);
      if (known !== undefined) known.receive = receive;
      else participants.set(id, createParticipant(id, receive));
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
      const due = now + (client ? 0 : drawLatency(latency.mean, random));
      const delays = client ? [0] : delaysOf(src, dest);
      delays.forEach((delay, copies) => {
        // Each delivery is its receiver's own: they share nothing.
        const delivery = { message: copies === 0 ? message : parseJSON(formatLine(message)) as Message, client };
        if (delay === 0) destination.inbox.add(delivery, due);
        else clock.schedule(now + delay, () => destination.inbox.add(delivery, due + delay));
      });
    },
    drop(src, dest, fault = "") {
      const deaf = participants.get(dest);
      if (deaf === undefined) throw new RangeError(`Cannot cut ${dest} off from ${src}: ${dest} is not on the network`);
      deaf.deafTo.set(src, new Set(deaf.deafTo.get(src)).add(fault));
    },
    heal(fault) {
      for (const { deafTo } of participants.values()) {
        for (const [src, faults] of deafTo) {
          if (fault === undefined) faults.clear();
          else faults.delete(fault);
          if (faults.size === 0) deafTo.delete(src);
        }
      }
    },
    disturb: (fault, nodes, disturbance) => void troubles.set(fault, { nodes: new Set(nodes), disturbance }),
    calm: (fault) => void troubles.delete(fault),
    admit(id, passes) {
      const known = participants.get(id);
      if (known !== undefined) known.passes = passes;
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
