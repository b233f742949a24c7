/**
 * What a node knows of one other node: what that one has, whether it hears us, and how far away it is.
 *
 * Whether a peer is there is judged by what it has heard of us, never by what we hear of it: a link may be cut one way. So every
 * message bears a stamp, and names the newest stamp that came from the other side.
 *
 * @module
 */

import { raise, type Vector } from "./vectors.ts";

/** Names the newest message of yours that I have: its stamp, how long I have held it, in ms, and your stream, which names your life. */
export type Echo = [stamp: number, held: number, stream: string];

/** One other node, as this one sees it. Times are in ms since this node started; stamps are such times in whole µs, no two alike. */
export interface Peer {
  readonly id: string;
  /** The stream it appends to. It draws a new one when it starts, so another one means that it has lost its memory. */
  stream: string | undefined;
  /** The streams that it appended to before. */
  readonly former: Set<string>;
  /** When it started, by its own clock. */
  born: number;
  /** What it has, by its latest word. */
  have: Vector;
  /** What it will have when everything under way has arrived. */
  sent: Vector;
  /** Whether that is less than this node has, where it has been looked up since either changed. */
  lacks: { known: boolean; version: number } | undefined;
  /** The most it was known to have at a time when this node had all of that too. */
  shared: Vector;
  /** The version of its vector that this was; undefined if there was no such time. */
  sharedVersion: number | undefined;
  /** What it will know to be held by all nodes when everything under way has arrived. */
  stable: Vector;
  /** The hub it goes by. */
  follows: string | undefined;

  /** The newest message from it, and when that came. */
  heard: { stamp: number; at: number } | undefined;
  /** A message that came after that, and seems to be of an earlier life: to echo it will show whether it is. */
  doubted: { stamp: number; at: number; stream: string } | undefined;
  /** The newest stamp of ours that it has. */
  confirmed: number;
  /** The stamp of the last message to it that brought anything new, and of the last one that wants to be confirmed. */
  lastSent: number;
  wanting: number;
  /** When the first message that wants to be confirmed, and is not, was sent. */
  waitingSince: number | undefined;
  /** When the first message came that it has not had our word on. */
  owedSince: number | undefined;
  /** When it last got its share of a round. */
  toldAt: number;
  /** When its next round is due. */
  nextRound: number;

  /** Smoothed round trip and its mean deviation, in ms; undefined until measured. */
  roundTrip: number | undefined;
  deviation: number;
  /** The shortest round trip so far, ms. */
  shortest: number;

  /** How many probes in a row it has left unanswered, and when the last was sent. */
  probes: number;
  probedAt: number;
  /** When it was given up, and the stamp that it must have heard to be taken back; undefined while it is trusted. */
  suspected: { at: number; stamp: number } | undefined;
}

/** A peer of which nothing is known yet. */
export function createPeer(id: string): Peer {
  return {
    id,
    stream: undefined,
    former: new Set(),
    born: -Infinity,
    have: [],
    sent: [],
    lacks: undefined,
    shared: [],
    sharedVersion: undefined,
    stable: [],
    follows: undefined,
    heard: undefined,
    doubted: undefined,
    confirmed: -1,
    lastSent: -1,
    wanting: -1,
    waitingSince: undefined,
    owedSince: undefined,
    toldAt: -Infinity,
    nextRound: -Infinity,
    roundTrip: undefined,
    deviation: 0,
    shortest: Infinity,
    probes: 0,
    probedAt: -Infinity,
    suspected: undefined,
  };
}

/** Notes which of our messages it has, and what that says about the distance. */
export function confirm(peer: Peer, [stamp, held]: Echo, now: number): void {
  if (stamp <= peer.confirmed) return;
  peer.confirmed = stamp;
  measure(peer, Math.max(0, now - stamp / 1000 - held));
  if (peer.waitingSince === undefined) return;
  peer.probes = 0;
  // Where a part is confirmed, the rest has been under way for less long.
  peer.waitingSince = stamp >= peer.wanting ? undefined : now;
}

/** Notes what it has. What it lacks although our latest news has come, or should have, was lost on the way. */
export function learn(peer: Peer, have: Vector, stable: Vector, now: number): void {
  peer.have = have;
  peer.lacks = undefined;
  if (peer.confirmed >= peer.lastSent || now - peer.lastSent / 1000 > usualAnswerTime(peer)) {
    peer.sent = [...have];
    peer.stable = [...stable];
  } else {
    raise(peer.sent, have);
    raise(peer.stable, stable);
  }
}

/** When an answer is late, although it may well come. */
function usualAnswerTime({ roundTrip, deviation, shortest }: Peer): number {
  return roundTrip === undefined ? Infinity : Math.min(roundTrip + 2 * deviation + 5, 2000 + 10 * shortest);
}

/** Forgets what a peer knew that has lost its memory. */
export function restarted(peer: Peer, stream: string, born: number): void {
  if (peer.stream !== undefined) peer.former.add(peer.stream);
  const { have, sent, lacks, shared, sharedVersion, stable, heard } = createPeer(peer.id);
  Object.assign(peer, { stream, born, have, sent, lacks, shared, sharedVersion, stable, heard });
}

/**
 * Whether a message seems to be a late one of a life that is over: of one that another has followed, or that began earlier by that
 * node's clock. Clocks are put back, too; so whoever answers (`echo`) what was sent since the present life was last heard is the present
 * one.
 */
export function isFormer(peer: Peer, stream: string, born: number, echo: Echo | undefined): boolean {
  if (peer.heard === undefined || (echo !== undefined && echo[0] / 1000 > peer.heard.at)) return false;
  return born < peer.born || peer.former.has(stream);
}

/**
 * How long an answer may take: round trip and a margin; undefined until measured.
 *
 * Source: RFC 6298, whose smoothing this is, but for a bolder first guess of the deviation, and an upper limit: nodes that were paused
 * for seconds answer late, and may seem far away for long.
 */
export function measuredAnswerTime({ roundTrip, deviation, shortest }: Peer): number | undefined {
  if (roundTrip === undefined) return undefined;
  return Math.min(roundTrip + Math.max(MARGIN, 4 * deviation), 2000 + 10 * shortest);
}

/** By how much one message may overtake another. */
export function detourTime(peer: Peer): number {
  return 25 + Math.min(1000, 3 * peer.deviation);
}

/** What a busy machine may add to a round trip at any time, ms. */
const MARGIN = 100;
/** The longest round trip that is believed at first, ms. */
const LONGEST_FIRST = 1000;

function measure(peer: Peer, sample: number): void {
  peer.shortest = Math.min(peer.shortest, sample);
  if (peer.roundTrip === undefined) {
    peer.roundTrip = Math.min(sample, LONGEST_FIRST);
    peer.deviation = peer.roundTrip / 20;
    return;
  }
  // A pause of either node is no distance: one sample cannot say more than that it is farther than thought.
  const credible = Math.min(sample, 4 * (peer.roundTrip + MARGIN));
  peer.deviation += (Math.abs(credible - peer.roundTrip) - peer.deviation) / 4;
  peer.roundTrip += (credible - peer.roundTrip) / 8;
}
