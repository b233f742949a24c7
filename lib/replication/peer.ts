/**
 * What a node knows of one other node: what that one has, whether it hears us, and how far away it is.
 *
 * Whether a peer is there is judged by what it has heard of us, never by what we hear of it: a link may be cut one way. So every
 * message bears a stamp, and names the newest stamp that came from the other side.
 *
 * @module
 */

import { raise, type Vector } from "./streams.ts";

/** Names the newest message of yours that I have: its stamp, and how long I have held it, in ms. */
export type Echo = [stamp: number, held: number];

/** One other node, as this one sees it. Times are in ms since this node started; stamps are such times in whole µs, no two alike. */
export interface Peer {
  readonly id: string;
  /** The stream it appends to. It draws a new one when it starts, so another one means that it has lost its memory. */
  stream: string | undefined;
  /** What it has, by its latest word. */
  have: Vector;
  /** What it will have when everything under way has arrived. */
  sent: Vector;
  /** The most it was known to have at a time when this node had all of that too. */
  shared: Vector;
  /** What it will know to be held by all nodes when everything under way has arrived. */
  stable: Vector;
  /** The hub it goes by. */
  follows: string | undefined;

  /** The newest message from it, and when that came. */
  heard: { stamp: number; at: number } | undefined;
  /** The newest stamp of ours that it has. */
  confirmed: number;
  /** The stamp of the last message to it, and of the last one to it that wants to be confirmed. */
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
    have: {},
    sent: {},
    shared: {},
    stable: {},
    follows: undefined,
    heard: undefined,
    confirmed: -1,
    lastSent: -1,
    wanting: -1,
    waitingSince: undefined,
    owedSince: undefined,
    toldAt: -Infinity,
    nextRound: -Infinity,
    roundTrip: undefined,
    deviation: 0,
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

/** Notes what it has. What it lacks although our latest message has come, or should have, was lost on the way. */
export function learn(peer: Peer, have: Vector, stable: Vector, now: number): void {
  peer.have = have;
  if (peer.confirmed >= peer.lastSent || now - peer.lastSent / 1000 > usualAnswerTime(peer)) {
    peer.sent = { ...have };
    peer.stable = { ...stable };
  } else {
    raise(peer.sent, have);
    raise(peer.stable, stable);
  }
}

/** When an answer is late, although it may well come. */
function usualAnswerTime({ roundTrip, deviation }: Peer): number {
  return roundTrip === undefined ? Infinity : roundTrip + 2 * deviation + 5;
}

/** Forgets what a peer knew that has lost its memory. */
export function restarted(peer: Peer, stream: string): void {
  Object.assign(peer, { stream, have: {}, sent: {}, shared: {}, stable: {}, heard: undefined });
}

/**
 * How long an answer may take: round trip and a margin; undefined until measured.
 *
 * Source: RFC 6298, whose smoothing this is, but for a bolder first guess of the deviation.
 */
export function measuredAnswerTime({ roundTrip, deviation }: Peer): number | undefined {
  return roundTrip === undefined ? undefined : roundTrip + Math.max(MARGIN, 4 * deviation);
}

/** By how much one message may overtake another. */
export function detourTime(peer: Peer): number {
  return 25 + 3 * peer.deviation;
}

/** What a busy machine may add to a round trip at any time, ms. */
const MARGIN = 100;

function measure(peer: Peer, sample: number): void {
  if (peer.roundTrip === undefined) {
    peer.roundTrip = sample;
    peer.deviation = sample / 4;
    return;
  }
  peer.deviation += (Math.abs(sample - peer.roundTrip) - peer.deviation) / 4;
  peer.roundTrip += (sample - peer.roundTrip) / 8;
}
