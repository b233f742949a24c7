/**
 * The state of one node's replication, and the one message that it sends.
 *
 * @module
 */

import type { AnyNode } from "../node.ts";
import { abridge, type Abridged } from "./abridge.ts";
import { allKnowOfLives, type Lives, type LivesOptions, nameOfLife } from "./lives.ts";
import { createPeer, type Echo, measuredAnswerTime, type Peer } from "./peer.ts";
import {
  append,
  type Counts,
  countsOf,
  createStreams,
  limit,
  OWN,
  segmentBeyond,
  segmentsBeyond,
  starts,
  type Streams,
  trim,
} from "./streams.ts";
import { covers, least, put, raise, type Vector } from "./vectors.ts";

/** What a program says about its data and how they are to travel. */
export interface ReplicationOptions<E, S> {
  /**
   * Who sends to whom. `"mesh"`: everybody to everybody, one hop, n − 1 messages for each batch of one node. `"hub"`: everybody to one
   * node, which passes on what it gets, two hops, 2(n − 1) messages for a batch of all.
   */
  topology: "mesh" | "hub";
  /** How long entries are gathered before they are sent on, in ms; 0: not at all. */
  period: number;
  /** How long an acknowledgement waits for entries to ride on, in ms. */
  acknowledge?: number;
  /** An acknowledgement waits no longer once nothing has been heard from anybody for so many ms. */
  quiet?: number;
  /**
   * What comes to a hub less than so many ms after a round is sent on at once instead of with the next one: a busy machine has held it up
   * a little. Once in five rounds at most, for it costs as much as a round; 0, not at all, by default.
   */
  late?: number;
  /** How often it is tried whether suspects are back, in ms; 400 by default. Those that have been gone for long are tried less often. */
  probe?: number;
  /**
   * How many entries of a stream are kept for peers that lack them; one that is further behind gets a snapshot instead. `Infinity` is
   * right where the entries are the program's state anyway.
   */
  keep?: number;
  /**
   * Takes in an entry of another node: those of one node in their order. In a hub topology, they come with all that their author had
   * taken in when it appended them, if that has not come before; what comes together is taken in together, before anything else
   * happens. It must not matter if an entry comes which a snapshot already contained.
   */
  apply(entry: E): void;
  /** All that the entries so far have led to, as JSON. */
  snapshot(): S;
  /** Takes in the snapshot of another node, in addition to what is there. */
  restore(snapshot: S): void;
  /** Is told of each entry, own ones too, once it is known that all nodes have it; only in a hub topology, with `keep: Infinity`. */
  onStable?(entry: E): void;
  /**
   * Tells the lives of nodes apart, for programs to which {@linkcode ReplicationOptions.onStable} means that nothing more will come which
   * was appended before; see `lives.ts`. Without it, a message of a node that was killed may still come in late.
   */
  lives?: LivesOptions<E>;
}

type Optional = "onStable" | "lives";

/** What replication has done so far. */
export interface ReplicationStats {
  /** Messages sent. */
  messages: number;
  /** Entries in them. */
  entries: number;
  /** Messages sent to find out whether a peer is there, or to ask it for what is missing. */
  probes: number;
  /** Snapshots sent. */
  snapshots: number;
  /** How often a peer was given up, for the time being. */
  suspicions: number;
}

/** The message. Everything in it is cumulative: any that is lost, doubled or late costs time at most. */
export interface ReplicateBody<E, S> extends Abridged<E> {
  type: "replicate";
  /** Orders the sender's messages, and is echoed. */
  stamp: number;
  /** The newest message of the receiver's that the sender has. */
  echo?: Echo;
  /** The sender's own stream. */
  stream: string;
  /** When the sender started, by its own clock: of two streams of one node, the later one is its present one. */
  born: number;
  /** Counts the changes of all that the sender has. */
  version: number;
  /** What the sender knows all nodes to have. */
  stable?: Counts;
  /** The sender's hub. */
  follows?: string;
  /** In how many ms the sender's next round is, at the earliest. */
  next?: number;
  /** All that came before `entries`, where the sender does not hold that any more. */
  snapshot?: S;
  /** Where the snapshot ends. */
  base?: Counts;
  /** Whether the sender wants to know that this has arrived: soon, with whatever else there is to say. */
  confirm?: true;
  /** Whether the receiver is to answer at once. */
  answer?: true;
}

