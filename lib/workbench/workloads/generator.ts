/**
 * Combinators for generators of operations, after Jepsen's `generator.clj` and `independent.clj`.
 *
 * A generator has state and serves one test. It assumes that every operation it returns is performed.
 *
 * @module
 */

import type { Random } from "../world/random.ts";
import type { Invocation, OperationGenerator } from "./workload.ts";

/**
 * Creates a generator that calls `make` for each operation, without end.
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

/** Creates a generator of these operations, one after another. */
export function sequence(invocations: readonly Invocation[]): OperationGenerator {
  let done = 0;
  return { next: () => invocations[done++] };
}

/** Creates a generator that exhausts each of several generators in turn. */
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

/** Creates a generator that asks one of several at random, with equal probability, until all are exhausted. */
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

/** Creates a generator that leaves out the operations that do not pass. */
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
 * Creates a generator that gives each worker its own generator. It ends when all of them are exhausted.
 *
 * @param concurrency Number of workers.
 * @param create Creates the generator of a worker.
 */
export function perWorker(concurrency: number, create: (worker: number) => OperationGenerator): OperationGenerator {
  const generators = Array.from({ length: concurrency }, (_, worker) => create(worker));
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

/** Options for {@linkcode independentKeys}. */
export interface IndependentOptions {
  /** Number of workers. */
  concurrency: number;
  /** Number of workers that share a key. The last group is smaller if the workers do not divide evenly. */
  groupSize: number;
  /**
   * Maximum number of processes that use one key over time, crashed ones included. A number below the size of the group
   * is raised to it.
   */
  processLimit: number;
  /** Creates the generator for a group's next key. `position` returns the place of a worker in the group, from 0. */
  create(group: { key: number; size: number; position(worker: number): number }): OperationGenerator;
}

/**
 * Creates a generator that splits the workers into groups, each of which uses its own key: 0, 1, 2 and so on. Values
 * become pairs `[key, value]`. A group moves on to a new key when its generator is exhausted, or when one process too
 * many would use the key: operations that never complete make a history expensive to check for linearizability.
 */
export function independentKeys(options: IndependentOptions): OperationGenerator {
  const { concurrency, groupSize, processLimit, create } = options;
  let keys = 0;

  function start(group: number) {
    const first = group * groupSize;
    const size = Math.min(groupSize, concurrency - first);
    const key = keys++;
    const generator = create({ key, size, position: (worker) => worker - first });
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
      const [usedKey, value] = operation.value as [number, unknown];
      if (usedKey === key) generator.update?.({ ...operation, value }, worker);
    },
  };
}

/** Operation of a transaction: function, key, and null for a read or the value to write. */
export type RequestedMicroOperation = [f: string, key: number, value: number | null];

/** Default of `--key-count`. */
export const KEY_COUNT = 10;

/** Options for {@linkcode transactions}. */
export interface TransactionOptions {
  /** Function of a write: `"w"`, `"append"` or `"send"`. */
  write: string;
  /** Number of keys in use at any time. */
  keyCount: number;
  /** Minimum number of operations in a transaction. */
  minLength: number;
  /** Maximum number of operations in a transaction. */
  maxLength: number;
  /** Writes to one key before a new key replaces it. */
  maxWritesPerKey: number;
}

/**
 * Creates a function that draws transactions of reads (`["r", key, null]`) and writes, half of each, as Elle's
 * `wr-txns` does (0.2.2, which Maelstrom uses).
 *
 * Keys in use are 0 to `keyCount - 1` at first. Each is drawn twice as often as the one before it. The values 1, 2, 3
 * and so on are written to a key, each once. After `maxWritesPerKey` writes, the next unused number replaces the key.
 */
export function transactions(random: Random, options: TransactionOptions): () => RequestedMicroOperation[] {
  const { write, keyCount, minLength, maxLength, maxWritesPerKey } = options;
  const keys = Array.from({ length: keyCount }, (_, key) => key);
  const written = new Map<number, number>();
  let lastKey = keyCount - 1;

  function microOperation(): RequestedMicroOperation {
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

/** Draws an index from 0 to `count - 1`, each twice as likely as the one before it. */
function exponentialIndex(random: Random, count: number): number {
  // Of 2^count - 1 equal parts, index 0 has 1, index 1 has 2, index 2 has 4 … Divided by 2^count, so that a large count
  // does not overflow.
  const all = 2 ** -count;
  const place = Math.floor(count + Math.log2(all + random.float() * (1 - all)));
  return Math.min(Math.max(place, 0), count - 1);
}
