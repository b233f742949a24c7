/**
 * Real-time lag: how far polls are behind a log.
 *
 * Source: `jepsen.tests.kafka`.
 *
 * @module
 */

import { bisectRight } from "d3-array";
import { type Integer, largerInteger } from "../../../integers.ts";
import { getOrInsert } from "../../base/get_or_insert.ts";
import type { KafkaOperation, LogMessage } from "./kafka_history.ts";

/** The lag of one key in one poll. */
export interface RealtimeLag {
  /** Start of the poll, in seconds since the test began. */
  time: number;
  /** The process that polled; null if there was no poll. */
  process: number | null;
  key: string | null;
  /** Seconds, at least, since the log got a message after the last one that the process has seen. */
  lag: number;
}

/** The known growth of a log: at `times[i]` (ns), a message at `offsets[i]` was seen first. Both are ascending. */
interface Growth {
  offsets: Integer[];
  times: number[];
}

/**
 * Finds the worst lag of any poll: the time from when the log is known to contain a message that the process has not
 * seen, to the start of the poll. If several are equal, the first.
 *
 * @param operations In order of completion.
 */
export function worstRealtimeLag(operations: readonly KafkaOperation[]): RealtimeLag {
  const growth = findGrowth(operations);
  // By process and key, the highest offset that the process has seen.
  const positions = new Map<number, Map<string, Integer>>();
  let worst: RealtimeLag | undefined;
  for (const operation of operations) {
    const { process, f, type, keys, invocation } = operation;
    if (type !== "ok") continue;
    const ofProcess = getOrInsert(positions, process, () => new Map());
    if (f === "assign") positions.set(process, new Map(keys.map((key) => [key, ofProcess.get(key) ?? -1])));
    if (f === "subscribe") positions.set(process, new Map());
    if (f !== "poll" && f !== "txn") continue;
    for (const [key, offset] of highestOffsets(operation)) {
      ofProcess.set(key, largerInteger(offset, ofProcess.get(key) ?? -1));
    }
    for (const [key, offset] of ofProcess) {
      const lag = Math.max(0, invocation.time - timeOfGrowth(growth.get(key), offset)) / 1e9;
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
      const { offsets, times } = getOrInsert(growth, key, () => ({ offsets: [], times: [] }));
      if (offset <= (offsets.at(-1) ?? -1)) continue;
      offsets.push(offset);
      times.push(operation.completion.time);
    }
  }
  return growth;
}

/** By key, the highest offset that an operation sent to or polled; -1 if it is unknown. */
function highestOffsets({ sends, polls }: KafkaOperation): Map<string, Integer> {
  const highest = new Map<string, Integer>();
  const raise = (messages: LogMessage[], key: string) => {
    for (const { offset } of messages) highest.set(key, largerInteger(offset ?? -1, highest.get(key) ?? -1));
  };
  sends.forEach(raise);
  polls.forEach(raise);
  return highest;
}

/** Finds when a log is first known to have a message after an offset; infinite if never. */
function timeOfGrowth(growth: Growth | undefined, offset: Integer): number {
  return growth?.times[bisectRight(growth.offsets, offset)] ?? Infinity;
}
