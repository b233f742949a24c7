/**
 * Streams: what a node has, what it lacks, and what it may forget.
 *
 * Every node appends to a stream of its own, and holds a prefix of everybody else's. So all that a node has is said by a version vector.
 *
 * Source: Petersen et al., Flexible Update Propagation for Weakly Consistent Replication (1997), for logs that are exchanged by vectors.
 *
 * @module
 */

import { put, type Vector } from "./vectors.ts";

/** A vector in a message: by the names of the streams, without those of which there is nothing. */
export type Counts = Record<string, number>;

/** Consecutive entries of one stream, the first of which has index `from`. */
export type Segment<E> = [from: number, entries: E[]];

/** Some of several streams, by their names. */
export type Segments<E> = Record<string, Segment<E>>;

/** What a node holds of one stream: everything from index `start` on; what came before, everybody has, or a snapshot contains it. */
interface Stream<E> {
  start: number;
  entries: E[];
}

/** All streams that a node knows of, each of which it gives a number: its own is 0. */
export interface Streams<E> {
  readonly names: string[];
  readonly numbers: Map<string, number>;
  /** How far it has each. */
  readonly vector: Vector;
  /** Counts the changes of the vector. */
  version: number;
  /** The last changes, the newest at the end: of which stream, and how far that was had before. */
  readonly changes: [stream: number, before: number][];
  /** What it holds; streams of which it never held anything are missing. */
  readonly held: (Stream<E> | undefined)[];
}

/** The number of the stream that a node appends to. */
export const OWN = 0;

/**
 * No streams yet, but for one to append to.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accept, append, countsOf, createStreams, fits, segmentsBeyond, trim, vectorAt, vectorOf } from "./streams.ts";
 *
 * const streams = createStreams<string>("own");
 * append(streams, "v");
 * const seen: string[] = [];
 * accept(streams, { a: [0, ["x", "y"]] }, (entry) => seen.push(entry));
 * accept(streams, { a: [1, ["y", "z"]] }, (entry) => seen.push(entry));
 * assertEquals(seen, ["x", "y", "z"]);
 * assertEquals(countsOf(streams, streams.vector), { own: 1, a: 3 });
 * assertEquals(vectorAt(streams, streams.version - 1), [1, 2]);
 * assertEquals(fits(streams, { a: [4, ["?"]] }, []), false); // a gap
 * assertEquals(fits(streams, { a: [3, ["!"]] }, vectorOf(streams, { a: 4, b: 1 })), false); // the sender had seen something of b
 * trim(streams, streams.numbers.get("a")!, 1);
 * assertEquals(segmentsBeyond(streams, vectorOf(streams, { own: 1, a: 2 })), { a: [2, ["z"]] });
 * ```
 */
export function createStreams<E>(own: string): Streams<E> {
  return { names: [own], numbers: new Map([[own, OWN]]), vector: [], version: 0, changes: [], held: [] };
}

/** The number of a stream, which gets one if it has none. */
export function numberOf<E>({ names, numbers }: Streams<E>, name: string): number {
  let number = numbers.get(name);
  if (number === undefined) {
    number = names.push(name) - 1;
    numbers.set(name, number);
  }
  return number;
}

/** A vector as it goes into a message. */
export function countsOf<E>({ names }: Streams<E>, vector: Vector): Counts {
  const counts: Counts = {};
  for (let stream = 0; stream < vector.length; stream++) {
    if (vector[stream]! > 0) counts[names[stream]!] = vector[stream]!;
  }
  return counts;
}

/** A vector that came in a message. */
export function vectorOf<E>(streams: Streams<E>, counts: Counts): Vector {
  const vector: Vector = [];
  for (const name in counts) put(vector, numberOf(streams, name), counts[name]!);
  return vector;
}

/** How many changes are remembered at least. */
const CHANGES = 20_000;

/** Notes how far a stream is had now. */
function change<E>(streams: Streams<E>, stream: number, count: number): void {
  const { vector, changes } = streams;
  changes.push([stream, vector[stream] ?? 0]);
  if (changes.length > 2 * CHANGES) changes.splice(0, CHANGES);
  put(vector, stream, count);
  streams.version++;
}

