/**
 * Schedule: what is sent to whom, and when. One timer is set for the next thing due, computed anew after every event.
 *
 * @module
 */
import type { AnyNode } from "../../mod.ts";
import { covers, join, Logs, MEMORY, OWN, type Vector } from "./log.ts";
import { Peer, type Update } from "./peer.ts";

/** Options for `replicate()`. */
export interface ReplicationOptions<E, S> {
  /** `"mesh"`: to all, one hop, n − 1 messages a batch. `"hub"`: two hops, 2(n − 1) messages for a batch of all. */
  topology: "mesh" | "hub";
  /** Time between rounds, in which entries are gathered, ms; 0 sends each at once. */
  period: number;
  /** Longest wait of an acknowledgement for entries to travel with, ms. @default 3000 in a mesh, else two periods */
  ackDelay?: number;
  /** Entries that reach a hub less than this after a round are late, and sent on out of turn, ms. @default 0 */
  lateWindow?: number;
  /** Time between questions to a suspected peer, ms; it grows with the time since the suspicion. @default 400 */
  probeInterval?: number;
  /** Newest entries kept of each log for peers that lack them; one that lacks more gets a snapshot. @default 1000 */
  keep?: number;
  /** Applies an entry of another node, in order; in a hub topology with or after all that its author had applied. */
  apply(entry: E): void;
  /** Returns the state that all entries so far led to, as JSON; and merges that of another node into this one's. */
  snapshot(): S;
  restore(snapshot: S): void;
  /** Called with each entry, own ones too, once all nodes have it; needs topology hub and `keep: Infinity`. */
  onFullyReplicated?(entry: E): void;
  /** Counts this incarnation; returns the numbers of the present ones, unless 1. Those of a node must grow. */
  incarnations?(): Promise<Record<string, number>>;
}

/** One node's replication. Times are ms since it started, `Infinity` for never. */
// deno-lint-ignore no-explicit-any -- by default whatever entries and snapshots
export class Replica<E = any, S = any> {
  readonly options: ReplicationOptions<E, S> & Record<"ackDelay" | "lateWindow" | "probeInterval" | "keep", number>;
  readonly startedAt: number;
  /** This node's incarnation, which names its own log. */
  readonly own: string;
  readonly logs: Logs<E> = new Logs();
  readonly peers: ReadonlyMap<string, Peer>;
  /** Messages that came before others on which they build. */
  early: { peer: Peer; update: Update<E, S>; have: Vector }[] = [];
  /** Vector of what marks say all nodes have: `replicated <= logs.vector`. */
  replicated: Vector = [];
  /** The newest seq used. */
  lastSeq = -1;
  /** The last message from anybody, and the ms of silence after which acknowledgements have nothing to wait for. */
  heardAt = -Infinity;
  readonly quiet: number;
  /** The last regular round to those who follow this node. */
  lastRound = -Infinity;
  /** A round out of turn, which does not shift the others: a peer is back, or a message came just after a round. */
  nextUrgentRound = Infinity;
  /** When such a message last came. One in five periods counts, as it costs as much as a round. */
  lateAt = 0;
  /** When to ask for entries that others have and this node has not. */
  gapDue = Infinity;
  /** The only timer; `at` is the earliest of all that is due. */
  timer?: { at: number; cancel: () => void };
  /** `incarnations` has the numbers of present incarnations as far as known, where there are any; absent means 1. */
  constructor(readonly node: AnyNode, options: ReplicationOptions<E, S>, readonly incarnations?: Map<string, number>) {
    const ackDelay = options.topology === "mesh" ? 3000 : 2 * options.period;
    this.options = { ackDelay, lateWindow: 0, probeInterval: 400, keep: 1000, ...options };
    this.quiet = options.topology === "mesh" ? 300 : 1.25 * options.period;
    this.startedAt = node.now();
    this.own = `${node.id}.${incarnations?.get(node.id) ?? node.incarnation}`;
    this.logs.numberOf(this.own);
    this.peers = new Map(node.peers.map((id) => [id, new Peer(id)]));
  }
  get now(): number {
    return this.node.now() - this.startedAt;
  }
  /** The first of all nodes that is not suspected, perhaps this one. In a mesh every node is its own hub. */
  get hub(): string {
    const { node, options, peers } = this;
    return options.topology === "mesh" ? node.id : node.nodeIds.find((id) => peers.get(id)?.suspected === undefined)!;
  }
}

