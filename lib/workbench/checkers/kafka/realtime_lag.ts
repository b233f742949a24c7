/**
 * How far polls lag behind a log, in real time.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { entry } from "../entry.ts";
import type { KafkaOperation, LogMessage } from "./kafka_history.ts";

/** The lag of one key in one poll. */
export interface RealtimeLag {
  /** When the poll began, seconds since the test did. */
  time: number;
  /** The process that polled; null where nobody ever polled anything. */
  process: number | null;
  key: string | null;
  /**
   * Seconds, at least, since the last message that the process had seen of the key was the last in the log.
   */
  lag: number;
}

/** When it became known that a log reaches to an offset: offsets and times, both ascending. */
interface Growth {
  offsets: number[];
  times: number[];
}

/**
 * Finds the worst lag of any poll: the time from when a message that the poller did not get was surely in the log, to
 * the beginning of the poll. Of several equal ones, the first.
 *
 * @param operations In order of completion.
 */
export function worstRealtimeLag(operations: readonly KafkaOperation[]): RealtimeLag {
  const growth = findGrowth(operations);
  const positions = new Map<number, Map<string, number>>();
  let worst: RealtimeLag | undefined;
  for (const operation of operations) {
    const { process, f, type, keys, invocation } = operation;
    if (type !== "ok") continue;
    const position = entry(positions, process, () => new Map<string, number>());
    if (f === "assign") positions.set(process, new Map(keys.map((key) => [key, position.get(key) ?? -1])));
    if (f === "subscribe") positions.set(process, new Map());
    if (f !== "poll" && f !== "txn") continue;
    for (const [key, offset] of highestOffsets(operation)) position.set(key, Math.max(offset, position.get(key) ?? -1));
    for (const [key, offset] of position) {
      const lag = Math.max(0, invocation.time - outgrown(growth.get(key), offset)) / 1e9;
      if (worst === undefined || lag > worst.lag) worst = { time: invocation.time / 1e9, process, key, lag };
    }
  }
  return worst ?? { time: 0, process: null, key: null, lag: 0 };
}

function findGrowth(operations: readonly KafkaOperation[]): Map<string, Growth> {
  const growth = new Map<string, Growth>();
  for (const operation of operations) {
    if (operation.type === "fail") continue;
    for (const [key, offset] of highestOffsets(operation)) {
      const { offsets, times } = entry(growth, key, () => ({ offsets: [], times: [] }));
      if (offset <= (offsets.at(-1) ?? -1)) continue;
      offsets.push(offset);
      times.push(operation.completion.time);
    }
  }
  return growth;
}

/** By key, the highest offset that an operation sent to or polled. */
function highestOffsets({ sends, polls }: KafkaOperation): Map<string, number> {
  const highest = new Map<string, number>();
  const raise = (messages: LogMessage[], key: string) => {
    for (const { offset } of messages) highest.set(key, Math.max(offset ?? -1, highest.get(key) ?? -1));
  };
  sends.forEach(raise);
  polls.forEach(raise);
  return highest;
}

/** When the log was first known to reach beyond an offset; infinite where that never was. */
function outgrown(growth: Growth | undefined, offset: number): number {
  if (growth === undefined) return Infinity;
  let [low, high] = [0, growth.offsets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (growth.offsets[middle]! > offset) high = middle;
    else low = middle + 1;
  }
  return growth.times[low] ?? Infinity;
}
