/**
 * Schedule: what is sent to whom, and when. After each event all that is due is sent, and a timer is set for the rest.
 *
 * When a hub dies:
 *
 * 1. Nodes that follow it get no acknowledgement of what they send. They ask it twice, then suspect it (`questionDue`).
 * 2. They follow the first node that they do not suspect (`Replica.hub`), which sends the rounds from then on.
 * 3. The new hub keeps asking the old one. When that acknowledges something newer than the suspicion (`trustIfBack`),
 *    the new hub follows it, then those that follow the new one do. Entries that waited are sent at once, out of turn.
 *
 * @module
 */
import type { AnyNode } from "../../mod.ts";
import type { ReplicateMessage } from "../shared/requests.ts";
import { covers, join, Logs, MEMORY, OWN, type Vector } from "./log.ts";
import { Peer } from "./peer.ts";

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
  askInterval?: number;
  /** Newest entries kept of each log for peers that lack them; one that lacks more gets a snapshot. @default 1000 */
  keep?: number;
  /** Applies an entry of another node, in order; in a hub topology with or after all that its author had applied. */
  apply(entry: E): void;
  /** True for an entry that `apply` takes, and for a state that `restore` takes. Messages with others are refused. */
  isEntry(entry: unknown): boolean;
  isSnapshot(state: unknown): boolean;
  /** Returns a state that contains all entries so far, as JSON. */
  snapshot(): S;
  /** Merges another node's state into this one's. Entries in it may have been applied, or may be applied afterwards. */
  restore(snapshot: S): void;
  /** Called with each entry, own ones too, once all nodes have it; needs topology hub and `keep: Infinity`. */
  onFullyReplicated?(entry: E): void;
  /** Gives this incarnation a number above its node's earlier ones; returns each node's present one (absent: 1). */
  incarnations?(): Promise<Record<string, number>>;
}

/** State of a node, changed here and in `mod.ts`. Times are ms since the node started, `Infinity` for never. */
// deno-lint-ignore no-explicit-any -- by default whatever entries and snapshots
export class Replica<E = any, S = any> {
  readonly options: ReplicationOptions<E, S> & Record<"ackDelay" | "lateWindow" | "askInterval" | "keep", number>;
  readonly startedAt: number;
  /** This incarnation of the node, which is also the name of its log. */
  readonly incarnation: string;
  readonly logs: Logs<E> = new Logs();
  /** The other nodes, in the order of the list of nodes. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** Hold-back queue: messages that build on others which are not here, oldest first; at most MEMORY. */
  readonly heldBack: { peer: Peer; update: ReplicateMessage<E, S>; have: Vector }[] = [];
  /** Vector of what all nodes have, as far as marks say: `replicated <= logs.vector`. */
  replicated: Vector = [];
  /** Newest seq used. It only grows. */
  lastSeq = -1;
  /** Arrival of the last message from any peer. After `quiet` ms of silence, acknowledgements no longer wait. */
  heardAt = -Infinity;
  readonly quiet: number;
  /** Time of the last regular round. */
  lastRound = -Infinity;
  /** Time of a round out of turn, when a peer is back or entries are late. It does not shift the regular ones. */
  nextUrgentRound = Infinity;
  /** Arrival of the last late entries that caused one: at most one in five periods, as it costs as much as a round. */
  lastLateAt = 0; // So there is none in the first five periods, while round trips are unknown.
  /** Time to ask for entries that a peer has and this node lacks. */
  gapDue = Infinity;
  /** The only timer, set for the earliest time at which something is due. */
  timer?: { at: number; cancel: () => void };
  /** `incarnations`: numbers of present incarnations by node, as far as known; absent means 1. They only grow. */
  constructor(readonly node: AnyNode, options: ReplicationOptions<E, S>, readonly incarnations?: Map<string, number>) {
    const ackDelay = options.topology === "mesh" ? 3000 : 2 * options.period;
    this.options = { ackDelay, lateWindow: 0, askInterval: 400, keep: 1000, ...options };
    this.quiet = options.topology === "mesh" ? 300 : 1.25 * options.period;
    this.startedAt = node.now();
    this.incarnation = `${node.id}.${incarnations?.get(node.id) ?? node.incarnation}`;
    this.logs.numberOf(this.incarnation);
    this.peers = new Map(node.peers.map((id) => [id, new Peer(id)]));
  }
  get now(): number {
    return this.node.now() - this.startedAt;
  }
  /** True if entries are passed on to a peer: a hub's to all, another node's to its hub and to those that follow it. */
  isNeighbour(peer: Peer, hub: string = this.hub): boolean {
    const { id } = this.node;
    return peer.suspected === undefined && (hub === id || hub === peer.id || peer.announced.hub === id);
  }
  /** Longest time to wait for a peer's answer, ms; until measured, that of the slowest peer, or 1 s (RFC 6298). */
  answerTime(peer: Peer): number {
    return peer.answerTime ?? (Math.max(...this.peers.values().map(({ answerTime = 0 }) => answerTime)) || 1000);
  }
  /** The first of all nodes that is not suspected, perhaps this one. In a mesh every node is its own hub. */
  get hub(): string {
    const { node, options, peers } = this;
    return options.topology === "mesh" ? node.id : node.nodeIds.find((id) => peers.get(id)?.suspected === undefined)!;
  }
}

