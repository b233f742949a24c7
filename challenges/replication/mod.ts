/**
 * Replication: in the end every node has applied the entries of all, whatever the network loses, doubles, reorders or
 * cuts. See `docs/replication.md`.
 *
 * 1. Every incarnation of a node appends to a log of its own. A version vector says all that a node has (`log.ts`).
 * 2. A message brings entries that the receiver lacks, and the sender's vector, which acknowledges cumulatively.
 * 3. It is applied as a whole, once all that it builds on is there, so that no effect is seen without its cause.
 * 4. What is not acknowledged is sent again; who does not answer is suspected, and asked now and then (`schedule.ts`).
 * 5. Acknowledgements count only between present incarnations. One that names another incarnation of this node shows
 *    that the sender does not know that the node was started again, and is answered with a question (`peer.ts`).
 * 6. A hub appends to its own log what all nodes have. So every node learns of that after having it.
 *
 * @module
 */
import { describeThrown } from "../../lib/log.ts";
import { isStopped } from "../../lib/rpc.ts";
import type { AnyNode } from "../../mod.ts";
import { type Counts, covers, join, MEMORY, OWN, type Vector } from "./log.ts";
import { COUNTS, isUpdate, type Peer, type Update } from "./peer.ts";
import { askOnce, hurryIfLate, noteAnswer, proceed, Replica, type ReplicationOptions, send } from "./schedule.ts";

export type { ReplicationOptions };

/** The replication of one node. */
export interface Replication<E> {
  /** Adds an entry of this node's own, which the program has applied already. */
  append(entry: E): void;
}

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
  const waiting: E[] = [];
  const begin = (incarnations?: Record<string, number>) => {
    replica = new Replica(node, options, incarnations && new Map(Object.entries(incarnations)));
    if ((incarnations?.[node.id] ?? 1) > 1) replica.logs.append(OWN, { fullyReplicated: {} } as E);
    waiting.forEach(append);
    proceed(replica);
  };
  const append = (entry: E) => {
    if (replica === undefined) return void waiting.push(entry);
    replica.logs.append(OWN, entry);
    if (node.peers.length === 0) markReplicated(replica);
    proceed(replica);
  };
  node.onInit(() => {
    if (options.incarnations === undefined) return begin();
    options.incarnations().then(begin).catch((error) => {
      if (!isStopped(error)) node.log.error(`Cannot take part in replication: ${describeThrown(error)}`);
    });
  });
  node.on("replicate", (body, { src }) => {
    const peer = replica?.peers.get(src);
    if (peer !== undefined) receive(replica!, peer, body as unknown as Update<E, S>);
  }, { schema: isUpdate });
  return { append };
}

/** Handles a well-formed message. */
function receive<E, S>(replica: Replica<E, S>, peer: Peer, update: Update<E, S>): void {
  const { logs, own, lastSeq } = replica;
  const { ack, base, entries, from, hub, next, question, seq } = update;
  if (isOver(replica, from)) return;
  for (const log of [...Object.keys(update.have), ...Object.keys(entries ?? {})]) isOver(replica, log);
  const now = replica.heardAt = replica.now;
  const namesUs = ack?.[0] === own;
  // What refers to what another incarnation of ours said, or what was forgotten, says nothing.
  const known = base === undefined ? [] : peer.told.findLast((told) => namesUs && told.seq === base)?.vector;
  const have = known && logs.vectorOf(update.have, known, entries);
  const isFirst = peer.incarnation === undefined;
  const isPresent = peer.recognize(update, own, lastSeq, now);
  if (isPresent && namesUs) peer.noteAck(ack[1], ack[2], now);
  const isNewest = isPresent ? peer.heard!.seq === seq : isFirst;
  if (isNewest) peer.hub = hub;
  if (isNewest && next !== undefined) peer.nextRound = now + next;
  if (isNewest && isPresent && have !== undefined) peer.noteVector(have, now);
  // Most likely it has what it says, which need not be sent back; but that does not count as known.
  if (isNewest && !isPresent && have !== undefined) peer.sent = join(peer.sent, have);
  if (isPresent) noteAnswer(replica, peer);
  if (have !== undefined) takeIn(replica, { peer, update, have });
  if (question && (isPresent || isFirst)) send(replica, peer, "answer", have ?? peer.acked);
  // One of us may not know which incarnation of the other is present, or one may not hear the other.
  const isDoubtful = have === undefined || (!isPresent && !isFirst) || (ack !== undefined && !namesUs);
  if (isDoubtful || (peer.suspected !== undefined && !question)) askOnce(replica, peer);
  markReplicated(replica);
  proceed(replica);
}

