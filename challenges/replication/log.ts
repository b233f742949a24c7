/**
 * Logs and vectors, as in Petersen et al., Flexible Update Propagation for Weakly Consistent Replication (1997).
 *
 * @module
 */

/** Counts of entries, by the numbers that this node gives to logs; absent means 0. A value: never changed in place. */
export type Vector = readonly number[];
/** A vector in a message: counts by the names of logs. */
export type Counts = Record<string, number>;
/** Consecutive entries of logs, by their names; the first of each has index `from`. */
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

/** The least vector that covers both: `a` itself if it does. */
export function join(a: Vector, b: Vector): Vector {
  if (covers(a, b)) return a;
  return Array.from({ length: Math.max(a.length, b.length) }, (_, log) => Math.max(a[log] ?? 0, b[log] ?? 0));
}

/** All logs that a node knows. */
export class Logs<E> {
  /** Names by number; no two are the same. */
  readonly names: string[] = [];
  /** All that was applied here: `vector[i] === held[i].start + held[i].entries.length`. Replaced, not changed. */
  vector: Vector = [];
  readonly #numbers = new Map<string, number>();
  /** The entries from `start` on. All nodes have those before, or a snapshot contains them. */
  readonly #held: { start: number; entries: E[] }[] = [];

  /** The number of a log; a new name gets the next one. */
  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#held.push({ start: 0, entries: [] });
    this.vector = [...this.vector, 0];
    this.#numbers.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** The counts of a vector that go beyond `known`, for a message. */
  countsOf(vector: Vector, known: Vector = []): Counts {
    const beyond = vector.map((count, log) => [this.names[log]!, count > (known[log] ?? 0) ? count : 0] as const);
    return Object.fromEntries(beyond.filter(([_, count]) => count > 0));
  }

  /** The least vector that covers `base`, counts from a message, and the ends of segments. */
  vectorOf(counts: Counts, base: Vector = [], segments: Segments<E> = {}): Vector {
    const ends = Object.entries(segments).map(([name, [from, { length }]]): [string, number] => [name, from + length]);
    const raised = [...Object.entries(counts), ...ends].map(([name, count]) => [this.numberOf(name), count] as const);
    const vector = this.names.map((_, log) => base[log] ?? 0);
    for (const [log, count] of raised) vector[log] = Math.max(vector[log]!, count);
    return vector;
  }

  /** Appends an entry to a log: one of the node's own, or one that was applied. */
  append(log: number, entry: E): void {
    this.#held[log]!.entries.push(entry);
    this.vector = this.vector.with(log, this.vector[log]! + 1);
  }

  /** The entries beyond a vector that are still held, of all logs or only the node's own; undefined if none. */
  beyond(known: Vector, ownOnly = false): Segments<E> | undefined {
    const segments: [string, Segments<E>[string]][] = [];
    for (let log = 0; log < (ownOnly ? 1 : this.vector.length); log++) {
      const { start, entries } = this.#held[log]!;
      const from = Math.max(known[log] ?? 0, start);
      if (from < this.vector[log]!) segments.push([this.names[log]!, [from, entries.slice(from - start)]]);
    }
    return segments.length === 0 ? undefined : Object.fromEntries(segments);
  }

  /** True if segments leave no gap, and all that `causes` counts is here with them: no effect without its cause. */
  fits(segments: Segments<E>, causes: Vector): boolean {
    const after = this.vectorOf({}, this.vector, segments);
    const hasGap = Object.entries(segments).some(([name, [from]]) => from > this.vector[this.numberOf(name)]!);
    return !hasGap && covers(after, causes);
  }

  /** Applies what is new of segments that fit; returns true if there was any. An entry counts once `apply` returned. */
  accept(segments: Segments<E>, apply: (entry: E) => void): boolean {
    const before = this.vector;
    for (const [name, [from, entries]] of Object.entries(segments)) {
      const log = this.numberOf(name);
      for (let i = this.vector[log]! - from; i < entries.length; i++) {
        apply(entries[i]!);
        this.append(log, entries[i]!);
      }
    }
    return this.vector !== before;
  }

  /** Where the entries that are still held begin. */
  get starts(): Vector {
    return this.#held.map(({ start }) => start);
  }

  /** Continues as if everything below `starts` had been applied: a snapshot contains it. */
  skipTo(starts: Vector): void {
    starts.forEach((start, log) => this.vector[log]! < start && (this.#held[log] = { start, entries: [] }));
    this.vector = join(this.vector, starts);
  }

  /** Forgets the entries below a vector; returns them. */
  trim(below: Vector): E[] {
    return this.#held.flatMap((log, number) => {
      const gone = log.entries.splice(0, Math.max(0, (below[number] ?? 0) - log.start));
      log.start += gone.length;
      return gone;
    });
  }
}