/** Does all that is due and sets the timer. The clock may be a rounding error short of `earliest`, the timer's time. */
export function runSchedule(replica: Replica, earliest = -Infinity): void {
  const now = Math.max(earliest, replica.now);
  const { logs, options: { keep }, timer } = replica;
  if (keep < Infinity) logs.trim([], keep);
  // Anything due when a late timer should have fired is still due; computed from now, it might be one round later.
  if (timer !== undefined && timer.at < now) sendDue(replica, timer.at);
  const at = sendDue(replica, now);
  if (timer?.at === at && at > now) return;
  timer?.cancel();
  const set = () => ({ at, cancel: replica.node.after(Math.max(0, at - now), () => runSchedule(replica, at)) });
  replica.timer = at === Infinity ? undefined : set();
}

/** Sends what is due at a time; returns when something is due next. */
function sendDue(replica: Replica, at: number): number {
  const { hub, lastRound, nextUrgentRound, options: { period }, peers } = replica;
  const next = nextDue(replica, at);
  if (next > at) return next;
  const due = Array.from(peers.values()).filter((peer) => updateDue(replica, peer, hub, at) <= at);
  const isRound = due.some((peer) => peer.id !== hub && replica.isNeighbour(peer, hub));
  // Before anything is sent: the messages say when the next round is. An earlier one is out of turn.
  if (isRound && at >= lastRound + period) replica.lastRound = replica.now;
  if (at >= nextUrgentRound) replica.nextUrgentRound = Infinity;
  for (const peer of due) send(replica, peer, "round");
  for (const peer of peers.values()) if (questionDue(replica, peer, replica.hub) <= at) askOrSuspect(replica, peer);
  if (replica.gapDue <= at) askForGap(replica, at);
  return nextDue(replica, at);
}

function nextDue(replica: Replica, at: number): number {
  const { gapDue, hub, peers } = replica;
  const dueOf = (peer: Peer) => Math.min(updateDue(replica, peer, hub, at), questionDue(replica, peer, hub));
  let next = gapDue;
  for (const peer of peers.values()) next = Math.min(next, dueOf(peer));
  return next;
}

/** The moment at which entries or an acknowledgement are due to a peer, `at` at the earliest. */
function updateDue(replica: Replica, peer: Peer, hub: string, at: number): number {
  const { node, heardAt, lastRound, nextUrgentRound, options: { ackDelay, period }, quiet } = replica;
  const since = peer.ackPendingSince;
  const isNear = replica.isNeighbour(peer, hub);
  const hasNews = isNear && lacks(replica, peer);
  if (!hasNews && (since === undefined || peer.suspected !== undefined)) return Infinity;
  // The next round acknowledges to those that follow this node. Other acknowledgements wait for entries.
  const isPrompt = hasNews || peer.announced.hub === node.id;
  const earliest = isPrompt ? at : Math.max(at, Math.min(since! + ackDelay, Math.max(since!, heardAt) + quiet));
  if (!isNear) return earliest;
  const inTurn = peer.id === hub ? justInTime(replica, peer, earliest) : Math.max(earliest, lastRound + period);
  return hasNews ? Math.min(inTurn, Math.max(at, nextUrgentRound)) : inTurn;
}

