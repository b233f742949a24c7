/**
 * Rounds: who is told what is new, and when.
 *
 * In a mesh, a round goes from this node to all others, `period` after the last one at the earliest. In a hub topology, the hub's round
 * goes to everybody, and everybody else's goes to the hub so as to arrive just before the hub's next one: no clock is shared, each
 * message of the hub says how long it will be until then.
 *
 * @module
 */

import type { Peer } from "./peer.ts";
import { clockOf, findStable, hubOf, informs, lacks, lacksStable, type Replica, tell } from "./replica.ts";
import { watch } from "./suspicion.ts";

type AnyReplica = Replica<unknown, unknown>;

/** How often a node looks for what it may forget, ms: a mesh has a round for each entry. */
const TRIM_INTERVAL = 500;

/** Says what there is to say, or sees to it that it will be said, and watches what becomes of it. */
export function proceed(replica: AnyReplica): void {
  if (replica.options.onStable !== undefined && hubOf(replica) === replica.node.id) findStable(replica);
  plan(replica);
  watch(replica, () => plan(replica));
}

/** Sets the timer for the next thing there is to say, or says it if it is due. */
function plan(replica: AnyReplica): void {
  const now = clockOf(replica);
  // A timer may be late, and what comes in meanwhile must not put off what it was set for.
  if (replica.timer !== undefined && replica.timer.at <= now) return round(replica, replica.timer.at);
  if (replica.haste < now) replica.haste = Infinity;
  const hub = hubOf(replica);
  let next = Infinity;
  for (const peer of replica.peers.values()) next = Math.min(next, dueAt(replica, peer, hub, now));
  if (next <= now) return round(replica, now);
  if (replica.timer?.at === next) return;
  clear(replica);
  if (next === Infinity) return;
  const cancel = replica.node.after(next - now, () => {
    round(replica, next);
    proceed(replica);
  });
  replica.timer = { at: next, cancel };
}

/** Sees to it that what has come just after a round of this hub's does not wait for the whole of the next one. */
export function sendOnLate(replica: AnyReplica, now: number): void {
  const { hastenedAt, lastRound, node, options: { late, period } } = replica;
  if (hubOf(replica) !== node.id || now - lastRound >= late || now - hastenedAt < 5 * period) return;
  replica.hastenedAt = now;
  // Others may have been held up by the same thing.
  replica.haste = Math.min(replica.haste, now + late / 4);
}

/** Tells everybody for whom it is time. */
function round(replica: AnyReplica, at: number): void {
  clear(replica);
  const hub = hubOf(replica);
  const due = Array.from(replica.peers.values()).filter((peer) => dueAt(replica, peer, hub, at) <= at);
  const now = clockOf(replica);
  if (hub === replica.node.id && now - replica.trimmedAt >= TRIM_INTERVAL) {
    replica.trimmedAt = now;
    findStable(replica);
  }
  // Before anybody is told: what they are told says when the next round is. One out of turn does not change that.
  if (at >= replica.haste) replica.haste = Infinity;
  else if (due.some((peer) => peer.id !== hub && informs(replica, peer, hub))) replica.lastRound = now;
  for (const peer of due) {
    peer.toldAt = now;
    tell(replica, peer, informs(replica, peer, hub) ? {} : { entries: "none" });
  }
  plan(replica);
}

function clear(replica: AnyReplica): void {
  replica.timer?.cancel();
  replica.timer = undefined;
}

/** When a peer is to be told something; never, if there is nothing to say. */
function dueAt(replica: AnyReplica, peer: Peer, hub: string, now: number): number {
  const { node, options, haste, lastRound } = replica;
  const informed = informs(replica, peer, hub);
  const news = informed && (lacks(replica, peer) || lacksStable(replica, peer));
  if (!news && (peer.owedSince === undefined || peer.suspected !== undefined)) return Infinity;
  // Whoever follows this node wants to know soon whether it has been heard.
  const earliest = Math.max(now, news || peer.follows === node.id ? now : acknowledgementTime(replica, peer));
  if (!informed) return earliest;
  const inTurn = peer.id === hub ? timeToHub(replica, peer, earliest) : Math.max(earliest, lastRound + options.period);
  return news ? Math.min(inTurn, Math.max(now, haste)) : inTurn;
}

/** Until when an acknowledgement waits for something to go with. */
function acknowledgementTime({ options, heardAt }: AnyReplica, { owedSince }: Peer): number {
  return Math.min(owedSince! + options.acknowledge, Math.max(owedSince!, heardAt) + options.quiet);
}

/** The first moment from `earliest` on at which a message arrives just before a round of the hub. */
function timeToHub({ options: { period } }: AnyReplica, hub: Peer, earliest: number): number {
  // At first nobody knows how far the hub is; and a hub without rounds has one as soon as it hears of something new.
  if (period === 0 || (hub.heard !== undefined && hub.roundTrip === undefined)) return earliest;
  if (hub.roundTrip === undefined || earliest > hub.nextRound + period) return Math.max(earliest, hub.toldAt + period);
  const margin = Math.min(period / 4, Math.max(MARGIN, 2 * hub.deviation));
  const first = hub.nextRound - hub.roundTrip - margin;
  // The little that is taken off is for rounding errors: a round that is due now must not become the one after.
  return first + Math.max(0, Math.ceil((earliest - first) / period - 1e-6)) * period;
}

/** How much earlier than just in time a message to the hub is sent at least, ms. */
const MARGIN = 15;
