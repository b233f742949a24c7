/** A minimal history for every anomaly that is a cycle of transactions. */

import type { Line } from "../sequential.ts";
import { type MicroOperationTuple, txn } from "./cases.ts";

/** An example of an anomaly that is a cycle. */
export interface CycleCase {
  /** The transactions. */
  lines: Line[];
  /** Their begins and ends, as for `timeline`. */
  order?: number[];
  /** Changes that repair it: lines by place, or another order. */
  repaired: { lines?: Record<number, Line>; order?: number[] };
  /** The models asked for. `@default` strict-serializable */
  models?: string[];
  /** The reasons why each transaction comes before the next. */
  says: string[];
  /** The weakest models that it rules out. */
  not: string[];
  /** Other anomalies in the same history. */
  also?: string[];
}

/** Models that require process order, but not real-time order. */
const SESSION = ["strong-session-serializable"];

/** The order of two transactions, one after the other. */
const TWO = [0, 0, 1, 1];
/** The order of three transactions, one after the other. */
export const THREE = [0, 0, 1, 1, 2, 2];

/** Fractured writes: each of two transactions overwrites the other. */
const G0: Line[] = [
  txn(0, "ok", ["append", 1, 7], ["append", 2, 7]),
  txn(1, "ok", ["append", 1, 8], ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7, 8]], ["r", 2, [8, 7]]),
];

/** An append that ends up before an earlier one. */
const lateAppend = (process: number): Line[] => [
  txn(process, "ok", ["append", 1, 7]),
  txn(0, "ok", ["append", 1, 8]),
  txn(2, "ok", ["r", 1, [8, 7]]),
];

/** A read of an element before its append. */
const earlyRead = (process: number): Line[] => [
  txn(process, "ok", ["r", 1, [7]]),
  txn(0, "ok", ["append", 1, 7]),
];

/** A read that misses an element. */
const staleRead = (process: number): Line[] => [
  txn(process, "ok", ["append", 1, 7]),
  txn(0, "ok", ["r", 1, []]),
];

/** Two reads that see two appends in different orders. */
const LONG_FORK: Line[] = [
  txn(0, "ok", ["append", 1, 7]),
  txn(1, "ok", ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7]], ["r", 2, []]),
  txn(3, "ok", ["r", 1, []], ["r", 2, [8]]),
];

/** A long fork in which only order in time links one read to an append. */
const orderedFork = (process: number): Line[] => [
  txn(0, "ok", ["append", 1, 7]),
  txn(process, "ok", ["append", 2, 8]),
  txn(2, "ok", ["r", 1, [7]], ["r", 2, []]),
  txn(3, "ok", ["r", 1, []]),
];
const FORK_ORDER = [0, 2, 1, 1, 3, 3, 0, 2];

/** Write skew: each of two transactions reads what the other one changes. */
const WRITE_SKEW: Line[] = [
  txn(0, "ok", ["r", 1, []], ["append", 2, 7]),
  txn(1, "ok", ["r", 2, []], ["append", 1, 8]),
];

/** Write skew with a third transaction in between. */
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

/** The cycles of txn-rw-register, by name: the same, since each list has only one element. */
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
  const microOperations = (result as MicroOperationTuple[]).map(([f, key, value]): MicroOperationTuple =>
    f === "append" ? ["w", key, value] : ["r", key, (value as unknown[]).at(-1) ?? null]
  );
  return txn(process, type, ...microOperations);
}

/**
 * Cycles that violate a model although their name is not one of its anomalies. In those of registers, each of two
 * transactions reads and overwrites what the other one wrote. In those of lists, a transaction misses a write that
 * began only after its end.
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

/** The same cycles with process order: one process runs both transactions. */
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
