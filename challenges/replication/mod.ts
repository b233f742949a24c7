/**
 * Replication by anti-entropy: all nodes apply the entries that any of them appends. See `docs/replication.md`.
 *
 * 1. Each incarnation of a node appends to a log of its own. A version vector says all that a node has (`log.ts`).
 * 2. A message carries entries that the receiver may lack, and the sender's vector, a cumulative acknowledgement.
 * 3. A message is applied as a whole, once all that it builds on is here. So no effect is seen without its cause.
 * 4. What is not acknowledged is sent again. A peer that does not answer is suspected (`schedule.ts`).
 * 5. Acknowledgements count only between present incarnations; others are answered with a question (`peer.ts`).
 * 6. When all nodes have an entry, the hub appends a mark to its own log, which reaches each node after the entry.
 *
 * @module
 */
import { describeThrown } from "../../lib/log.ts";
import { isStopped } from "../../lib/rpc.ts";
import type { AnyNode } from "../../mod.ts";
import { expectPeer, type ReplicateMessage, replicateSchema } from "../shared/requests.ts";
import { type Counts, covers, join, MEMORY, OWN, type Vector } from "./log.ts";
import type { Peer } from "./peer.ts";
import { ask, planUrgentRound, Replica, type ReplicationOptions, runSchedule, send, trustIfBack } from "./schedule.ts";

export type { ReplicationOptions };

/** The replication of one node. */
export interface Replication<E> {
  /** Appends an entry to this node's log. The program has applied it already. */
  append(entry: E): void;
}

/** Entry of a log that says what all nodes have. An empty one begins the log of each incarnation but the first. */
type Mark = { fullyReplicated: Counts };

/**
 * Makes a node replicate. A program calls it once, when it sets up its node. It handles messages of type `replicate`.
 * A malformed one changes nothing: it is answered with error 12 if it has a `msg_id`, and logged otherwise.
 *
 * @throws {TypeError} `onFullyReplicated` is given for a mesh.
 */
export function replicate<E, S>(node: AnyNode, options: ReplicationOptions<E, S>): Replication<E> {
  if (options.onFullyReplicated !== undefined && options.topology !== "hub") {
    throw new TypeError(`Cannot replicate: onFullyReplicated needs topology hub, got ${options.topology}`);
  }
  let replica: Replica<E, S> | undefined;
  const beforeStart: E[] = [];
  const append = (entry: E) => {
    if (replica === undefined) {
      beforeStart.push(entry);
      return;
    }
    replica.logs.append(OWN, entry);
    if (node.peers.length === 0) appendMark(replica);
    runSchedule(replica);
  };
  const start = (incarnations?: Record<string, number>) => {
    replica = new Replica(node, options, incarnations && new Map(Object.entries(incarnations)));
    if ((incarnations?.[node.id] ?? 1) > 1) replica.logs.append(OWN, { fullyReplicated: {} } as E);
    beforeStart.forEach(append);
    runSchedule(replica);
  };
  node.onInit(() => {
    if (options.incarnations === undefined) return start();
    options.incarnations().then(start).catch((error) => {
      if (!isStopped(error)) node.log.error(`Cannot take part in replication: ${describeThrown(error)}`);
    });
  });
  node.on("replicate", (body, { src }) => {
    expectPeer(node, src);
    const peer = replica?.peers.get(src);
    if (peer !== undefined) receive(replica!, peer, body as unknown as ReplicateMessage<E, S>);
  }, replicateSchema(node, options));
  return { append };
}

/** Handles a well-formed message. */
function receive<E, S>(replica: Replica<E, S>, peer: Peer, update: ReplicateMessage<E, S>): void {
  const { incarnation, lastSeq, logs } = replica;
  const { ack, base, entries = {}, from, hub, next, question, seq } = update;
  if (!noteIncarnation(replica, from)) return;
  for (const log of [...Object.keys(update.have), ...Object.keys(entries)]) noteIncarnation(replica, log);
  const now = replica.now;
  replica.heardAt = now;
  const namesUs = ack?.[0] === incarnation;
  // Unknown if `base` is the seq of a message that we have forgotten, or that a former incarnation of ours sent.
  const known = base === undefined ? [] : peer.sentVectors.findLast((sent) => namesUs && sent.seq === base)?.vector;
  const have = known && logs.vectorOf(update.have, known, entries);
  const isFirst = peer.incarnation === undefined;
  const isPresent = peer.recognize(update, incarnation, lastSeq, now);
  if (isPresent && namesUs) peer.noteAck(ack[1], ack[2], now);
  const isNewest = isPresent ? peer.heard!.seq === seq : isFirst;
  if (isNewest) {
    peer.announced.hub = hub;
    if (next !== undefined) peer.announced.nextRound = now + next;
    if (have !== undefined && isPresent) peer.noteVector(have, now);
    // It probably has this, so it is not sent. But that is not proven, so it does not count as acknowledged.
    if (have !== undefined && !isPresent) peer.vectors.sent = join(peer.vectors.sent, have);
  }
  if (isPresent) trustIfBack(replica, peer);
  if (have !== undefined) applyOrHold(replica, { peer, update, have });
  if (question && (isPresent || isFirst)) send(replica, peer, "answer", have ?? peer.vectors.acked);
  // In doubt: its vector, or which incarnation of one of us is present. And a suspect that is back may not hear us.
  const isDoubtful = have === undefined || (!isPresent && !isFirst) || (ack !== undefined && !namesUs);
  if (isDoubtful || (peer.suspected !== undefined && !question)) ask(replica, peer);
  appendMark(replica);
  runSchedule(replica);
}

