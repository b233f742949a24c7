/**
 * Generators: who does what when. The combinators that the workloads are made of, after Jepsen's `generator.clj` and
 * `independent.clj`.
 *
 * A generator here is an object with a state of its own, made for one test: what `next` has returned is taken to be done.
 *
 * @module
 */

import type { Random } from "../world/random.ts";
import type { Invocation, OperationGenerator } from "./workload.ts";

/**
 * Makes a new invocation whenever it is asked, without end.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { repeat } from "./generator.ts";
 *
 * let element = 0;
 * const adds = repeat(() => ({ f: "add", value: element++ }));
 * assertEquals(adds.next(0, 0), { f: "add", value: 0 });
 * assertEquals(adds.next(0, 0), { f: "add", value: 1 });
 * ```
 */
export function repeat(make: () => Invocation): OperationGenerator {
  return { next: () => make() };
}

/** Gives these invocations, one after another, and then nothing more. */
export function sequence(invocations: readonly Invocation[]): OperationGenerator {
  let done = 0;
  return { next: () => invocations[done++] };
}

/** Lets one generator run out and then goes on with the next. */
export function concat(...generators: OperationGenerator[]): OperationGenerator {
  return {
    next(worker, process) {
      while (generators.length > 0) {
        const next = generators[0]!.next(worker, process);
        if (next !== undefined) return next;
        generators.shift();
      }
      return undefined;
    },
    update(operation, worker) {
      generators[0]?.update?.(operation, worker);
    },
  };
}

/** Asks one of the generators, each as likely as the others; one that has run out is asked no more. */
export function mix(random: Random, generators: readonly OperationGenerator[]): OperationGenerator {
  const left = [...generators];
  return {
    next(worker, process) {
      while (left.length > 0) {
        const choice = random.integer(left.length);
        const next = left[choice]!.next(worker, process);
        if (next !== undefined) return next;
        left.splice(choice, 1);
      }
      return undefined;
    },
    update(operation, worker) {
      for (const generator of left) generator.update?.(operation, worker);
    },
  };
}

/** Leaves out the invocations that do not pass. */
export function filter(passes: (invocation: Invocation) => boolean, generator: OperationGenerator): OperationGenerator {
  return {
    next(worker, process) {
      for (;;) {
        const next = generator.next(worker, process);
        if (next === undefined || next === "pending" || passes(next)) return next;
      }
    },
    update: (operation, worker) => generator.update?.(operation, worker),
  };
}

/**
 * Gives every worker a generator of its own, and is over when all of them have run out.
 *
 * @param concurrency How many workers there are.
 * @param make Makes one worker's generator.
 */
export function perWorker(concurrency: number, make: (worker: number) => OperationGenerator): OperationGenerator {
  const generators = Array.from({ length: concurrency }, (_, worker) => make(worker));
  const exhausted = new Set<number>();
  return {
    next(worker, process) {
      if (!exhausted.has(worker)) {
        const next = generators[worker]!.next(worker, process);
        if (next !== undefined) return next;
        exhausted.add(worker);
      }
      return exhausted.size === concurrency ? undefined : "pending";
    },
    update: (operation, worker) => generators[worker]!.update?.(operation, worker),
  };
}

/** How {@linkcode independentKeys} shares out keys and workers. */
export interface IndependentOptions {
  /** How many workers there are. */
  concurrency: number;
  /** How many of them work on one key at the same time. The last group is smaller where they do not come out even. */
  groupSize: number;
  /** How many processes may work on one key over time, crashed ones included; at least the size of the group. */
  processLimit: number;
  /** Makes the generator for a group's next key; `position` is a worker's place in the group, from 0. */
  make(group: { key: number; size: number; position(worker: number): number }): OperationGenerator;
}