/** True if this node passes on to a peer what is new. */
function isDownstream({ node }: Replica, peer: Peer, hub: string): boolean {
  return peer.suspected === undefined && (hub === node.id || hub === peer.id || peer.hub === node.id);
}

/** True if a peer was not sent something that it is to get from this node; in a mesh only its own entries. */
function lacks({ options, logs: { vector } }: Replica, { sent }: Peer): boolean {
  return options.topology === "mesh" ? (sent[OWN] ?? 0) < vector[OWN]! : !covers(sent, vector);
}

/** Sends a round with what is new, a question with what is unacknowledged, or an answer with all beyond `known`. */
export function send(replica: Replica, peer: Peer, kind: "round" | "question" | "answer", known?: Vector): void {
  const { hub, logs, node, now } = replica;
  if (kind === "question") {
    peer.questions++;
    peer.askedAt = now;
    peer.sent = peer.acked;
  }
  const brings = kind === "answer" || isDownstream(replica, peer, hub);
  const isNews = brings && lacks(replica, peer);
  const update = buildUpdate(replica, peer, kind, brings ? known ?? peer.sent : logs.vector);
  node.send(peer.id, update);
  replica.lastSeq = update.seq;
  if (peer.told.push({ seq: update.seq, vector: logs.vector }) > MEMORY) peer.told.shift();
  peer.ackPendingSince = undefined;
  if (brings) peer.sent = join(peer.sent, logs.vector);
  if (!isNews && !update.question && update.entries === undefined) return;
  peer.awaitedSeq = update.seq;
  peer.unackedSince ??= now;
}

function buildUpdate<E, S>(replica: Replica<E, S>, peer: Peer, kind: string, known: Vector): Update<E, S> {
  const { hub, lastRound, lastSeq, logs, now, options: { period, snapshot, topology }, own } = replica;
  const isAnswer = kind === "answer";
  const isMesh = topology === "mesh";
  const heard = peer.unproven ?? peer.heard;
  // Who asks, or starts, may not remember what it had.
  const common = isAnswer || peer.unproven ? undefined : peer.common;
  const needsAll = isAnswer && !covers(known, logs.starts);
  const entries = logs.beyond(known, isMesh && !isAnswer);
  return {
    type: "replicate",
    from: own,
    seq: Math.max(Math.floor(1000 * now), lastSeq + 1),
    ack: heard && [heard.incarnation, heard.seq, Math.round(1000 * (now - heard.at))],
    base: common?.seq,
    have: logs.countsOf(logs.vector, logs.vectorOf({}, common?.vector, entries)),
    entries,
    snapshot: needsAll ? [logs.countsOf(logs.starts), snapshot()] : undefined,
    hub: isMesh ? undefined : hub,
    next: isMesh ? undefined : Math.round(Math.max(0, lastRound + period - now)),
    question: kind === "question" || (isAnswer && peer.suspected) ? true : undefined,
  };
}

/** Asks a peer, unless an answer may be under way. */
export function askOnce(replica: Replica, peer: Peer): void {
  if (replica.now - peer.askedAt > peer.answerTime) send(replica, peer, "question");
}

