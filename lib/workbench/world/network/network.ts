/**
 * Network between nodes, clients and services.
 *
 * The path of a message:
 * 1. It is sent: it gets an id, and the journal records it. A node may name another source than itself; the message is
 *    then delivered with that name, as in Maelstrom, but it travels and counts as a message of the node.
 * 2. A latency is drawn (`latency.ts`); a message from or to a client takes no time.
 * 3. Disturbances drop, delay or duplicate it (`disturbances.ts`), unless it is from or to a client.
 * 4. When its time comes, it is delivered. Messages may overtake each other, or wait in line as in Maelstrom
 *    (`inbox.ts`).
 * 5. If the receiver is cut off from the sender by then, or has no room for it, the message is dropped. Otherwise the
 *    journal records that it was received.
 *
 * Steps 1, 2 and 5 are those of Maelstrom's `net.clj`.
 *
 * @module
 */

import type { Message } from "../../../protocol.ts";
import { formatJSON, parseExactJSON } from "../../base/json.ts";
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Disturbance } from "./disturbances.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createJournal, type Journal, type JournalEntry } from "./journal.ts";
import { LATENCIES, type Latency } from "./latency.ts";
import { asText } from "../../base/text.ts";

/** Receives a message, which may be changed from then on. */
export type Receive = (message: Message) => void;

/** Options for {@linkcode createNetwork}. */
export interface NetworkOptions {
  clock: Clock;
  /** Stream that latencies are drawn from. */
  random: Random;
  latency: Latency;
  /** True if messages for a node wait in line, as in Maelstrom (see `inbox.ts`). `@default false` */
  oneAtATime?: boolean;
  /** Called for each send and receive. */
  sink?: (entry: JournalEntry) => void;
  /** Called for each message whose source is not its sender. */
  onForged?: (sender: string, message: Message) => void;
  /** Called when links to a participant are cut or healed, with the sources that it is cut off from now. */
  onCut?: (dest: string, sources: readonly string[]) => void;
}

/** Network between nodes, clients and services. */
export interface Network {
  readonly journal: Journal;
  /**
   * Adds a participant, or lets one that has left come back.
   *
   * @param hasRoom Called before each message that arrives. If it returns false, the message is dropped.
   * @throws {Error} There is a participant with this name.
   */
  attach(id: string, receive: Receive, hasRoom?: () => boolean): void;
  /** Removes a participant. Messages to it are dropped. */
  detach(id: string): void;
  /**
   * Sends a message, and gives it an id. It must not be changed afterwards.
   *
   * @param sender Participant that sends it: its latency, its faults and its counts apply. `@default message.src`
   * @throws {RangeError} The source or the destination has never been on the network.
   */
  send(message: Message, sender?: string): void;
  /**
   * Records a message that has travelled on another network: it is sent, and unless the link is cut or the receiver is
   * not there, received. Nothing is delivered.
   */
  observe(message: Message): void;
  /**
   * Cuts a link in one direction: `dest` receives nothing that `src` sends.
   *
   * @param fault Fault that cuts the link. If several faults cut a link, it stays cut until all of them are healed.
   * @throws {RangeError} The destination has never been on the network.
   */
  drop(src: string, dest: string, fault?: string): void;
  /** Heals the links that a fault has cut; by default, all links. */
  heal(fault?: string): void;
  /**
   * Disturbs the messages that these nodes exchange with nodes and services from now on.
   *
   * @param fault Name of the disturbance. It replaces an earlier one of the same name.
   */
  disturb(fault: string, nodes: readonly string[], disturbance: Disturbance): void;
  /** Ends a disturbance. Messages that it has delayed still arrive late. */
  calm(fault: string): void;
  /** Drops messages to a participant unless `passes` returns true for their source. A later call replaces this one. */
  filterSources(id: string, passes: (src: string) => boolean): void;
}

