/** A minimal history for every anomaly of transactions that is a cycle. */

import type { Line } from "../sequential.ts";
import { type MicroOperation, txn } from "./cases.ts";

/** An anomaly that is a cycle. */
export interface CycleCase {
  /** What was done, by whom. */
  lines: Line[];
  /** How the operations overlap, as for `timeline`. */
  order?: number[];
  /** What mends it: lines to put in place of others, by their place; or another order. */
  repaired: { lines?: Record<number, Line>; order?: number[] };
  /** The models asked for; strict-serializable where there is nothing. */
  models?: string[];
  /** Why each transaction of the cycle comes before the next. */
  says: string[];
  /** The weakest models that it rules out. */
  not: string[];
  /** Other anomalies that cannot but come with it. */
  also?: string[];
}

/** The models that ask for the order of each process, but not for real time. */
const SESSION = ["strong-session-serializable"];

/** One after another, two and three operations. */
export const TWO = [0, 0, 1, 1];
export const THREE = [0, 0, 1, 1, 2, 2];

/** Fractured writes: of two transactions each overwrites the other. */
const G0: Line[] = [
  txn(0, "ok", ["append", 1, 7], ["append", 2, 7]),
  txn(1, "ok", ["append", 1, 8], ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7, 8]], ["r", 2, [8, 7]]),
];

/** An append comes to stand before an earlier one. */
const lateAppend = (process: number): Line[] => [
  txn(process, "ok", ["append", 1, 7]),
  txn(0, "ok", ["append", 1, 8]),
  txn(2, "ok", ["r", 1, [8, 7]]),
];

/** A read of what is not there yet. */
const earlyRead = (process: number): Line[] => [
  txn(process, "ok", ["r", 1, [7]]),
  txn(0, "ok", ["append", 1, 7]),
];

/** A read that misses what was there. */
const staleRead = (process: number): Line[] => [
  txn(process, "ok", ["append", 1, 7]),
  txn(0, "ok", ["r", 1, []]),
];

/** Two who see two appends in different orders. */
const LONG_FORK: Line[] = [
  txn(0, "ok", ["append", 1, 7]),
  txn(1, "ok", ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7]], ["r", 2, []]),
  txn(3, "ok", ["r", 1, []], ["r", 2, [8]]),
];

/** The same, but one of them is known to come after an append by order alone. */
const orderedFork = (process: number): Line[] => [
  txn(0, "ok", ["append", 1, 7]),
  txn(process, "ok", ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7]], ["r", 2, []]),
  txn(3, "ok", ["r", 1, []]),
];
const FORK_ORDER = [0, 2, 1, 1, 3, 3, 0, 2];

/** Each of two decides on what the other is about to change. */
const WRITE_SKEW: Line[] = [
  txn(0, "ok", ["r", 1, []], ["append", 2, 7]),
  txn(1, "ok", ["r", 2, []], ["append", 1, 8]),
];

/** The same with a third in between. */
const orderedSkew = (process: number): Line[] => [
  txn(process, "ok", ["append", 2, 7]),
  txn(1, "ok", ["append", 1, 8], ["r", 2, []]),
  txn(0, "ok", ["r", 1, []]),
];
const SKEW_ORDER = [1, 0, 0, 2, 2, 1];