/** Applies what a message carries, if all that it builds on is here; otherwise holds it back until it is. */
function applyOrHold<E, S>(replica: Replica<E, S>, message: Replica<E, S>["heldBack"][number]): void {
  const { heldBack, logs, options } = replica;
  const { have, peer, update } = message;
  const { entries = {}, from, seq, snapshot } = update;
  if (!noteIncarnation(replica, from)) return;
  const base = logs.vectorOf(snapshot?.[0] ?? {});
  if (snapshot !== undefined && !covers(logs.vector, base)) {
    options.restore(snapshot[1]);
    logs.skipTo(base);
    replica.replicated = join(replica.replicated, base);
  }
  // In a mesh a round brings only its sender's entries, so a message need not bring all that they build on.
  const fits = logs.fits(entries, options.topology === "mesh" ? [] : have);
  const marks: Mark[] = [];
  const apply = (entry: E) => options.onFullyReplicated && isMark(entry) ? marks.push(entry) : options.apply(entry);
  const isNew = fits && logs.accept(entries, apply);
  for (const { fullyReplicated } of marks) {
    replica.replicated = logs.vectorOf(fullyReplicated, replica.replicated);
    forget(replica, replica.replicated);
  }
  if (!fits && heldBack.push(message) > MEMORY) heldBack.shift();
  if (fits && (update.entries !== undefined || snapshot !== undefined)) peer.ackPendingSince ??= replica.now;
  // A peer that passes nothing on to us may have what comes here by way of the hubs, within two rounds.
  const detour = replica.isNeighbour(peer) ? 0 : 2 * options.period;
  const gapDue = replica.now + detour + 25 + Math.min(1000, 3 * (peer.roundTrip?.deviation ?? 0));
  if (!covers(logs.vector, have)) replica.gapDue = Math.min(replica.gapDue, gapDue);
  else if (from === peer.incarnation && seq > (peer.common?.seq ?? -1)) peer.common = { seq, vector: have };
  if (!isNew) return;
  planUrgentRound(replica);
  for (const held of heldBack.splice(0)) applyOrHold(replica, held);
}

function isMark(entry: unknown): entry is Mark {
  return Object(entry).fullyReplicated !== undefined;
}

/** At a hub: appends a mark if all nodes have entries, other than marks, that they were not known to have. */
function appendMark(replica: Replica): void {
  const { logs, node, options, replicated } = replica;
  if (options.onFullyReplicated === undefined || replica.hub !== node.id || !allKnowIncarnations(replica)) return;
  const vectors = Array.from(replica.peers.values(), ({ common }) => common?.vector ?? []);
  const all = logs.vector.map((count, log) => Math.min(count, ...vectors.map((vector) => vector[log] ?? 0)));
  if (covers(replicated, all) || !forget(replica, all)) return;
  logs.append(OWN, { fullyReplicated: logs.countsOf(all, replicated) });
  replica.replicated = join(replicated, all);
}

/** Forgets the entries that all nodes have, and tells the program of them; returns true if there are any but marks. */
function forget(replica: Replica, all: Vector): boolean {
  const entries = replica.logs.trim(all).filter((entry) => !isMark(entry));
  for (const entry of entries) replica.options.onFullyReplicated!(entry);
  return entries.length > 0;
}

/** Notes the incarnation that a log is named after; returns false if a later one of its node is known. */
function noteIncarnation(replica: Replica, log: string): boolean {
  const { incarnations } = replica;
  if (incarnations === undefined) return true;
  const dot = log.lastIndexOf(".");
  const [node, number] = [log.slice(0, dot), Number(log.slice(dot + 1))];
  const known = incarnations.get(node) ?? 1;
  if (number > known && node !== replica.node.id) incarnations.set(node, number);
  return !(number < known);
}

/** True if all know each later incarnation, by its first mark. Until then, one may pass on a former one's entries. */
function allKnowIncarnations({ incarnations = new Map(), logs, peers }: Replica): boolean {
  const later = Array.from(incarnations).filter(([_, number]) => number > 1);
  const laterLogs = later.map((name) => logs.numberOf(name.join(".")));
  return laterLogs.every((log) => peers.values().every(({ common }) => (common?.vector[log] ?? 0) > 0));
}