/**
 * Splits the workers into groups, each of which works on a key of its own: 0, 1, 2 and so on. Values become pairs `[key, value]`.
 * A group goes on to a fresh key when its generator has run out, or when more processes than allowed would have worked on the key: it
 * is the processes whose operations never end that make a history costly to check for linearizability.
 */
export function independentKeys(options: IndependentOptions): OperationGenerator {
  const { concurrency, groupSize, processLimit, make } = options;
  let keys = 0;

  function start(group: number) {
    const first = group * groupSize;
    const size = Math.min(groupSize, concurrency - first);
    const key = keys++;
    const generator = make({ key, size, position: (worker) => worker - first });
    return { key, generator, limit: Math.max(size, processLimit), processes: new Set<number>() };
  }
  const groups = Array.from({ length: Math.ceil(concurrency / groupSize) }, (_, group) => start(group));
  const groupOf = (worker: number) => Math.floor(worker / groupSize);

  return {
    next(worker, process) {
      for (;;) {
        const { key, generator, limit, processes } = groups[groupOf(worker)]!;
        processes.add(process);
        const next = processes.size > limit ? undefined : generator.next(worker, process);
        if (next === "pending") return next;
        if (next !== undefined) return { ...next, value: [key, next.value ?? null] };
        groups[groupOf(worker)] = start(groupOf(worker));
      }
    },
    update(operation, worker) {
      const { key, generator } = groups[groupOf(worker)]!;
      const [itsKey, value] = operation.value as [number, unknown];
      if (itsKey === key) generator.update?.({ ...operation, value }, worker);
    },
  };
}

/** One operation of a transaction: its function, its key, and null or the value to write. */
export type MicroOperation = [f: string, key: number, value: number | null];

/** Keys in use at once unless `--key-count` says otherwise. */
export const KEY_COUNT = 10;

/** How {@linkcode transactions} draws. */
export interface TransactionOptions {
  /** How a write is called: `"w"`, `"append"` or `"send"`. */
  write: string;
  /** Keys in use at any time. */
  keyCount: number;
  /** The fewest operations in a transaction. */
  minLength: number;
  /** The most. */
  maxLength: number;
  /** Writes to one key before a fresh key takes its place. */
  maxWritesPerKey: number;
}

/**
 * Draws transactions of reads (`["r", key, null]`) and writes, half and half, as Elle's `wr-txns` (0.2.2, which Maelstrom uses).
 *
 * The keys in use are 0 to `keyCount - 1` at first, and the last of them is drawn twice as often as the one before it, and so on down. A
 * key is written 1, 2, 3 and so on, each value once; when it has had its writes, the next whole number takes its place.
 *
 * @returns A function that draws the next transaction.
 */
export function transactions(random: Random, options: TransactionOptions): () => MicroOperation[] {
  const { write, keyCount, minLength, maxLength, maxWritesPerKey } = options;
  const keys = Array.from({ length: keyCount }, (_, key) => key);
  const written = new Map<number, number>();
  let lastKey = keyCount - 1;

  function microOperation(): MicroOperation {
    for (;;) {
      const reads = random.integer(2) === 0;
      const index = exponentialIndex(random, keyCount);
      const key = keys[index]!;
      if (reads) return ["r", key, null];
      const value = (written.get(key) ?? 0) + 1;
      if (value <= maxWritesPerKey) {
        written.set(key, value);
        return [write, key, value];
      }
      written.delete(key);
      keys[index] = ++lastKey;
    }
  }

  return () => {
    const length = minLength + random.integer(maxLength - minLength + 1);
    return Array.from({ length }, microOperation);
  };
}

/** A place from 0 to `count - 1`, each twice as likely as the one before it. */
function exponentialIndex(random: Random, count: number): number {
  // Of 2^count - 1 equal parts the first place has 1, the second 2, the third 4 …; written so that a large count does not overflow.
  const all = 2 ** -count;
  const place = Math.floor(count + Math.log2(all + random.float() * (1 - all)));
  return Math.min(Math.max(place, 0), count - 1);
}