/** The cycles of txn-list-append, by name. */
export const LIST_CYCLES: Record<string, CycleCase> = {
  "G0": {
    lines: G0,
    repaired: { lines: { 2: txn(2, "ok", ["r", 1, [7, 8]], ["r", 2, [7, 8]]) } },
    says: [
      "T1 < T2, because T2 appended 8 to key 1 after T1 appended 7",
      "But T2 < T1, because T1 appended 7 to key 2 after T2 appended 8",
    ],
    not: ["read-uncommitted"],
  },
  "G0-process": {
    lines: lateAppend(0),
    order: THREE,
    repaired: { lines: { 2: txn(2, "ok", ["r", 1, [7, 8]]) } },
    models: SESSION,
    says: [
      "T1 < T2, because T2 appended 7 to key 1 after T1 appended 8",
      "But T2 < T1, because process 0 ran T2 before T1",
    ],
    not: ["strong-session-read-uncommitted"],
  },
  "G0-realtime": {
    lines: lateAppend(1),
    order: THREE,
    repaired: { order: [0, 1, 2, 0, 1, 2] },
    says: [
      "T1 < T2, because T2 appended 7 to key 1 after T1 appended 8",
      "But T2 < T1, because T2 completed at 1.000 s, before T1 began at 2.000 s",
    ],
    not: ["strong-read-uncommitted"],
  },
  "G1c": {
    lines: [txn(0, "ok", ["append", 1, 7], ["r", 2, [8]]), txn(1, "ok", ["append", 2, 8], ["r", 1, [7]])],
    repaired: { lines: { 0: txn(0, "ok", ["append", 1, 7], ["r", 2, []]) } },
    says: [
      "T1 < T2, because T2 observed T1's append of 7 to key 1",
      "But T2 < T1, because T1 observed T2's append of 8 to key 2",
    ],
    not: ["read-committed"],
  },
  "G1c-process": {
    lines: earlyRead(0),
    order: TWO,
    repaired: { order: [1, 1, 0, 0] },
    models: SESSION,
    says: [
      "T1 < T2, because T2 observed T1's append of 7 to key 1",
      "But T2 < T1, because process 0 ran T2 before T1",
    ],
    not: ["strong-session-read-committed"],
  },
  "G1c-realtime": {
    lines: earlyRead(1),
    order: TWO,
    repaired: { order: [0, 1, 1, 0] },
    says: [
      "T1 < T2, because T2 observed T1's append of 7 to key 1",
      "But T2 < T1, because T2 completed at 1.000 s, before T1 began at 2.000 s",
    ],
    not: ["strong-read-committed"],
  },
  "G-single-item": {
    lines: [txn(0, "ok", ["r", 1, []], ["r", 2, [8]]), txn(1, "ok", ["append", 1, 7], ["append", 2, 8])],
    repaired: { lines: { 0: txn(0, "ok", ["r", 1, [7]], ["r", 2, [8]]) } },
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
      "But T2 < T1, because T1 observed T2's append of 8 to key 2",
    ],
    not: ["consistent-view", "repeatable-read"],
  },
  "G-single-item-process": {
    lines: staleRead(0),
    order: TWO,
    repaired: { lines: { 1: txn(0, "ok", ["r", 1, [7]]) } },
    models: SESSION,
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
      "But T2 < T1, because process 0 ran T2 before T1",
    ],
    not: ["strong-session-snapshot-isolation"],
  },
  "G-single-item-realtime": {
    lines: staleRead(1),
    order: TWO,
    repaired: { order: [0, 1, 1, 0] },
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
      "But T2 < T1, because T2 completed at 1.000 s, before T1 began at 2.000 s",
    ],
    not: ["strong-snapshot-isolation"],
  },
  "G-nonadjacent-item": {
    lines: LONG_FORK,
    repaired: { lines: { 3: txn(3, "ok", ["r", 1, [7]], ["r", 2, [8]]) } },
    says: [
      "T1 < T2, because T1 read key 2 in its initial state, and T2's append of 8 follows that version",
      "T2 < T3, because T3 observed T2's append of 8 to key 2",
      "T3 < T4, because T3 read key 1 in its initial state, and T4's append of 7 follows that version",
      "But T4 < T1, because T1 observed T4's append of 7 to key 1",
    ],
    not: ["repeatable-read", "snapshot-isolation"],
  },
  "G-nonadjacent-item-process": {
    lines: orderedFork(3),
    order: FORK_ORDER,
    repaired: { lines: { 3: txn(3, "ok", ["r", 1, [7]]) } },
    models: SESSION,
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
      "T2 < T3, because T3 observed T2's append of 7 to key 1",
      "T3 < T4, because T3 read key 2 in its initial state, and T4's append of 8 follows that version",
      "But T4 < T1, because process 3 ran T4 before T1",
    ],
    not: ["strong-session-snapshot-isolation"],
  },
  "G-nonadjacent-item-realtime": {
    lines: orderedFork(1),
    order: FORK_ORDER,
    repaired: { order: [0, 2, 1, 3, 1, 3, 0, 2] },
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 7 follows that version",
      "T2 < T3, because T3 observed T2's append of 7 to key 1",
      "T3 < T4, because T3 read key 2 in its initial state, and T4's append of 8 follows that version",
      "But T4 < T1, because T4 completed at 3.000 s, before T1 began at 4.000 s",
    ],
    not: ["strong-snapshot-isolation"],
  },
  "G2-item": {
    lines: WRITE_SKEW,
    repaired: { lines: { 1: txn(1, "ok", ["r", 2, [7]], ["append", 1, 8]) } },
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 8 follows that version",
      "But T2 < T1, because T2 read key 2 in its initial state, and T1's append of 7 follows that version",
    ],
    not: ["repeatable-read"],
  },
  "G2-item-process": {
    lines: orderedSkew(0),
    order: SKEW_ORDER,
    repaired: { lines: { 1: txn(1, "ok", ["append", 1, 8], ["r", 2, [7]]) } },
    models: SESSION,
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 8 follows that version",
      "T2 < T3, because T2 read key 2 in its initial state, and T3's append of 7 follows that version",
      "But T3 < T1, because process 0 ran T3 before T1",
    ],
    not: ["strong-session-serializable"],
  },
  "G2-item-realtime": {
    lines: orderedSkew(3),
    order: SKEW_ORDER,
    repaired: { order: [1, 0, 2, 0, 2, 1] },
    says: [
      "T1 < T2, because T1 read key 1 in its initial state, and T2's append of 8 follows that version",
      "T2 < T3, because T2 read key 2 in its initial state, and T3's append of 7 follows that version",
      "But T3 < T1, because T3 completed at 2.000 s, before T1 began at 3.000 s",
    ],
    not: ["strong-serializable"],
  },
};

