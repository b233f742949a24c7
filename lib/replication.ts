/**
 * Replication: every node appends entries, and in the end every node has taken in those of all the others, whatever the network loses,
 * doubles, reorders or cuts.
 *
 * Entries travel in batches, are acknowledged cumulatively (by a version vector that rides on whatever is sent), and are sent again
 * where an acknowledgement shows that they were lost. A node that cannot be reached is left alone but for a probe now and then; when it
 * is back, the two sides exchange what they lack, at once. What all nodes have is forgotten; a node that lacks what is gone gets a
 * snapshot. See the folder `replication/` for each of these.
 *
 * A node that is killed and started again begins a new stream and gets everything from its peers, except what it had told nobody.
 *
 * @module
 */

import { describeThrown } from "./log.ts";
import type { AnyNode } from "./node.ts";
import { complete } from "./replication/abridge.ts";
import { isOver, type Lives, noteLives } from "./replication/lives.ts";
import { confirm, isFormer, learn, type Peer, restarted } from "./replication/peer.ts";
import {
  adoptStable,
  appendOwn,
  clockOf,
  createReplica,
  hubOf,
  type Replica,
  type ReplicateBody,
  type ReplicationOptions,
  type ReplicationStats,
  tell,
} from "./replication/replica.ts";
import { proceed, sendOnLate } from "./replication/rounds.ts";
import { accept, fits, limit, skipTo, vectorOf } from "./replication/streams.ts";
import { covers, raise, type Vector } from "./replication/vectors.ts";
import { isStopped } from "./rpc.ts";
import { askWhenLonely, heardFrom, probe, probeSometimes, want } from "./replication/suspicion.ts";

export type { ReplicationOptions, ReplicationStats } from "./replication/replica.ts";

/** What a program has in hand. */
export interface Replication<E> {
  /** Adds an entry of this node's own (which the program has taken in already); it travels with the next batch. */
  append(entry: E): void;
  /** What has been sent so far. */
  readonly stats: Readonly<ReplicationStats>;
  /** The peers that cannot be reached just now, as far as is known. */
  readonly suspects: readonly string[];
}

/**
 * Makes a node replicate; to be called once, when the program sets up its node. Entries can be appended from the first request on.
 *
 * The messages are of type `replicate`, which the program cannot use for anything else.
 *
 * @throws {TypeError} The options contradict each other.
 *
 * @typeParam E An entry, as JSON.
 * @typeParam S A snapshot, as JSON.
 *
 * @example A set that grows on all nodes.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Node } from "./node.ts";
 * import { startNode } from "./start_node.ts";
 * import { replicate } from "./replication.ts";
 *
 * function growingSet(node: Node) {
 *   const elements = new Set<unknown>();
 *   const add = (element: unknown) => void elements.add(element);
 *   const replication = replicate<unknown, unknown[]>(node, {
 *     topology: "mesh",
 *     period: 0,
 *     apply: add,
 *     snapshot: () => [...elements],
 *     restore: (others) => others.forEach(add),
 *   });
 *   node.on("add", ({ element }) => {
 *     add(element);
 *     replication.append(element);
 *     return {};
 *   });
 * }
 *
 * const sent: string[] = [];
 * const host = {
 *   send: ({ dest, body }: { dest: string; body: { type: string } }) => void sent.push(`${body.type} to ${dest}`),
 *   now: () => 0,
 *   setTimer: () => 0,
 *   clearTimer: () => {},
 *   getRandomValues: <T extends Uint8Array | Uint32Array>(array: T) => array,
 *   random: () => 0,
 *   log: () => {},
 * };
 * const node = startNode(growingSet, host);
 * const init = { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0", "n1", "n2"] };
 * node.receive({ src: "c0", dest: "n0", body: init });
 * await node.idle();
 * node.receive({ src: "c1", dest: "n0", body: { type: "add", msg_id: 1, element: "x" } });
 * assertEquals(sent, ["init_ok to c0", "replicate to n1", "replicate to n2", "add_ok to c1"]);
 * ```
 */
export function replicate<E, S>(node: AnyNode, options: ReplicationOptions<E, S>): Replication<E> {
  if (options.onStable !== undefined && options.topology !== "hub") {
    throw new TypeError(`Cannot replicate: onStable needs topology hub, got ${options.topology}`);
  }
  let replica: Replica<E, S> | undefined;
  const started = () => {
    if (replica === undefined) throw new Error("Cannot replicate: the node is not initialised yet");
    return replica;
  };
  /** Entries from before this node takes part. */
  const waiting: E[] = [];
  const begin = (lives?: Lives) => {
    const created = replica = createReplica(node, options, lives);
    const restarted = lives !== undefined && lives[node.id]! > 1;
    for (const entry of restarted ? [options.lives!.announcement, ...waiting] : waiting) appendOwn(created, entry);
    if (!restarted) askWhenLonely(created, () => proceed(created));
    proceed(created);
  };
  node.onInit(() => {
    if (options.lives === undefined) return begin();
    options.lives.begin().then(begin).catch((error) => {
      if (!isStopped(error)) node.log.error(`Cannot take part in replication: ${describeThrown(error)}`);
    });
  });
  node.on("replicate", (body, { src }) => {
    // What comes before this node takes part is as good as lost.
    const peer = replica?.peers.get(src);
    if (peer !== undefined) receive(replica!, peer, body as unknown as ReplicateBody<E, S>);
  });
  return {
    append(entry) {
      if (replica === undefined && options.lives !== undefined) return void waiting.push(entry);
      appendOwn(started(), entry);
      proceed(started());
    },
    get stats() {
      return started().stats;
    },
    get suspects() {
      return [...started().peers.values()].filter(({ suspected }) => suspected !== undefined).map(({ id }) => id);
    },
  };
}

