/**
 * Suspicion: finding out that a peer cannot be reached, doing without it, and finding out that it is back.
 *
 * Who does not confirm what it was sent is asked; who leaves two questions unanswered is suspected, and is sent nothing but a probe
 * now and then. Who can be heard but does not hear is no use, so it takes an echo to be trusted again.
 *
 * @module
 */

import { detourTime, type Peer } from "./peer.ts";
import { answerTime, clockOf, FIRST_AMBITION, hubOf, newStamp, type Replica, tell } from "./replica.ts";
import { covers, type Vector } from "./vectors.ts";

type AnyReplica = Replica<unknown, unknown>;

/** How often the watch looks, ms. */
const WATCH_INTERVAL = 50;
/** How many suspects are probed each time. */
const PROBES_AT_ONCE = 2;
/** How long after a peer is back everybody is told what is new, ms. */
const HASTE = 5;

/** How long a node waits before it asks those it has not heard what there is, ms: it may have been killed and started again. */
const LONELY = 5000;

/**
 * Asks for what there is, those who do not say anything by themselves; `then` sees to what comes of it. Others who have just started, too,
 * may have been heard, and know nothing.
 */
export function askWhenLonely(replica: AnyReplica, then: () => void): void {
  replica.node.after(LONELY, () => {
    const hub = replica.peers.get(hubOf(replica));
    for (const peer of hub === undefined ? replica.peers.values() : [hub]) {
      if (peer.heard === undefined) probe(replica, peer);
    }
    then();
  });
}

/**
 * Watches for as long as there is something to watch for: messages that are not confirmed, entries that are missing, suspects. Calls
 * `then` each time it has looked.
 */
export function watch(replica: AnyReplica, then: () => void): void {
  if (replica.endWatch !== undefined || !isOpen(replica)) return;
  replica.endWatch = replica.node.every(WATCH_INTERVAL, () => {
    const now = clockOf(replica);
    for (const peer of replica.peers.values()) if (isOverdue(replica, peer, now)) remind(replica, peer);
    askForWanted(replica, now);
    probeSuspects(replica, now);
    then();
    if (isOpen(replica)) return;
    replica.endWatch?.();
    replica.endWatch = undefined;
  });
}

function isOpen({ peers, wanted, wantsMore }: AnyReplica): boolean {
  if (wanted !== undefined || wantsMore) return true;
  for (const peer of peers.values()) if (peer.waitingSince !== undefined || peer.suspected !== undefined) return true;
  return false;
}

function isOverdue(replica: AnyReplica, peer: Peer, now: number): boolean {
  if (peer.suspected !== undefined || peer.waitingSince === undefined) return false;
  if (peer.probes > 0) return now - peer.probedAt > answerTime(replica, peer);
  const { acknowledge, period, quiet } = replica.options;
  // How long a peer may take to confirm a message that wants it, its way not counted.
  const wait = peer.id === hubOf(replica) ? period : acknowledge + period;
  // When all is quiet, acknowledgements do not wait for company, so neither does this node.
  const quietSince = Math.max(peer.waitingSince, replica.heardAt);
  const excess = Math.max(now - peer.waitingSince - wait, now - quietSince - quiet - period);
  return excess > 0 && excess > answerTime(replica, peer);
}

function remind(replica: AnyReplica, peer: Peer): void {
  if (peer.probes < 2) probe(replica, peer);
  else suspect(replica, peer);
}

/** Asks a peer for an answer at once. */
export function probe(replica: AnyReplica, peer: Peer): void {
  peer.probes++;
  peer.probedAt = clockOf(replica);
  replica.stats.probes++;
  const { suspected } = peer;
  tell(replica, peer, suspected || peer.id !== hubOf(replica) ? { entries: "none", answer: true } : { answer: true });
}

function suspect(replica: AnyReplica, peer: Peer): void {
  const wasHub = peer.id === hubOf(replica);
  replica.stats.suspicions++;
  replica.node.log.info(`No answer from ${peer.id}: going on without it`);
  peer.suspected = { at: clockOf(replica), stamp: newStamp(replica) };
  peer.waitingSince = undefined;
  peer.probes = 0;
  peer.sent = [...peer.have];
  peer.lacks = undefined;
  if (wasHub) tryHubs(replica);
}