/** One node's replication. */
export interface Replica<E, S> {
  readonly node: AnyNode;
  readonly options: Required<Omit<ReplicationOptions<E, S>, Optional>> & Pick<ReplicationOptions<E, S>, Optional>;
  readonly stats: ReplicationStats;
  /** The stream that this node appends to. */
  readonly own: string;
  readonly streams: Streams<E>;
  readonly peers: ReadonlyMap<string, Peer>;
  /** What all nodes are known to have. */
  readonly stable: Vector;
  /** The present life of each node, where lives are told apart. */
  readonly lives: Lives | undefined;
  /** The node's clock at the start. */
  readonly born: number;
  lastStamp: number;
  /** When anybody was last heard. */
  heardAt: number;
  /** When what all nodes have was last forgotten. */
  trimmedAt: number;
  /** When the last round was. */
  lastRound: number;
  /** When to tell everybody what is new, out of turn: a peer is back. */
  haste: number;
  /** When that was last done for what came a little late. */
  hastenedAt: number;
  /** A sign of entries that should be here and are not: who has them, and since when that is known. */
  wanted: { peer: Peer; have: Vector; at: number } | undefined;
  /** Whether there have been other such signs, which are still to be looked into. */
  wantsMore: boolean;
  /** Messages that came before another one which they build on. */
  early: { peer: Peer; body: ReplicateBody<E, S>; have: Vector }[];
  /** How many peers to try next as a hub, at once. */
  ambition: number;
  /** When suspects were last probed. */
  probedAt: number;
  /** The timer of the next round. */
  timer: { at: number; cancel: () => void } | undefined;
  /** Ends the watch, while there is something to watch for. */
  endWatch: (() => void) | undefined;
}

/** How many peers are tried as a hub at first. */
export const FIRST_AMBITION = 2;

/** The replication of a node that knows its id. */
export function createReplica<E, S>(node: AnyNode, options: ReplicationOptions<E, S>, lives?: Lives): Replica<E, S> {
  const [word] = node.getRandomValues(new Uint32Array(1));
  const own = lives === undefined ? `${node.id}.${word!.toString(36)}` : nameOfLife(node.id, lives[node.id]!);
  const { topology, period } = options;
  const patience = topology === "hub"
    ? { acknowledge: 2 * period, quiet: 1.25 * period }
    : { acknowledge: 3000, quiet: 300 };
  return {
    node,
    options: { ...patience, late: 0, probe: 400, keep: 10_000, ...options },
    stats: { messages: 0, entries: 0, probes: 0, snapshots: 0, suspicions: 0 },
    own,
    streams: createStreams(own),
    peers: new Map(node.peers.map((id) => [id, createPeer(id)])),
    stable: [],
    lives,
    born: node.now(),
    lastStamp: -1,
    heardAt: -Infinity,
    trimmedAt: -Infinity,
    lastRound: -Infinity,
    haste: Infinity,
    hastenedAt: 0,
    wanted: undefined,
    wantsMore: false,
    early: [],
    ambition: FIRST_AMBITION,
    probedAt: -Infinity,
    timer: undefined,
    endWatch: undefined,
  };
}

/** Milliseconds since the node started. */
export function clockOf(replica: Replica<unknown, unknown>): number {
  return replica.node.now() - replica.born;
}

/** A stamp: the time in µs, later than any before. */
export function newStamp(replica: Replica<unknown, unknown>): number {
  return replica.lastStamp = Math.max(Math.floor(1000 * clockOf(replica)), replica.lastStamp + 1);
}

/** The hub: the first of all nodes that is not suspected, which may be this one. In a mesh, everybody is its own. */
export function hubOf({ node, options, peers }: Replica<unknown, unknown>): string {
  if (options.topology === "mesh") return node.id;
  return node.nodeIds.find((id) => peers.get(id)?.suspected === undefined)!;
}

/** Whether this node tells a peer what is new: it tells all, or its hub and those that take it for theirs; suspects never. */
export function informs(
  replica: Replica<unknown, unknown>,
  { id, follows, suspected }: Peer,
  hub = hubOf(replica),
): boolean {
  if (suspected !== undefined) return false;
  return hub === replica.node.id || hub === id || follows === replica.node.id;
}

/** How long an answer of a peer may take, ms; for one that has never answered, as long as for the slowest of the others. */
export function answerTime({ peers }: Replica<unknown, unknown>, peer: Peer): number {
  const measured = measuredAnswerTime(peer);
  if (measured !== undefined) return measured;
  const others = Array.from(peers.values(), (other) => measuredAnswerTime(other) ?? 0);
  return Math.max(...others) || UNKNOWN_ANSWER_TIME;
}

/** As long as nobody has answered, ms. */
const UNKNOWN_ANSWER_TIME = 1000;

/** Whether a peer is to get something that it has not been sent. In a mesh each node passes on only its own entries. */
export function lacks({ options, streams }: Replica<unknown, unknown>, peer: Peer): boolean {
  const mesh = options.topology === "mesh";
  const appended = streams.vector[OWN] ?? 0;
  const version = mesh ? appended : streams.version;
  // Who lacks something goes on lacking it until it is sent, whatever else comes in; this is asked of each peer at each message.
  if (peer.lacks?.known === true || peer.lacks?.version === version) return peer.lacks.known;
  const known = mesh ? (peer.sent[OWN] ?? 0) < appended : !covers(peer.sent, streams.vector);
  peer.lacks = { known, version };
  return known;
}