/** What the vector was at an earlier version; `undefined` where that is too long ago, or never was. */
export function vectorAt<E>({ vector, version, changes }: Streams<E>, earlier: number): Vector | undefined {
  const since = version - earlier;
  if (since < 0 || since > changes.length) return undefined;
  const found = [...vector];
  for (let i = 1; i <= since; i++) {
    const [stream, before] = changes[changes.length - i]!;
    found[stream] = before;
  }
  return found;
}

/** Adds an entry to the end of the node's own stream. */
export function append<E>(streams: Streams<E>, entry: E): void {
  const { start, entries } = hold(streams, OWN);
  entries.push(entry);
  change(streams, OWN, start + entries.length);
}

/** What goes beyond a vector, as far as it is still held; `undefined` where nothing does. */
export function segmentsBeyond<E>(streams: Streams<E>, have: Vector): Segments<E> | undefined {
  const { names, vector } = streams;
  let segments: Segments<E> | undefined;
  for (let stream = 0; stream < vector.length; stream++) {
    if (vector[stream]! <= (have[stream] ?? 0)) continue;
    const segment = segmentBeyond(streams, stream, have[stream] ?? 0);
    if (segment !== undefined) (segments ??= {})[names[stream]!] = segment;
  }
  return segments;
}

/** What one stream has from an index on, as far as it is still held; `undefined` where there is nothing. */
export function segmentBeyond<E>({ held }: Streams<E>, stream: number, index: number): Segment<E> | undefined {
  const { start, entries } = held[stream] ?? NOTHING;
  const from = Math.max(index, start);
  return from >= start + entries.length ? undefined : [from, entries.slice(from - start) as E[]];
}

const NOTHING: Stream<unknown> = { start: 0, entries: [] };

/**
 * Whether some segments can be taken in without a gap and, with them, everything up to a vector is there: then whoever takes in all of
 * them at once never sees an effect without its cause.
 */
export function fits<E>({ names, numbers, vector }: Streams<E>, segments: Segments<E>, have: Vector): boolean {
  for (const name in segments) if (segments[name]![0] > (vector[numbers.get(name)!] ?? 0)) return false;
  for (let stream = 0; stream < have.length; stream++) {
    if (have[stream]! > (vector[stream] ?? 0) && have[stream]! > endOf(segments[names[stream]!])) return false;
  }
  return true;
}

/** Up to where a segment goes; 0 where there is none. */
export function endOf<E>(segment: Segment<E> | undefined): number {
  return segment === undefined ? 0 : segment[0] + segment[1].length;
}

/** Takes in what is new of some segments, which must fit; returns how many entries were new. */
export function accept<E>(streams: Streams<E>, segments: Segments<E>, apply: (entry: E) => void): number {
  let count = 0;
  for (const name in segments) {
    const [from, entries] = segments[name]!;
    const stream = numberOf(streams, name);
    const { start, entries: held } = hold(streams, stream);
    const before = held.length;
    for (let i = start + before - from; i < entries.length; i++) {
      held.push(entries[i]!);
      apply(entries[i]!);
    }
    if (held.length === before) continue;
    count += held.length - before;
    change(streams, stream, start + held.length);
  }
  return count;
}

/** Where the entries that are still held begin. */
export function starts<E>({ held }: Streams<E>): Vector {
  return Array.from(held, (stream) => stream?.start ?? 0);
}

/** Goes on as if everything below `base` had been taken in: a snapshot contains it. */
export function skipTo<E>(streams: Streams<E>, base: Vector): void {
  for (const [stream, start] of base.entries()) {
    if ((streams.vector[stream] ?? 0) >= start) continue;
    streams.held[stream] = { start, entries: [] };
    change(streams, stream, start);
  }
}

/** Forgets the entries of a stream below an index; returns those it still held. */
export function trim<E>({ held }: Streams<E>, stream: number, below: number): E[] {
  const kept = held[stream];
  if (kept === undefined || below <= kept.start) return [];
  const gone = kept.entries.splice(0, below - kept.start);
  kept.start += gone.length;
  return gone;
}

/** Forgets the older half of every stream of which more than `keep` entries are held. */
export function limit<E>(streams: Streams<E>, keep: number): void {
  if (keep === Infinity) return;
  for (const [stream, { start, entries } = NOTHING] of streams.held.entries()) {
    if (entries.length > keep) trim(streams, stream, start + Math.ceil(entries.length / 2));
  }
}

function hold<E>({ held }: Streams<E>, stream: number): Stream<E> {
  return held[stream] ??= { start: 0, entries: [] };
}