/** Probes those that might be the hub now: as many as last time and the same again, since a whole side may be gone. */
function tryHubs(replica: AnyReplica): void {
  const { node, peers } = replica;
  if (replica.options.topology === "mesh") return;
  const candidates = node.nodeIds.slice(0, node.nodeIds.indexOf(node.id))
    .map((id) => peers.get(id)!)
    .filter(({ suspected, probes }) => suspected === undefined && probes === 0);
  for (const peer of candidates.slice(0, replica.ambition)) probe(replica, peer);
  replica.ambition *= 2;
}

/** Considers what a message from a peer says about whether the two hear each other. */
export function heardFrom(replica: AnyReplica, peer: Peer, asked: boolean): void {
  if (peer.id === hubOf(replica) && peer.probes === 0) replica.ambition = FIRST_AMBITION;
  if (peer.suspected === undefined) return;
  if (peer.confirmed >= peer.suspected.stamp) return trust(replica, peer);
  // It can be heard; a question will show whether it hears. Where it has asked, the answer is the question.
  if (!asked) probeSometimes(replica, peer);
}

/** Asks a peer for an answer, unless it has been asked so recently that one may be under way. */
export function probeSometimes(replica: AnyReplica, peer: Peer): void {
  if (clockOf(replica) - peer.probedAt > answerTime(replica, peer)) probe(replica, peer);
}

function trust(replica: AnyReplica, peer: Peer): void {
  replica.node.log.info(`${peer.id} is back`);
  peer.suspected = undefined;
  peer.probes = 0;
  // What the cut has held back has waited long enough; a moment is for others that come back at the same time.
  replica.haste = Math.min(replica.haste, clockOf(replica) + HASTE);
  // Where one is back, the others may be, too.
  replica.probedAt = -Infinity;
  probeSuspects(replica, clockOf(replica), Infinity);
}

/** In a hub topology it is for the hubs to find each other: the rest follow them. */
function probeSuspects(replica: AnyReplica, now: number, count = PROBES_AT_ONCE): void {
  const { probe: interval } = replica.options;
  if (hubOf(replica) !== replica.node.id || now - replica.probedAt < interval) return;
  const suspects = [...replica.peers.values()].filter((peer) => peer.suspected && isDue(peer, now, interval));
  if (suspects.length === 0) return;
  replica.probedAt = now;
  // The first might be everybody's hub; the others take turns.
  const [first, ...others] = suspects;
  others.sort((a, b) => a.probedAt - b.probedAt);
  for (const peer of [first!, ...others.slice(0, count - 1)]) probe(replica, peer);
}

/** Who has been gone for long is probed less often: after a hundredth of that time. */
function isDue({ probedAt, suspected }: Peer, now: number, interval: number): boolean {
  return now - probedAt >= Math.max(interval, (now - suspected!.at) / 100);
}

/** Notes that a peer has more than this node does after its message: something is missing, or under way from elsewhere. */
export function want(replica: AnyReplica, peer: Peer, have: Vector): void {
  if (replica.wanted === undefined) replica.wanted = { peer, have, at: clockOf(replica) };
  else replica.wantsMore = true;
}

function askForWanted(replica: AnyReplica, now: number): void {
  const { wanted, streams } = replica;
  if (wanted !== undefined && covers(streams.vector, wanted.have)) replica.wanted = undefined;
  else if (wanted !== undefined && now - wanted.at > detourTime(wanted.peer)) {
    replica.wanted = undefined;
    // It may not answer, and others may have what it has.
    replica.wantsMore = true;
    probe(replica, wanted.peer);
  }
  if (replica.wanted === undefined && replica.wantsMore) wantFromOthers(replica, now);
}

/** Looks for another peer that has more than this node, and has not been asked. */
function wantFromOthers(replica: AnyReplica, now: number): void {
  replica.wantsMore = false;
  for (const peer of replica.peers.values()) {
    if (peer.suspected !== undefined || covers(replica.streams.vector, peer.have)) continue;
    replica.wantsMore = true;
    if (peer.probes === 0) return void (replica.wanted = { peer, have: peer.have, at: now });
  }
}