function receive<E, S>(replica: Replica<E, S>, peer: Peer, body: ReplicateBody<E, S>): void {
  if (isOver(replica, body.stream)) return;
  noteLives(replica, body.have);
  noteLives(replica, body.entries ?? {});
  const now = replica.heardAt = clockOf(replica);
  const isOurs = body.echo?.[2] === replica.own;
  if (peer.stream !== body.stream) {
    if (isFormer(peer, body.stream, body.born, isOurs ? body.echo : undefined)) {
      peer.doubted = { stamp: body.stamp, at: now, stream: body.stream };
      return probeSometimes(replica, peer);
    }
    restarted(peer, body.stream, body.born);
    replica.early = replica.early.filter((message) => message.peer !== peer);
  }
  peer.doubted = undefined;
  const latest = peer.heard === undefined || body.stamp > peer.heard.stamp;
  if (latest) peer.heard = { stamp: body.stamp, at: now };
  if (isOurs) confirm(peer, body.echo!, now);
  // What is left out refers to what this node has said in its present life.
  const have = body.beyond === undefined || isOurs ? complete(replica.streams, body) : undefined;
  if (latest) {
    if (have !== undefined) learn(peer, have, vectorOf(replica.streams, body.stable ?? {}), now);
    peer.follows = body.follows;
    if (body.next !== undefined) peer.nextRound = now + body.next;
  }
  heardFrom(replica, peer, body.answer === true);
  if (have !== undefined) takeIn(replica, peer, body, have);
  else probeSometimes(replica, peer);
  if (body.answer) tell(replica, peer, { entries: "all", answer: peer.suspected !== undefined });
  followUp(replica, peer, now);
  proceed(replica);
}

/** How many messages are held that came before what they build on. */
const MAX_EARLY = 1024;

/** Takes in what a message brings whose sender has so much, and notes what that says. */
function takeIn<E, S>(replica: Replica<E, S>, peer: Peer, body: ReplicateBody<E, S>, have: Vector): void {
  const { early, options, streams } = replica;
  const { entries = {}, snapshot } = body;
  if (isOver(replica, body.stream)) return;
  if (snapshot !== undefined) restore(replica, snapshot, vectorOf(streams, body.base!));
  // In a mesh, a sender has entries of others that it leaves to them: no message can bring everything.
  if (!fits(streams, entries, options.topology === "mesh" ? [] : have)) {
    if (early.push({ peer, body, have }) > MAX_EARLY) early.shift();
    return want(replica, peer, have);
  }
  const count = accept(streams, entries, (entry) => options.apply(entry));
  limit(streams, options.keep);
  if (body.confirm) peer.owedSince ??= clockOf(replica);
  if (covers(streams.vector, have)) noteShared(replica, peer, body, have);
  else want(replica, peer, have);
  if (count === 0) return;
  sendOnLate(replica, clockOf(replica));
  for (const message of early.splice(0)) takeIn(replica, message.peer, message.body, message.have);
}

function restore<E, S>({ options, streams }: Replica<E, S>, snapshot: S, base: Vector): void {
  if (covers(streams.vector, base)) return;
  options.restore(snapshot);
  skipTo(streams, base);
}

/** Notes that the peer has nothing that this node lacks. */
function noteShared<E, S>(replica: Replica<E, S>, peer: Peer, body: ReplicateBody<E, S>, have: Vector): void {
  raise(peer.shared, have);
  peer.sharedVersion = Math.max(peer.sharedVersion ?? 0, body.version);
  if (body.stable === undefined) return;
  const stable = vectorOf(replica.streams, body.stable);
  if (!covers(replica.stable, stable)) adoptStable(replica, stable);
}

/** A hub that follows somebody who is suspected here shows that the suspect is alive: it should be this node's hub, too. */
function followUp(replica: Replica<unknown, unknown>, { id, follows }: Peer, now: number): void {
  if (follows === undefined || id !== hubOf(replica)) return;
  const higher = replica.peers.get(follows);
  if (higher?.suspected !== undefined && now - higher.probedAt > 1000) probe(replica, higher);
}