/** State of a network. */
interface State {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly oneAtATime: boolean;
  readonly drawLatency: () => number;
  readonly onForged: NetworkOptions["onForged"];
  readonly onCut: NonNullable<NetworkOptions["onCut"]>;
  /** Participants by name. Those that have left stay, without `receive`. */
  readonly participants: Map<string, Participant>;
  /** Disturbances by the name of their fault. */
  readonly disturbances: Map<string, { nodes: ReadonlySet<string>; disturbance: Disturbance }>;
  /** Id of the next message; ids are consecutive, in the order of sending. */
  nextId: number;
}

interface Participant {
  readonly id: string;
  readonly client: boolean;
  /** Undefined while it is not on the network. */
  receive: Receive | undefined;
  hasRoom: (() => boolean) | undefined;
  /** Undefined unless messages wait in line. */
  inbox: Inbox<Delivery> | undefined;
  /** Sources whose messages are dropped, each with the faults that cut the link; no set is empty. */
  readonly cutOffFrom: Map<string, Set<string>>;
  /** Filter of sources; by default all pass. */
  passes?: (src: string) => boolean;
}

/** One arrival of a message. */
interface Delivery {
  readonly message: Message;
  /** Participant that has sent it, whatever the message says. */
  readonly sender: string;
  /** True if the message is from or to a client. */
  readonly client: boolean;
}

/**
 * Creates a network.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "../virtual_clock.ts";
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
export function createNetwork(options: NetworkOptions): Network {
  const { clock, random, latency, oneAtATime = false, sink, onForged, onCut = () => {} } = options;
  const draw = LATENCIES[latency.distribution];
  const state: State = {
    clock,
    journal: createJournal(sink),
    oneAtATime,
    drawLatency: () => draw(latency.mean, random),
    onForged,
    onCut,
    participants: new Map(),
    disturbances: new Map(),
    nextId: 0,
  };
  return {
    journal: state.journal,
    attach: (id, receive, hasRoom) => attach(state, id, receive, hasRoom),
    detach(id) {
      const participant = state.participants.get(id);
      if (participant !== undefined) participant.receive = undefined;
    },
    send: (message, sender = message.src) => send(state, message, sender),
    observe: (message) => observe(state, message),
    drop: (src, dest, fault = "") => drop(state, src, dest, fault),
    heal: (fault) => heal(state, fault),
    disturb(fault, nodes, disturbance) {
      state.disturbances.set(fault, { nodes: new Set(nodes), disturbance });
    },
    calm(fault) {
      state.disturbances.delete(fault);
    },
    filterSources(id, passes) {
      const participant = state.participants.get(id);
      if (participant !== undefined) participant.passes = passes;
    },
  };
}

function attach(state: State, id: string, receive: Receive, hasRoom: (() => boolean) | undefined): void {
  const known = state.participants.get(id);
  if (known?.receive !== undefined) throw new Error(`Cannot attach ${id}: it is on the network already`);
  if (known !== undefined) {
    known.receive = receive;
    known.hasRoom = hasRoom;
    return;
  }
  const added: Participant = { id, client: isClient(id), receive, hasRoom, inbox: undefined, cutOffFrom: new Map() };
  if (state.oneAtATime) {
    added.inbox = createInbox({
      clock: state.clock,
      handOver: (delivery) => handOver(state, added, delivery),
      isAwaited: ({ sender }) => accepts(added, sender),
    });
  }
  state.participants.set(id, added);
}

function send(state: State, { src, dest, body }: Message, sender: string): void {
  const { clock, journal } = state;
  const message = { id: state.nextId, src, dest, body };
  const source = find(state, src, "source", message);
  const destination = find(state, dest, "destination", message);
  if (sender !== src) state.onForged?.(sender, { src, dest, body });
  state.nextId++;
  const client = (sender === src ? source.client : isClient(sender)) || destination.client;
  const now = clock.now();
  journal.record("send", now, message, client, sender);
  if (client) return deliver(state, destination, { message, sender, client }, now);
  const due = now + state.drawLatency();
  disturbedDelays(state, sender, dest).forEach((delay, index) => {
    // A receiver may change what it receives: each arrival is a message of its own.
    const arriving = index === 0 ? message : parseExactJSON(formatJSON(message)) as Message;
    const delivery = { message: arriving, sender, client };
    if (delay === 0) deliver(state, destination, delivery, due);
    // In an inbox the message would hold up others, so it enters the inbox only after the delay.
    else clock.schedule(now + delay, () => deliver(state, destination, delivery, due + delay));
  });
}

function observe(state: State, { src, dest, body }: Message): void {
  const { clock, journal, participants } = state;
  const message = { id: state.nextId++, src, dest, body };
  const client = isClient(src) || isClient(dest);
  journal.record("send", clock.now(), message, client);
  const receiver = participants.get(dest);
  if (receiver !== undefined && accepts(receiver, src)) journal.record("recv", clock.now(), message, client);
}

/** Returns one delay (ms, added to the latency) for each arrival of a message. */
function disturbedDelays({ disturbances }: State, sender: string, dest: string): number[] {
  let delays = [0];
  for (const { nodes, disturbance } of disturbances.values()) {
    if (nodes.has(sender) || nodes.has(dest)) delays = disturbance(delays);
  }
  return delays;
}

