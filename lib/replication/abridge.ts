/**
 * What a message need not say: a vector names every stream there is, and of most of them the receiver has told the sender.
 *
 * So a message names a version of the receiver's own vector all of which the sender has, and of its own vector only what goes beyond
 * that and beyond the entries that travel with it. The receiver still knows what its vector was then. Messages are as long as there is
 * news in them, not as there are nodes.
 *
 * @module
 */

import type { Peer } from "./peer.ts";
import { type Counts, endOf, numberOf, type Segments, type Streams, vectorAt, vectorOf } from "./streams.ts";
import { put, type Vector } from "./vectors.ts";

/** The parts of a message from which it can be worked out what the sender has. */
export interface Abridged<E> {
  /** A version of the receiver's vector, all of which the sender has; missing where `have` is all. */
  beyond?: number;
  /** What the sender has besides that, and besides `entries`. */
  have: Counts;
  /** Entries that the receiver lacks. */
  entries?: Segments<E>;
}

/** What a message to a peer says of what this node has. */
export function abridge(
  { names, vector }: Streams<unknown>,
  peer: Peer,
  entries: Segments<unknown> = {},
): Abridged<unknown> {
  const { shared, sharedVersion } = peer;
  const have: Counts = {};
  for (let stream = 0; stream < vector.length; stream++) {
    const count = vector[stream]!;
    if (count > (shared[stream] ?? 0) && count > endOf(entries[names[stream]!])) have[names[stream]!] = count;
  }
  return { beyond: sharedVersion, have };
}

/** All that the sender of a message has; `undefined` where this node does not know any more what its own vector was then. */
export function complete(streams: Streams<unknown>, { beyond, have, entries }: Abridged<unknown>): Vector | undefined {
  if (beyond === undefined) return vectorOf(streams, have);
  const vector = vectorAt(streams, beyond);
  if (vector === undefined) return undefined;
  const raiseTo = (name: string, count: number) => {
    const stream = numberOf(streams, name);
    if (count > (vector[stream] ?? 0)) put(vector, stream, count);
  };
  for (const name in have) raiseTo(name, have[name]!);
  for (const name in entries) raiseTo(name, endOf(entries[name]));
  return vector;
}