/** Applies what a message brings, if all that it builds on is there; otherwise keeps it until that is. */
function takeIn<E, S>(replica: Replica<E, S>, message: Replica<E, S>["early"][number]): void {
  const { early, logs, options } = replica;
  const { peer, update, have } = message;
  const { entries = {}, from, seq, snapshot } = update;
  if (isOver(replica, from)) return;
  const [starts, state] = snapshot ?? [];
  const base = logs.vectorOf(starts ?? {});
  if (!covers(logs.vector, base)) {
    options.restore(state!);
    logs.skipTo(base);
    replica.replicated = join(replica.replicated, base);
  }
  const marks: Counts[] = [];
  const apply = (entry: E) => isMark(replica, entry) ? marks.push(entry.fullyReplicated) : options.apply(entry);
  // In a mesh a message brings entries of its sender only, and cannot be complete.
  const fits = logs.fits(entries, options.topology === "mesh" ? [] : have);
  const isNew = fits && logs.accept(entries, apply);
  for (const mark of marks) settle(replica, replica.replicated = logs.vectorOf(mark, replica.replicated));
  if (!fits && early.push(message) > MEMORY) early.shift();
  if (fits && (update.entries !== undefined || snapshot !== undefined)) peer.ackPendingSince ??= replica.now;
  const gapDue = replica.now + 25 + Math.min(1000, 3 * (peer.roundTrip?.deviation ?? 0));
  if (!covers(logs.vector, have)) replica.gapDue = Math.min(replica.gapDue, gapDue);
  else if (from === peer.incarnation && seq > (peer.common?.seq ?? -1)) peer.common = { seq, vector: have };
  if (!isNew) return;
  hurryIfLate(replica);
  for (const held of early.splice(0)) takeIn(replica, held);
}

/** An entry of a hub's log that says what all nodes have; an empty one begins each incarnation but a node's first. */
function isMark({ options }: Replica, entry: unknown): entry is { fullyReplicated: Counts } {
  return options.onFullyReplicated !== undefined && COUNTS[1](Object(entry).fullyReplicated);
}

/** At a hub: appends a mark if all nodes have more than was said, other marks not counted. */
function markReplicated(replica: Replica): void {
  const { logs, node, options, replicated } = replica;
  if (options.onFullyReplicated === undefined || replica.hub !== node.id || !allKnowIncarnations(replica)) return;
  const vectors = Array.from(replica.peers.values(), ({ common }) => common?.vector ?? []);
  const all = logs.vector.map((count, log) => Math.min(count, ...vectors.map((vector) => vector[log] ?? 0)));
  if (covers(replicated, all) || !settle(replica, all)) return;
  logs.append(OWN, { fullyReplicated: logs.countsOf(all, replicated) });
  replica.replicated = join(replicated, all);
}

/** Forgets what all nodes have, and tells the program; returns true if there was anything for it. */
function settle(replica: Replica, all: Vector): boolean {
  const entries = replica.logs.trim(all).filter((entry) => !isMark(replica, entry));
  for (const entry of entries) replica.options.onFullyReplicated!(entry);
  return entries.length > 0;
}

/** Notes the number of the incarnation that a log is named after; returns true if a later one of its node is known. */
function isOver({ incarnations }: Replica, log: string): boolean {
  const dot = log.lastIndexOf(".");
  const [node, number] = [log.slice(0, dot), Number(log.slice(dot + 1))];
  const known = incarnations?.get(node) ?? 1;
  if (number > known) incarnations?.set(node, number);
  return incarnations !== undefined && number < known;
}

/** True if all know of each incarnation but the first ones. Until then a node may pass on entries of an earlier one. */
function allKnowIncarnations({ incarnations = new Map(), logs, peers }: Replica): boolean {
  const later = Array.from(incarnations).filter(([_, number]) => number > 1).map((name) =>
    logs.numberOf(name.join("."))
  );
  return later.every((log) => peers.values().every(({ common }) => (common?.vector[log] ?? 0) > 0));
}