/** The cycles of txn-rw-register, by name: the same, where each list has but one element. */
export const REGISTER_CYCLES: Record<string, CycleCase> = Object.fromEntries(
  Object.entries(LIST_CYCLES).filter(([type]) => !type.startsWith("G0")).map((
    [type, { lines, repaired, says, ...rest }],
  ) => [
    type,
    {
      ...rest,
      lines: lines.map(toRegisters),
      repaired: {
        order: repaired.order,
        lines: Object.fromEntries(Object.entries(repaired.lines ?? {}).map(([at, line]) => [at, toRegisters(line)])),
      },
      says: says.map((step) => step.replace("append of", "write of")),
    },
  ]),
);

function toRegisters([process, type, , , result]: Line): Line {
  const microOperations = (result as MicroOperation[]).map(([f, key, value]): MicroOperation =>
    f === "append" ? ["w", key, value] : ["r", key, (value as unknown[]).at(-1) ?? null]
  );
  return txn(process, type, ...microOperations);
}

/**
 * Cycles that some model does not allow, though the anomaly they count as is none of that model's: with two writers of
 * registers, each of which reads and overwrites what the other wrote, and with two transactions of lists, of which one
 * missed what the other was to write only after it had been over.
 */
export const EXISTING_CYCLES: Record<string, CycleCase & { write: "append" | "w" }> = {
  "PL-1-cycle-exists": {
    write: "w",
    lines: [
      txn(0, "ok", ["w", 1, 7], ["r", 2, 8], ["w", 2, 9]),
      txn(1, "ok", ["w", 2, 8], ["r", 1, 7], ["w", 1, 6]),
    ],
    repaired: { lines: { 0: txn(0, "ok", ["w", 1, 7], ["r", 3, null]) } },
    says: [
      "T1 < T2, because T2 wrote 6 to key 1 after T1 wrote 7",
      "But T2 < T1, because T1 wrote 9 to key 2 after T2 wrote 8",
    ],
    not: ["read-uncommitted"],
    also: ["G1c"],
  },
  "strong-PL-1-cycle-exists": {
    write: "append",
    lines: [
      txn(0, "ok", ["append", 1, 7], ["append", 2, 7]),
      txn(1, "ok", ["append", 2, 8], ["r", 1, [7]]),
      txn(2, "ok", ["r", 2, [8, 7]]),
    ],
    order: THREE,
    repaired: { lines: { 2: txn(2, "ok", ["r", 2, [7, 8]]) } },
    says: [
      "T1 < T2, because T1 completed at 1.000 s, before T2 began at 2.000 s",
      "But T2 < T1, because T1 appended 7 to key 2 after T2 appended 8",
    ],
    not: ["read-committed", "strong-read-uncommitted"],
    also: ["G1c"],
  },
  "strong-PL-2-cycle-exists": {
    write: "append",
    lines: [
      txn(0, "ok", ["r", 1, []], ["r", 2, [8]]),
      txn(1, "ok", ["append", 1, 7], ["append", 2, 8]),
    ],
    order: TWO,
    repaired: { order: [1, 1, 0, 0], lines: { 0: txn(0, "ok", ["r", 1, [7]], ["r", 2, [8]]) } },
    says: [
      "T1 < T2, because T1 completed at 1.000 s, before T2 began at 2.000 s",
      "But T2 < T1, because T1 observed T2's append of 8 to key 2",
    ],
    not: ["consistent-view", "repeatable-read", "strong-read-committed"],
    also: ["G-single-item"],
  },
  "strong-snapshot-isolation-cycle-exists": {
    write: "append",
    lines: WRITE_SKEW,
    order: TWO,
    repaired: { lines: { 1: txn(1, "ok", ["r", 2, [7]], ["append", 1, 8]) } },
    says: [
      "T1 < T2, because T1 completed at 1.000 s, before T2 began at 2.000 s",
      "But T2 < T1, because T2 read key 2 in its initial state, and T1's append of 7 follows that version",
    ],
    not: ["repeatable-read", "strong-snapshot-isolation"],
    also: ["G2-item"],
  },
};

/** The same cycles where one process does both: its order is asked for, not real time. */
export const SESSION_CYCLES: Record<string, CycleCase & { write: "append" | "w" }> = Object.fromEntries(
  Object.entries(EXISTING_CYCLES).filter(([type]) => type.startsWith("strong-")).map(([type, { says, ...example }]) => [
    type.replace("strong-", "strong-session-"),
    {
      ...example,
      lines: example.lines.map(inOneProcess),
      repaired: {
        order: example.repaired.order,
        lines: Object.fromEntries(
          Object.entries(example.repaired.lines ?? {}).map(([at, line]) => [at, inOneProcess(line)]),
        ),
      },
      models: SESSION,
      says: ["T1 < T2, because process 0 ran T1 before T2", ...says.slice(1)],
      not: example.not.map((model) => model.replace(/^strong-/, "strong-session-")),
    },
  ]),
);

function inOneProcess([process, ...rest]: Line): Line {
  return [process < 2 ? 0 : process, ...rest];
}