/** Does all that is due, and sets the timer for what is next. The clock may be a rounding error short of `earliest`. */
export function proceed(replica: Replica, earliest = -Infinity): void {
  const now = Math.max(earliest, replica.now);
  const { logs, options: { keep }, timer } = replica;
  if (keep < Infinity) logs.trim(logs.vector.map((count) => count - keep));
  // What was due when a late timer should have fired is still due; computed from now, it might be one round later.
  if (timer !== undefined && timer.at < now) act(replica, timer.at);
  const at = act(replica, now);
  if (timer?.at === at && at > now) return;
  timer?.cancel();
  const set = () => ({ at, cancel: replica.node.after(Math.max(0, at - now), () => proceed(replica, at)) });
  replica.timer = at === Infinity ? undefined : set();
}

/** Does what is due at a time; returns when something is due next. */
function act(replica: Replica, at: number): number {
  const { hub, lastRound, nextUrgentRound, options: { period }, peers } = replica;
  const next = nextDue(replica, at);
  if (next > at) return next;
  const due = Array.from(peers.values()).filter((peer) => updateDue(replica, peer, hub, at) <= at);
  const isRegular = due.some((peer) => peer.id !== hub && isDownstream(replica, peer, hub));
  // Before anything is sent: the messages say when the next round is. An earlier one is out of turn.
  if (isRegular && at >= lastRound + period) replica.lastRound = replica.now;
  if (at >= nextUrgentRound) replica.nextUrgentRound = Infinity;
  for (const peer of due) send(replica, peer, "round");
  for (const peer of peers.values()) if (questionDue(replica, peer, replica.hub) <= at) remind(replica, peer);
  if (replica.gapDue <= at) askForGap(replica, at);
  return nextDue(replica, at);
}

function nextDue(replica: Replica, at: number): number {
  const { gapDue: due, hub, peers } = replica;
  const dueOf = (peer: Peer) => Math.min(updateDue(replica, peer, hub, at), questionDue(replica, peer, hub));
  return peers.values().reduce((next, peer) => Math.min(next, dueOf(peer)), due);
}

/** When a peer is to be sent something, at the earliest `at`. */
function updateDue(replica: Replica, peer: Peer, hub: string, at: number): number {
  const { node, heardAt, lastRound, nextUrgentRound, options: { ackDelay, period }, quiet } = replica;
  const since = peer.ackPendingSince;
  const downstream = isDownstream(replica, peer, hub);
  const news = downstream && lacks(replica, peer);
  if (!news && (since === undefined || peer.suspected !== undefined)) return Infinity;
  // Those who follow this node wait for its acknowledgement.
  const isPrompt = news || peer.hub === node.id;
  const earliest = isPrompt ? at : Math.max(at, Math.min(since! + ackDelay, Math.max(since!, heardAt) + quiet));
  if (!downstream) return earliest;
  const inTurn = peer.id === hub ? timeToHub(replica, peer, earliest) : Math.max(earliest, lastRound + period);
  return news ? Math.min(inTurn, Math.max(at, nextUrgentRound)) : inTurn;
}

/** The first moment from `earliest` on at which a message arrives just before a round of the hub. */
function timeToHub({ options: { period } }: Replica, hub: Peer, earliest: number): number {
  const { heard, nextRound, roundTrip, told, unproven } = hub;
  // A hub without rounds, or without news, sends as soon as it gets something.
  if (period === 0 || ((heard ?? unproven) !== undefined && roundTrip === undefined)) return earliest;
  const sentAt = (told.at(-1)?.seq ?? -Infinity) / 1000;
  if (roundTrip === undefined || earliest > nextRound + period) return Math.max(earliest, sentAt + period);
  const first = nextRound - roundTrip.smoothed - Math.min(period / 4, Math.max(15, 2 * roundTrip.deviation));
  // The 1e-6 is for rounding errors: a message that is due now must not wait for the round after.
  return first + Math.max(0, Math.ceil((earliest - first) / period - 1e-6)) * period;
}

