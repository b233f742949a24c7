/**
 * Logs and version vectors, as in Petersen et al., Flexible Update Propagation for Weakly Consistent Replication, 1997.
 *
 * @module
 */

/** Version vector: counts of entries, by the numbers that this node gives to logs. Absent means 0. Immutable. */
export type Vector = readonly number[];
/** A vector in a message: counts by the names of logs. */
export type Counts = Record<string, number>;
/** Consecutive entries of logs, by the names of the logs; `from` is the index of the first one. */
export type Segments<E> = Record<string, [from: number, entries: E[]]>;

/** Number of the log that this node appends to. */
export const OWN = 0;
/** Limit on messages remembered: of those sent to one peer, and of those that wait for earlier ones. */
export const MEMORY = 256;

/** True if `a` is at least `b` in every log. */
export function covers(a: Vector, b: Vector): boolean {
  if (a === b) return true;
  for (let log = 0; log < b.length; log++) if (b[log]! > (a[log] ?? 0)) return false;
  return true;
}

/** The least vector that covers both: `a` or `b` itself if it does, which makes comparing them later cheap. */
export function join(a: Vector, b: Vector): Vector {
  if (covers(a, b)) return a;
  return covers(b, a) ? b : Array.from(a.length < b.length ? b : a, (_, log) => Math.max(a[log] ?? 0, b[log] ?? 0));
}

/** All logs that a node knows. */
export class Logs<E> {
  /** Names by number. All differ, and none changes. */
  readonly names: string[] = [];
  /** Counts of entries applied here: `(vector[i] ?? 0) === held[i].start + held[i].entries.length`. They only grow. */
  vector: Vector = [];
  readonly #numbers = new Map<string, number>();
  /** Entries by log, from index `start` on. A node that lacks earlier ones needs a snapshot. */
  readonly #held: { start: number; entries: E[] }[] = [];

  /** The number of a log; a new name gets the next one. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.push(name) - 1;
    this.#numbers.set(name, number);
    this.#held.push({ start: 0, entries: [] });
    return number;
  }

  /** The counts of a vector that exceed those of `known`, for a message. */
  countsOf(vector: Vector, known: Vector = []): Counts {
    const counts: [string, number][] = [];
    for (let log = 0; log < vector.length; log++) {
      if (vector[log]! > (known[log] ?? 0)) counts.push([this.names[log]!, vector[log]!]);
    }
    return Object.fromEntries(counts);
  }

  /** The least vector that covers `base`, counts from a message, and the ends of segments. */
  vectorOf(counts: Counts, base: Vector = [], segments: Segments<E> = {}): Vector {
    const vector = base.slice();
    const raise = (log: number, count: number) => {
      while (vector.length <= log) vector.push(0);
      if (vector[log]! < count) vector[log] = count;
    };
    for (const name of Object.keys(counts)) raise(this.numberOf(name), counts[name]!);
    for (const [name, [from, { length }]] of Object.entries(segments)) raise(this.numberOf(name), from + length);
    return vector;
  }

  /** Appends an entry that this node has applied to a log, its own or another node's. */
  append(log: number, entry: E): void {
    const { start, entries } = this.#held[log]!;
    const vector = this.vector.slice();
    while (vector.length < log) vector.push(0);
    vector[log] = start + entries.push(entry);
    this.vector = vector;
  }

  /** The held entries beyond a vector, of all logs or only of the node's own; undefined if there are none. */
  beyond(known: Vector, ownOnly = false): Segments<E> | undefined {
    const segments: [string, Segments<E>[string]][] = [];
    for (let log = 0; log < (ownOnly ? 1 : this.vector.length); log++) {
      const { start, entries } = this.#held[log]!;
      const from = Math.max(known[log] ?? 0, start);
      if (from < this.vector[log]!) segments.push([this.names[log]!, [from, entries.slice(from - start)]]);
    }
    return segments.length === 0 ? undefined : Object.fromEntries(segments);
  }

  /** True if segments leave no gap, and `causes` is covered once they are applied: no effect without its cause. */
  fits(segments: Segments<E>, causes: Vector): boolean {
    const hasGap = Object.entries(segments).some(([name, [from]]) => from > (this.vector[this.numberOf(name)] ?? 0));
    return !hasGap && covers(this.vectorOf({}, this.vector, segments), causes);
  }

  /** Applies the new entries of segments that fit; returns true if there are any. One that throws does not count. */
  accept(segments: Segments<E>, apply: (entry: E) => void): boolean {
    const before = this.vector;
    for (const [name, [from, entries]] of Object.entries(segments)) {
      const log = this.numberOf(name);
      for (let i = (this.vector[log] ?? 0) - from; i < entries.length; i++) {
        apply(entries[i]!);
        this.append(log, entries[i]!);
      }
    }
    return this.vector !== before;
  }

  /** Indexes of the first entries that are held. */
  get starts(): Vector {
    return this.#held.map(({ start }) => start);
  }

  /** Counts all entries below `starts` as applied: a snapshot that was restored contains them. */
  skipTo(starts: Vector): void {
    const { vector } = this;
    this.vector = join(vector, starts);
    for (const [i, start] of starts.entries()) if ((vector[i] ?? 0) < start) this.#held[i] = { start, entries: [] };
  }

  /** Forgets the entries below a vector, and all but the `keep` newest ones of each log; returns them. */
  trim(below: Vector, keep = Infinity): E[] {
    const forgotten: E[][] = [];
    for (let log = 0; log < this.vector.length; log++) {
      const held = this.#held[log]!;
      const count = Math.max((below[log] ?? 0) - held.start, held.entries.length - keep);
      if (count > 0) forgotten.push(held.entries.splice(0, count));
      held.start = this.vector[log]! - held.entries.length;
    }
    return forgotten.flat();
  }
}
