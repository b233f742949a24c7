/**
 * Generators of workload kafka: sends, polls, assigns and crashes.
 *
 * Source: Jepsen's `tests/kafka.clj`, as Maelstrom sets it up.
 *
 * @module
 */

import { type Integer, largerInteger } from "../../../integers.ts";
import type { Operation } from "../../history/operation.ts";
import type { Random } from "../../world/random.ts";
import { concat, KEY_COUNT, perWorker, repeat, sequence, transactions } from "../generator.ts";
import type { Invocation, OperationGenerator, TestOptions } from "../workload.ts";

/** Completed send, with the offset of its message. */
export type CompletedSend = ["send", key: string, message: [offset: Integer, message: unknown]];

/** Completed poll, with the messages of each key. */
export type CompletedPoll = ["poll", messages: Record<string, [offset: Integer, message: unknown][]>];

/** One in this many operations, on average, is an assign. */
const ASSIGN_EVERY = 64;
/** One in this many assigns, on average, adds the keys with unseen messages. */
const CATCH_UP_EVERY = 3;
/** Mean time between crashes of one client, ns. */
const CRASH_INTERVAL_NS = 30e9;

/**
 * Creates the generator of the main phase: equally many sends and polls, of keys drawn as in
 * {@linkcode transactions}. Before some of them, their key is assigned; one assign in three, on average, adds the keys
 * with unseen messages, which were sent but never polled. Now and then a client crashes.
 */
export function kafkaOperations(options: TestOptions, random: Random): OperationGenerator {
  const { concurrency, keyCount = KEY_COUNT, maxWritesPerKey } = options;
  const draw = transactions(random, { write: "send", keyCount, minLength: 1, maxLength: 1, maxWritesPerKey });
  const unseen = trackUnseen();
  // Drawn but not returned yet: an assign of its key can come before it.
  let upcoming = draw()[0]!;
  let nowNs = 0;
  let crashDueNs = 0;

  function assign(key: string): Invocation {
    const behind = unseen.keys();
    if (behind.length === 0 || random.integer(CATCH_UP_EVERY) > 0) return { f: "assign", value: [key] };
    return { f: "assign", value: [...new Set([...behind, key])] };
  }

  return {
    next() {
      // Once a crash is due, it is as likely as another operation.
      if (nowNs >= crashDueNs && random.integer(2) === 0) {
        crashDueNs = nowNs + random.float() * 2 * CRASH_INTERVAL_NS / concurrency;
        return { f: "crash" };
      }
      const [f, number, message] = upcoming;
      const key = String(number);
      if (random.integer(ASSIGN_EVERY) === 0) return assign(key);
      upcoming = draw()[0]!;
      return f === "send" ? { f, value: [["send", key, message]] } : { f: "poll", value: [["poll"]] };
    },
    update(operation) {
      nowNs = operation.time;
      unseen.update(operation);
    },
  };
}

/**
 * Creates the generator of the final phase: each worker opens a new client, assigns it all keys from the beginning,
 * and polls until it has seen the highest offset of each key in the main phase.
 */
export function kafkaFinalPolls({ concurrency }: TestOptions, history: readonly Operation[]): OperationGenerator {
  const highest = new Map<string, Integer>();
  for (const operation of history) {
    if (operation.type !== "ok") continue;
    raise(highest, sentOffsets(operation));
    raise(highest, polledOffsets(operation));
  }
  return perWorker(concurrency, () => pollUntilSeen(highest));
}

function pollUntilSeen(highest: ReadonlyMap<string, Integer>): OperationGenerator {
  const left = new Map(highest);
  const keys = [...left.keys()].sort((a, b) => Number(a) - Number(b));
  const steps = concat(
    sequence([{ f: "crash" }, { f: "assign", value: keys, seek_to_beginning: true }]),
    repeat(() => ({ f: "poll", value: [["poll"]] })),
  );
  return {
    next: (worker, process) => left.size === 0 ? undefined : steps.next(worker, process),
    update(operation) {
      if (operation.type !== "ok") return;
      for (const [key, offset] of polledOffsets(operation)) {
        if (offset >= (left.get(key) ?? -1)) left.delete(key);
      }
    },
  };
}

/** Tracks the keys with messages that were sent but never polled. */
function trackUnseen(): { keys(): string[]; update(operation: Operation): void } {
  // By key with unseen messages, the highest offset that was sent to, and the highest that was polled.
  const sent = new Map<string, Integer>();
  const polled = new Map<string, Integer>();
  return {
    keys: () => [...sent.keys()],
    update(operation) {
      if (operation.type !== "ok") return;
      const seen = polledOffsets(operation);
      const known = sentOffsets(operation);
      raise(polled, seen);
      raise(sent, known);
      for (const key of new Set([...seen.keys(), ...known.keys()])) {
        if ((polled.get(key) ?? -1) < (sent.get(key) ?? -1)) continue;
        sent.delete(key);
        polled.delete(key);
      }
    },
  };
}

/** Returns the highest offset of each key in a completed poll; keys without messages are left out. */
function polledOffsets({ f, value }: Operation): Map<string, Integer> {
  const offsets = new Map<string, Integer>();
  if (f !== "poll") return offsets;
  for (const [, messages] of value as CompletedPoll[]) {
    for (const [key, pairs] of Object.entries(messages)) {
      if (pairs.length > 0) offsets.set(key, pairs.map(([offset]) => offset).reduce(largerInteger));
    }
  }
  return offsets;
}

/** Returns the highest offset of each key in a completed send. */
function sentOffsets({ f, value }: Operation): Map<string, Integer> {
  const offsets = new Map<string, Integer>();
  if (f !== "send") return offsets;
  for (const [, key, [offset]] of value as CompletedSend[]) raise(offsets, [[key, offset]]);
  return offsets;
}

function raise(offsets: Map<string, Integer>, seen: Iterable<[string, Integer]>): void {
  for (const [key, offset] of seen) offsets.set(key, largerInteger(offsets.get(key) ?? offset, offset));
}
