/**
 * Streams and version vectors: what a node has, what it lacks, and what it may forget.
 *
 * Every node appends to a stream of its own, and holds a prefix of everybody else's. So all that a node knows is said by one number
 * for each stream: a version vector.
 *
 * Source: Parker et al., Detection of Mutual Inconsistency in Distributed Systems (1983), for the vectors; Petersen et al., Flexible
 * Update Propagation for Weakly Consistent Replication (1997), for logs that are exchanged by them.
 *
 * @module
 */

/** For each stream, how many of its entries, from the first on; streams that are not named have none. */
export type Vector = Record<string, number>;

/** Consecutive entries of one stream, the first of which has index `from`. */
export type Segment<E> = [from: number, entries: E[]];

/** Some of several streams. */
export type Segments<E> = Record<string, Segment<E>>;

/** What a node holds of one stream: everything from index `start` on; what came before, everybody has, or a snapshot contains it. */
interface Stream<E> {
  start: number;
  entries: E[];
}

/** All streams that a node knows of. */
export interface Streams<E> {
  /** How far it has each. */
  readonly vector: Vector;
  /** Counts the changes of the vector. */
  version: number;
  readonly byId: Map<string, Stream<E>>;
}

/**
 * No streams yet.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accept, createStreams, fits, segmentsBeyond, trim } from "./streams.ts";
 *
 * const streams = createStreams<string>();
 * const seen: string[] = [];
 * accept(streams, { a: [0, ["x", "y"]] }, (entry) => seen.push(entry));
 * accept(streams, { a: [1, ["y", "z"]] }, (entry) => seen.push(entry));
 * assertEquals(seen, ["x", "y", "z"]);
 * assertEquals(fits(streams, { a: [4, ["?"]] }, {}), false); // a gap
 * assertEquals(fits(streams, { a: [3, ["!"]] }, { a: 4, b: 1 }), false); // the sender had seen something of b
 * trim(streams, "a", 1);
 * assertEquals(segmentsBeyond(streams, { a: 2 }), { a: [2, ["z"]] });
 * ```
 */
export function createStreams<E>(): Streams<E> {
  return { vector: {}, version: 0, byId: new Map() };
}

/** Adds an entry to the end of a stream. */
export function append<E>(streams: Streams<E>, id: string, entry: E): void {
  const stream = open(streams, id);
  stream.entries.push(entry);
  streams.vector[id] = stream.start + stream.entries.length;
  streams.version++;
}

/** What goes beyond a vector, as far as it is still held; `undefined` where nothing does. */
export function segmentsBeyond<E>(streams: Streams<E>, have: Vector): Segments<E> | undefined {
  let segments: Segments<E> | undefined;
  for (const id of streams.byId.keys()) {
    if (streams.vector[id]! <= (have[id] ?? 0)) continue;
    const beyond = segmentBeyond(streams, id, have[id] ?? 0);
    if (beyond !== undefined) segments = Object.assign(segments ?? {}, beyond);
  }
  return segments;
}

/** What one stream has from an index on, as far as it is still held; `undefined` where there is nothing. */
export function segmentBeyond<E>({ byId }: Streams<E>, id: string, index: number): Segments<E> | undefined {
  const stream = byId.get(id);
  if (stream === undefined) return undefined;
  const from = Math.max(index, stream.start);
  if (from >= stream.start + stream.entries.length) return undefined;
  return { [id]: [from, stream.entries.slice(from - stream.start)] };
}

/**
 * Whether some segments can be taken in without a gap and, with them, everything up to a vector is there: then whoever takes in all of
 * them at once never sees an effect without its cause.
 */
export function fits<E>({ vector }: Streams<E>, segments: Segments<E>, have: Vector): boolean {
  for (const id in segments) if (segments[id]![0] > (vector[id] ?? 0)) return false;
  for (const id in have) if (have[id]! > (vector[id] ?? 0) && have[id]! > endOf(segments[id])) return false;
  return true;
}

function endOf<E>(segment: Segment<E> | undefined): number {
  return segment === undefined ? 0 : segment[0] + segment[1].length;
}

/** Takes in what is new of some segments, which must fit; returns how many entries were new. */
export function accept<E>(streams: Streams<E>, segments: Segments<E>, apply: (entry: E) => void): number {
  const { vector } = streams;
  let count = 0;
  for (const id in segments) {
    const [from, entries] = segments[id]!;
    const stream = open(streams, id);
    for (let i = (vector[id] ?? 0) - from; i < entries.length; i++) {
      stream.entries.push(entries[i]!);
      apply(entries[i]!);
      count++;
    }
    vector[id] = stream.start + stream.entries.length;
    streams.version++;
  }
  return count;
}

/** Where the entries that are still held begin, of each stream that has lost some. */
export function starts<E>(streams: Streams<E>): Vector {
  const vector: Vector = {};
  for (const [id, { start }] of streams.byId) if (start > 0) vector[id] = start;
  return vector;
}

/** Goes on as if everything below `base` had been taken in: a snapshot contains it. */
export function skipTo<E>(streams: Streams<E>, base: Vector): void {
  for (const id in base) {
    if ((streams.vector[id] ?? 0) >= base[id]!) continue;
    streams.byId.set(id, { start: base[id]!, entries: [] });
    streams.vector[id] = base[id]!;
    streams.version++;
  }
}

/** Forgets the entries of a stream below an index; returns those it still held. */
export function trim<E>(streams: Streams<E>, id: string, below: number): E[] {
  const stream = streams.byId.get(id);
  if (stream === undefined || below <= stream.start) return [];
  const gone = stream.entries.splice(0, below - stream.start);
  stream.start += gone.length;
  return gone;
}

/** Forgets the older half of every stream of which more than `keep` entries are held. */
export function limit<E>(streams: Streams<E>, keep: number): void {
  for (const [id, { start, entries }] of streams.byId) {
    if (entries.length > keep) trim(streams, id, start + Math.ceil(entries.length / 2));
  }
}

/** Whether `a` is at least `b`, in every stream. */
export function covers(a: Vector, b: Vector): boolean {
  for (const id in b) if (b[id]! > (a[id] ?? 0)) return false;
  return true;
}

/** Raises `a` to at least `b`, in every stream. */
export function raise(a: Vector, b: Vector): void {
  for (const id in b) if (b[id]! > (a[id] ?? 0)) a[id] = b[id]!;
}

/** The greatest vector that all of these cover. */
export function least(first: Vector, others: Iterable<Vector>): Vector {
  const vector = { ...first };
  for (const other of others) {
    for (const id in vector) if ((other[id] ?? 0) < vector[id]!) vector[id] = other[id] ?? 0;
  }
  return vector;
}

function open<E>(streams: Streams<E>, id: string): Stream<E> {
  let stream = streams.byId.get(id);
  if (stream === undefined) streams.byId.set(id, stream = { start: 0, entries: [] });
  return stream;
}