/** The first moment from `earliest` on to send what is to reach the hub just before one of its rounds. */
function justInTime({ options: { period } }: Replica, hub: Peer, earliest: number): number {
  const { announced: { nextRound }, heard, roundTrip, sentVectors, unproven } = hub;
  // No round to aim at: the hub has no period, or was heard but no round trip is measured yet.
  if (period === 0 || ((heard ?? unproven) !== undefined && roundTrip === undefined)) return earliest;
  // A hub that was not heard, or not for a period, gets one message a period at most.
  const sentAt = (sentVectors.at(-1)?.seq ?? -Infinity) / 1000;
  if (roundTrip === undefined || earliest > nextRound + period) return Math.max(earliest, sentAt + period);
  const first = nextRound - roundTrip.smoothed - Math.min(period / 4, Math.max(15, 2 * roundTrip.deviation));
  // The 1e-6 is for rounding errors: a message that is due now must not wait for the round after.
  return first + Math.max(0, Math.ceil((earliest - first) / period - 1e-6)) * period;
}

/** The moment to ask a peer: a suspect, whether it is back; any other, for a late acknowledgement (`askOrSuspect`). */
function questionDue(replica: Replica, peer: Peer, hub: string): number {
  const { heardAt, node, options: { ackDelay, period, askInterval }, peers, quiet } = replica;
  const { acks: { waitingSince: since }, incarnation, questions: { lastAt: askedAt, open }, suspected } = peer;
  // Hubs ask. Others ask their hub, and the hub that it follows, which should be theirs.
  const mayAsk = hub === node.id || hub === peer.id || peers.get(hub)?.announced.hub === peer.id;
  if (suspected !== undefined) {
    // The first suspect may be the hub of the other side, and is asked most often; one that is long gone, less often.
    const suspects = Array.from(peers.values()).filter((each) => each.suspected !== undefined);
    const turn = Math.max(1, 2 * suspects.indexOf(peer));
    return mayAsk ? askedAt + Math.max(askInterval * turn, (askedAt - suspected.since) / 100) : Infinity;
  }
  if (open > 0) return askedAt + replica.answerTime(peer);
  // A peer that is silent for the first 5 s may not know of this incarnation, and it may not be the node's first.
  if (since === undefined) return mayAsk && incarnation === undefined ? 5000 : Infinity;
  const ackDue = Math.min(since + (peer.id === hub ? 0 : ackDelay), Math.max(since, heardAt) + quiet);
  return ackDue + period + replica.answerTime(peer);
}

function askOrSuspect(replica: Replica, peer: Peer): void {
  if (peer.suspected !== undefined || peer.questions.open < 2) send(replica, peer, "question");
  else suspect(replica, peer);
}

/** Stops relying on a peer. If it was the hub, asks those that may be the next one, to learn early if they are gone. */
function suspect(replica: Replica, peer: Peer): void {
  const { node, options, peers } = replica;
  const wasHub = peer.id === replica.hub && options.topology === "hub";
  node.log.info(`No answer from ${peer.id}: continuing without it`);
  peer.suspected = { since: replica.now, seq: ++replica.lastSeq };
  peer.acks.waitingSince = undefined;
  peer.questions.open = 0;
  peer.vectors.sent = peer.vectors.acked;
  if (!wasHub) return;
  const before = Array.from(peers.values()).slice(0, node.nodeIds.indexOf(node.id));
  const candidates = before.filter((each) => each.suspected === undefined && each.questions.open === 0);
  for (const candidate of candidates.slice(0, 3)) send(replica, candidate, "question");
}