/** Whether the program cares about what is stable, and a peer has not been told. */
export function lacksStable({ options, stable }: Replica<unknown, unknown>, peer: Peer): boolean {
  if (options.onStable === undefined || options.topology === "mesh") return false;
  return !covers(peer.stable, stable);
}

/** What {@linkcode tell} puts into the message. */
export interface Telling {
  /** Which entries; by default those that the topology lets travel and that the peer has not been sent. */
  entries?: "all" | "none";
  /** Whether the peer is to answer at once. */
  answer?: boolean;
}

/** Sends a peer what it lacks, and what this node has. */
export function tell<E, S>(replica: Replica<E, S>, peer: Peer, { entries, answer = false }: Telling = {}): void {
  const { node, options, stats, streams } = replica;
  const now = clockOf(replica);
  const body: ReplicateBody<E, S> = {
    type: "replicate",
    stamp: newStamp(replica),
    stream: replica.own,
    born: replica.born,
    version: streams.version,
    have: {},
  };
  const heard = peer.doubted ?? (peer.heard && { ...peer.heard, stream: peer.stream! });
  if (heard !== undefined) body.echo = [heard.stamp, round(now - heard.at), heard.stream];
  if (options.onStable !== undefined) body.stable = countsOf(streams, replica.stable);
  if (options.topology === "hub") {
    body.follows = hubOf(replica);
    body.next = round(Math.max(0, replica.lastRound + options.period - now));
  }
  if (entries !== "none") addEntries(replica, peer, body, entries === "all");
  // Who asks may not know any more what it had, and another life of the peer's never did.
  if (entries === "all" || peer.doubted !== undefined || peer.sharedVersion === undefined) {
    body.have = countsOf(streams, streams.vector);
  } else Object.assign(body, abridge(streams, peer, body.entries));
  // Somebody whom this node does not inform by itself asks again if an answer is lost.
  const news = body.entries !== undefined || body.snapshot !== undefined || lacksStable(replica, peer);
  if (news && informs(replica, peer)) body.confirm = true;
  if (answer) body.answer = true;
  node.send(peer.id, body);
  stats.messages++;
  if (news) peer.lastSent = body.stamp;
  peer.owedSince = undefined;
  raise(peer.stable, replica.stable);
  if (!answer && !body.confirm) return;
  peer.wanting = body.stamp;
  peer.waitingSince ??= now;
}

/** Adds what a peer lacks. Asked for everything, it also sends a snapshot if entries that the peer lacks are gone. */
function addEntries<E, S>(replica: Replica<E, S>, peer: Peer, body: ReplicateBody<E, S>, all: boolean): void {
  const { options, own, stats, streams } = replica;
  const { vector } = streams;
  const mesh = options.topology === "mesh" && !all;
  if (all) addSnapshot(replica, peer, body);
  const segment = mesh ? segmentBeyond(streams, OWN, peer.sent[OWN] ?? 0) : undefined;
  const segments = mesh ? segment && { [own]: segment } : segmentsBeyond(streams, all ? peer.have : peer.sent);
  if (segments !== undefined) body.entries = segments;
  for (const name in segments) stats.entries += segments[name]![1].length;
  // Of what is not held any more, the peer either has it, or will find that it is missing and ask.
  if (mesh) peer.sent[OWN] = vector[OWN] ?? 0;
  else raise(peer.sent, vector);
  peer.lacks = undefined;
}

/** Adds a snapshot if entries that a peer lacks are not held any more. */
function addSnapshot<E, S>({ options, stats, streams }: Replica<E, S>, peer: Peer, body: ReplicateBody<E, S>): void {
  const base = starts(streams);
  if (covers(peer.have, base)) return;
  body.snapshot = options.snapshot();
  body.base = countsOf(streams, base);
  stats.snapshots++;
}

/** Works out what all nodes have, from what this one knows of them. */
export function findStable<E>(replica: Replica<E, unknown>): void {
  if (!allKnowOfLives(replica)) return;
  const shared: Vector[] = [];
  for (const peer of replica.peers.values()) shared.push(peer.shared);
  adoptStable(replica, least(replica.streams.vector, shared));
}

/** Takes note of what all nodes have: nobody will ever need it from this one, so it is forgotten here. */
export function adoptStable<E>({ options, stable, streams }: Replica<E, unknown>, found: Vector): void {
  for (const [stream, count] of found.entries()) {
    if (count <= (stable[stream] ?? 0)) continue;
    put(stable, stream, count);
    const entries = trim(streams, stream, count);
    if (options.onStable !== undefined) entries.forEach((entry) => options.onStable!(entry));
  }
}

/** Adds an entry of this node's own. */
export function appendOwn<E>(replica: Replica<E, unknown>, entry: E): void {
  append(replica.streams, entry);
  limit(replica.streams, replica.options.keep);
  if (replica.peers.size === 0) findStable(replica);
}

/** Whole microseconds are enough for what goes over the wire. */
function round(ms: number): number {
  return Math.round(1000 * ms) / 1000;
}
