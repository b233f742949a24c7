/** A minimal history for every anomaly of kafka. */

import type { Line } from "../sequential.ts";

/** Messages in the result of a poll. */
export type Pairs = [offset: number, value: number][];

/** A send to key a that was acknowledged with an offset. */
export function send(process: number, value: number, offset: number): Line {
  return [process, "ok", "send", [["send", "a", value]], [["send", "a", [offset, value]]]];
}

/** A poll of key a. */
export function poll(process: number, ...pairs: Pairs): Line {
  return [process, "ok", "poll", [["poll"]], [["poll", { a: pairs }]]];
}

/** A transaction. */
export function txn(process: number, ...result: unknown[]): Line {
  return [process, "ok", "txn", [], result];
}

/** Three messages, sent in order. */
export const SENDS = [send(0, 1, 0), send(0, 2, 1), send(0, 3, 2)];

/** By anomaly: a history that has it, a repaired one that does not, and the explanation. */
export const KAFKA_CASES: Record<string, { flawed: Line[]; repaired: Line[]; says: string; also?: string[] }> = {
  "lost-write": {
    flawed: [...SENDS.slice(0, 2), poll(1, [1, 2])],
    repaired: [...SENDS.slice(0, 2), poll(1, [0, 1], [1, 2])],
    says: 'Process 0 sent 1 to key "a" at offset 0 (acknowledged at 1.000 s), but no poll ever returned it, ' +
      "although process 1 polled 2 at offset 1",
    also: ["unseen"],
  },
  "unseen": {
    flawed: [send(0, 1, 0), [1, "ok", "poll", [["poll"]], [["poll", {}]]]],
    repaired: [send(0, 1, 0), poll(1, [0, 1])],
    says: 'Process 0 sent 1 to key "a" at offset 0 (acknowledged at 1.000 s), but no poll ever returned it',
  },
  "duplicate": {
    flawed: [send(0, 1, 0), poll(1, [0, 1]), poll(2, [1, 1])],
    repaired: [send(0, 1, 0), poll(1, [0, 1]), poll(2, [0, 1])],
    says: 'Message 1 is at 2 offsets of key "a": 0, 1',
  },
  "inconsistent-offsets": {
    flawed: [send(0, 1, 0), send(1, 2, 0), poll(2, [0, 1]), poll(3, [0, 2])],
    repaired: [send(0, 1, 0), send(1, 2, 1), poll(2, [0, 1]), poll(3, [0, 1], [1, 2])],
    says: 'Key "a" has 2 messages at offset 0: process 0 sent 1 (acknowledged at 1.000 s), ' +
      "process 1 sent 2 (acknowledged at 3.000 s)",
  },
  "G1a": {
    flawed: [[0, "fail", "send", [["send", "a", 1]]], poll(1, [0, 1])],
    repaired: [[0, "info", "send", [["send", "a", 1]]], poll(1, [0, 1])],
    says: 'Process 1 polled 1 from key "a" at offset 0 at 3.000 s, but process 0\'s send of it failed at 1.000 s',
  },
  "garbage-read": {
    flawed: [poll(1, [0, 1])],
    repaired: [[0, "invoke", "send", [["send", "a", 1]]], poll(1, [0, 1])],
    says: 'Process 1 polled 1 from key "a" at offset 0 at 1.000 s, but it was never sent there',
  },
  "poll-skip": {
    flawed: [...SENDS, poll(1, [0, 1]), poll(1, [2, 3]), poll(2, [1, 2])],
    repaired: [...SENDS, poll(1, [0, 1]), poll(1, [1, 2]), poll(2, [1, 2], [2, 3])],
    says: 'Process 1 polled 1 at offset 0 of key "a" (7.000 s) and then 3 at offset 2 (9.000 s), skipping 2',
  },
  "nonmonotonic-poll": {
    flawed: [...SENDS, poll(1, [0, 1], [1, 2], [2, 3]), poll(1, [1, 2])],
    repaired: [...SENDS, poll(1, [0, 1], [1, 2]), poll(1, [2, 3])],
    says: 'Process 1 polled 3 at offset 2 of key "a" (7.000 s) ' +
      "and then 2 at offset 1 (9.000 s), which is 1 back in the log",
  },
  "int-poll-skip": {
    flawed: [...SENDS, poll(1, [0, 1], [2, 3]), poll(2, [1, 2])],
    repaired: [...SENDS, poll(1, [0, 1], [1, 2], [2, 3]), poll(2, [1, 2])],
    says:
      'Process 1 polled 1 at offset 0 of key "a" and then 3 at offset 2 in the same operation (7.000 s), skipping 2',
  },
  "int-nonmonotonic-poll": {
    flawed: [...SENDS, poll(1, [1, 2], [0, 1]), poll(2, [2, 3])],
    repaired: [...SENDS, poll(1, [0, 1], [1, 2]), poll(2, [2, 3])],
    says:
      'Process 1 polled 2 at offset 1 of key "a" and then 1 at offset 0 in the same operation (7.000 s), which is 1 ' +
      "back in the log",
  },
  "nonmonotonic-send": {
    flawed: [send(0, 1, 1), send(0, 2, 0), poll(1, [0, 2], [1, 1])],
    repaired: [send(0, 1, 0), send(0, 2, 1), poll(1, [0, 1], [1, 2])],
    says:
      'Process 0 sent 1 at offset 1 of key "a" (1.000 s) and then 2 at offset 0 (3.000 s), which is 1 back in the log',
  },
  "int-nonmonotonic-send": {
    flawed: [txn(0, ["send", "a", [1, 1]], ["send", "a", [0, 2]]), poll(1, [0, 2], [1, 1])],
    repaired: [txn(0, ["send", "a", [0, 1]], ["send", "a", [1, 2]]), poll(1, [0, 1], [1, 2])],
    says: 'Process 0 sent 1 at offset 1 of key "a" and then 2 at offset 0 in the same operation (1.000 s), ' +
      "which is 1 back in the log",
  },
  "precommitted-read": {
    flawed: [txn(0, ["send", "a", [0, 1]], ["poll", { a: [[0, 1]] }])],
    repaired: [txn(0, ["send", "a", [0, 1]], ["poll", {}]), poll(0, [0, 1])],
    says: 'Process 0 polled 1 from key "a" at offset 0 at 1.000 s, in the same transaction that sent it',
  },
};

/** Anomalies that need concurrent operations. */
export const KAFKA_OVERLAPS: Record<string, { lines: Line[]; order?: number[] }> = {
  "G1c": {
    lines: [
      txn(0, ["send", "a", [0, 1]], ["poll", { b: [[0, 2]] }]),
      txn(1, ["send", "b", [0, 2]], ["poll", { a: [[0, 1]] }]),
    ],
  },
  "G1c-realtime": { lines: [poll(1, [0, 1]), send(0, 1, 0)], order: [0, 0, 1, 1] },
  "int-send-skip": {
    lines: [txn(0, ["send", "a", [0, 1]], ["send", "a", [2, 3]]), send(1, 2, 1), poll(2, [0, 1], [1, 2], [2, 3])],
  },
};