/** When a peer is to be asked why it does not acknowledge, or to be given up; a suspect, whether it is back. */
function questionDue(replica: Replica, peer: Peer, hub: string): number {
  const { heardAt, node, options: { ackDelay, period, probeInterval }, peers, quiet } = replica;
  const { askedAt, incarnation, questions, suspected, unackedSince: since } = peer;
  // Hubs ask, the others follow them. The hub of one's hub should be one's own.
  const mayAsk = hub === node.id || hub === peer.id || peers.get(hub)?.hub === peer.id;
  if (suspected !== undefined) {
    // The first suspect may be the hub of the other side, and is asked the most; one that has long been gone, less.
    const suspects = Array.from(peers.values()).filter((each) => each.suspected !== undefined);
    const turn = Math.max(1, 2 * suspects.indexOf(peer));
    return mayAsk ? askedAt + Math.max(probeInterval * turn, (askedAt - suspected.since) / 100) : Infinity;
  }
  if (questions > 0) return askedAt + peer.answerTime;
  // Who has not named this incarnation for 5 s may not know of it; it may not be the node's first.
  if (since === undefined) return mayAsk && incarnation === undefined ? 5000 : Infinity;
  const ackDue = Math.min(since + (peer.id === hub ? 0 : ackDelay), Math.max(since, heardAt) + quiet);
  return ackDue + period + peer.answerTime;
}

function remind(replica: Replica, peer: Peer): void {
  const { node, options, peers } = replica;
  if (peer.suspected !== undefined || peer.questions < 2) return send(replica, peer, "question");
  const wasHub = peer.id === replica.hub && options.topology === "hub";
  node.log.info(`No answer from ${peer.id}: continuing without it`);
  peer.suspected = { since: replica.now, seq: ++replica.lastSeq };
  peer.unackedSince = undefined;
  peer.questions = 0;
  peer.sent = peer.acked;
  if (!wasHub) return;
  const before = Array.from(peers.values()).slice(0, node.nodeIds.indexOf(node.id));
  const candidates = before.filter(({ suspected, questions }) => suspected === undefined && questions === 0);
  for (const candidate of candidates.slice(0, 3)) send(replica, candidate, "question");
}

/** Considers what a message from a peer says about whether the two hear each other. */
export function noteAnswer(replica: Replica, peer: Peer): void {
  const { node, nextUrgentRound, now, peers } = replica;
  if (peer.suspected === undefined || peer.ackedSeq < peer.suspected.seq) return;
  node.log.info(`${peer.id} is back`);
  peer.suspected = undefined;
  peer.questions = 0;
  // What was held back has waited long enough; the 5 ms are for others that are back too, which are asked now.
  replica.nextUrgentRound = Math.min(nextUrgentRound, now + 5);
  if (replica.hub !== node.id) return;
  for (const other of peers.values()) if (other.suspected !== undefined) askOnce(replica, other);
}

/** Asks one peer that has more than this node and has not been asked; if that is not enough, the next one later. */
function askForGap(replica: Replica, at: number): void {
  const { logs, peers } = replica;
  const ahead = Array.from(peers.values()).filter(({ acked, suspected }) => !suspected && !covers(logs.vector, acked));
  const next = ahead.find(({ answerTime, askedAt, questions }) => questions === 0 && at - askedAt > answerTime);
  replica.gapDue = ahead.length === 0 ? Infinity : at + (next ?? ahead[0]!).answerTime;
  if (next !== undefined) send(replica, next, "question");
}

/** Makes a hub send on soon what came just after a round, with what else was delayed by the same thing. */
export function hurryIfLate(replica: Replica): void {
  const { hub, lastRound, lateAt, nextUrgentRound, node, now, options: { lateWindow, period } } = replica;
  if (hub !== node.id || now - lastRound >= lateWindow || now - lateAt < 5 * period) return;
  replica.lateAt = now;
  replica.nextUrgentRound = Math.min(nextUrgentRound, now + lateWindow / 4);
}