/** Trusts a suspect again if it has acknowledged something newer than the suspicion. */
export function trustIfBack(replica: Replica, peer: Peer): void {
  const { node, nextUrgentRound, now, peers } = replica;
  if (peer.suspected === undefined || peer.acks.newest < peer.suspected.seq) return;
  node.log.info(`${peer.id} is back`);
  peer.suspected = undefined;
  peer.questions.open = 0;
  // Entries have waited for it long enough. The 5 ms are for others that are back, too: they are asked now.
  replica.nextUrgentRound = Math.min(nextUrgentRound, now + 5);
  if (replica.hub !== node.id) return;
  for (const other of peers.values()) if (other.suspected !== undefined) ask(replica, other);
}

/** Asks a peer, unless an answer to an earlier question may be under way. */
export function ask(replica: Replica, peer: Peer): void {
  if (replica.now - peer.questions.lastAt > replica.answerTime(peer)) send(replica, peer, "question");
}

/** Asks one peer that has more than this node and has not been asked; if that is not enough, the next one later. */
function askForGap(replica: Replica, at: number): void {
  const { logs, peers } = replica;
  const ahead = [...peers.values()].filter((peer) => !peer.suspected && !covers(logs.vector, peer.vectors.acked));
  const next = ahead.find((peer) => !peer.questions.open && at - peer.questions.lastAt > replica.answerTime(peer));
  replica.gapDue = ahead.length === 0 ? Infinity : at + replica.answerTime(next ?? ahead[0]!);
  if (next !== undefined) send(replica, next, "question");
}

/** At a hub: plans a round out of turn for late entries, with a pause for others that the same thing delayed. */
export function planUrgentRound(replica: Replica): void {
  const { hub, lastLateAt, lastRound, nextUrgentRound, node, now, options: { lateWindow, period } } = replica;
  if (hub !== node.id || now - lastRound >= lateWindow || now - lastLateAt < 5 * period) return;
  replica.lastLateAt = now;
  replica.nextUrgentRound = Math.min(nextUrgentRound, now + lateWindow / 4);
}

/** True if a peer was not sent something that it is to get from this node; in a mesh only its own entries. */
function lacks({ options, logs: { vector } }: Replica, { vectors: { sent } }: Peer): boolean {
  return options.topology === "mesh" ? (sent[OWN] ?? 0) < (vector[OWN] ?? 0) : !covers(sent, vector);
}

/** Sends what is new in a round, what is unacknowledged in a question, or all beyond `known` in an answer. */
export function send(replica: Replica, peer: Peer, kind: "round" | "question" | "answer", known?: Vector): void {
  const { hub, logs, node, now } = replica;
  if (kind === "question") {
    peer.questions.open++;
    peer.questions.lastAt = now;
    peer.vectors.sent = peer.vectors.acked;
  }
  const brings = kind === "answer" || replica.isNeighbour(peer, hub);
  const hasNews = brings && lacks(replica, peer);
  const update = buildUpdate(replica, peer, kind, brings ? known ?? peer.vectors.sent : logs.vector);
  node.send(peer.id, update);
  replica.lastSeq = update.seq;
  if (peer.sentVectors.push({ seq: update.seq, vector: logs.vector }) > MEMORY) peer.sentVectors.shift();
  peer.ackPendingSince = undefined;
  if (brings) peer.vectors.sent = join(peer.vectors.sent, logs.vector);
  if (!hasNews && !update.question && update.entries === undefined) return;
  peer.acks.awaited = update.seq;
  peer.acks.waitingSince ??= now;
}

function buildUpdate<E, S>(replica: Replica<E, S>, peer: Peer, kind: string, known: Vector): ReplicateMessage<E, S> {
  const { hub, incarnation, lastRound, lastSeq, logs, now, options: { period, snapshot, topology } } = replica;
  const isAnswer = kind === "answer";
  const isMesh = topology === "mesh";
  const heard = peer.unproven ?? peer.heard;
  // A peer that asks, or that was restarted, may have forgotten what it had.
  const common = isAnswer || peer.unproven ? undefined : peer.common;
  const needsAll = isAnswer && !covers(known, logs.starts);
  const entries = logs.beyond(known, isMesh && !isAnswer);
  return {
    type: "replicate",
    from: incarnation,
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