function deliver(state: State, receiver: Participant, delivery: Delivery, due: number): void {
  if (receiver.inbox !== undefined) receiver.inbox.add(delivery, due);
  else state.clock.schedule(due, () => handOver(state, receiver, delivery));
}

function handOver({ clock, journal }: State, receiver: Participant, { message, sender, client }: Delivery): void {
  if (!accepts(receiver, sender) || receiver.hasRoom?.() === false) return;
  journal.record("recv", clock.now(), message, client, sender);
  receiver.receive!(message);
}

function accepts({ receive, cutOffFrom, passes }: Participant, sender: string): boolean {
  return receive !== undefined && !cutOffFrom.has(sender) && passes?.(sender) !== false;
}

function drop({ participants, onCut }: State, src: string, dest: string, fault: string): void {
  const receiver = participants.get(dest);
  if (receiver === undefined) throw new RangeError(`Cannot cut ${dest} off from ${src}: ${dest} is not on the network`);
  receiver.cutOffFrom.set(src, new Set(receiver.cutOffFrom.get(src)).add(fault));
  onCut(dest, [...receiver.cutOffFrom.keys()]);
}

function heal({ participants, onCut }: State, fault: string | undefined): void {
  for (const { id, cutOffFrom } of participants.values()) {
    const before = cutOffFrom.size;
    for (const [src, faults] of cutOffFrom) {
      if (fault === undefined) faults.clear();
      else faults.delete(fault);
      if (faults.size === 0) cutOffFrom.delete(src);
    }
    if (cutOffFrom.size < before) onCut(id, [...cutOffFrom.keys()]);
  }
}

function find({ participants }: State, id: string, role: "source" | "destination", message: Message): Participant {
  const found = participants.get(id);
  if (found !== undefined) return found;
  throw new StrangerError(role, id, namesOf(participants.values()), message);
}

/** Error of a message whose source or destination has never been on the network. */
export class StrangerError extends RangeError {
  /** Name of the class. */
  override name = "StrangerError";

  /**
   * @param role The end of the message that is unknown.
   * @param id Its name.
   * @param present The nodes and services on the network.
   */
  constructor(
    readonly role: "source" | "destination",
    readonly id: string,
    readonly present: readonly string[],
    { src, dest, body }: Message,
  ) {
    super(
      `Cannot send ${
        body.type === undefined ? "a body without type" : asText(body.type)
      } from ${src} to ${dest}: the ${role} ${JSON.stringify(id)} is ` +
        `not on the network, expected one of ${present.join(", ")}, or a client`,
    );
  }
}

/** Names of the nodes and services on the network. Clients are left out: there may be thousands. */
function namesOf(participants: Iterable<Participant>): string[] {
  return [...participants].filter(({ client, receive }) => !client && receive !== undefined).map(({ id }) => id);
}

/** Returns true for the name of a client: c0, c1, … */
export function isClient(id: string): boolean {
  return /^c\d+$/.test(id);
}
