/** A minimal history for every anomaly other than those of transactions and of kafka. */

import { checkAvailability } from "../../../lib/workbench/checkers/availability.ts";
import { checkCounter } from "../../../lib/workbench/checkers/counter.ts";
import { checkEcho } from "../../../lib/workbench/checkers/echo.ts";
import { checkLinKV } from "../../../lib/workbench/checkers/linearizable/mod.ts";
import { checkLock } from "../../../lib/workbench/checkers/lock.ts";
import { checkReplicas } from "../../../lib/workbench/checkers/replicas.ts";
import { checkSetFull } from "../../../lib/workbench/checkers/set/mod.ts";
import { checkStats } from "../../../lib/workbench/checkers/stats.ts";
import { checkTxnListAppend } from "../../../lib/workbench/checkers/txn/mod.ts";
import { checkUniqueIds } from "../../../lib/workbench/checkers/unique_ids.ts";
import type { Verdict } from "../../../lib/workbench/checkers/verdict.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { type Line, sequential } from "./sequential.ts";

/** An example of an anomaly. */
export interface OtherCase {
  /** The workloads that it is found in. */
  workloads: string[];
  history: Operation[];
  check: (history: readonly Operation[]) => Verdict;
}

const SETS = ["broadcast", "g-set"];
const ALL = ["all"];

/** As `sequential`, with reads and transactions marked as final. */
function withFinalReads(lines: readonly Line[]): Operation[] {
  return sequential(lines).map((operation) =>
    operation.f === "read" || operation.f === "txn" ? { ...operation, final: true } : operation
  );
}

/** The examples, by anomaly. */
export const OTHER_CASES: Record<string, OtherCase> = {
  "wrong-echo": {
    workloads: ["echo"],
    history: sequential([[0, "ok", "echo", "hello", { echo: "hullo" }]]),
    check: checkEcho,
  },
  "duplicate-id": {
    workloads: ["unique-ids"],
    history: sequential([[0, "ok", "generate", null, 17], [1, "ok", "generate", null, 17]]),
    check: checkUniqueIds,
  },
  "incomparable-ids": {
    workloads: ["unique-ids"],
    history: sequential([[0, "ok", "generate", null, 17], [1, "ok", "generate", null, "n1-17"]]),
    check: checkUniqueIds,
  },
  "lost": {
    workloads: SETS,
    history: sequential([[0, "ok", "add", 7, 7], [1, "ok", "read", null, [7]], [2, "ok", "read", null, []]]),
    check: checkSetFull,
  },
  "duplicated": {
    workloads: SETS,
    history: sequential([[0, "ok", "add", 7, 7], [1, "ok", "read", null, [7, 7]]]),
    check: checkSetFull,
  },
  "lock-held-twice": {
    workloads: ["lock"],
    history: sequential([[0, "ok", "lock", null, null], [1, "ok", "lock", null, null]]),
    check: checkLock,
  },
  "unexpected": {
    workloads: SETS,
    history: sequential([[0, "ok", "add", 7, 7], [1, "ok", "read", null, [7, 8]]]),
    check: checkSetFull,
  },
  "failed-add-read": {
    workloads: SETS,
    history: sequential([[0, "fail", "add", 7, 7], [1, "ok", "read", null, [7]]]),
    check: checkSetFull,
  },
  "nothing-decided": {
    workloads: SETS,
    history: sequential([[0, "ok", "add", 7, 7], [1, "fail", "read", null]]),
    check: checkSetFull,
  },
  "wrong-sum": {
    workloads: ["g-counter", "pn-counter"],
    history: withFinalReads([[0, "ok", "add", 3, 3], [0, "info", "add", 2, 2], [1, "ok", "read", null, 4]]),
    check: checkCounter,
  },
  "no-final-read": {
    workloads: ["g-counter", "pn-counter"],
    history: withFinalReads([[0, "ok", "add", 3, 3], [1, "fail", "read", null]]),
    check: checkCounter,
  },
  "nonlinearizable": {
    workloads: ["lin-kv"],
    history: sequential([[0, "ok", "write", [1, 7]], [0, "ok", "write", [1, 8]], [1, "ok", "read", [1, null], [1, 7]]]),
    check: checkLinKV,
  },
  "divergent-replicas": {
    workloads: ["txn-list-append", "txn-rw-register"],
    history: withFinalReads([
      [0, "ok", "txn", [["r", 9, null]], [["r", 9, 1]]],
      [1, "ok", "txn", [["r", 9, null]], [["r", 9, 2]]],
    ]),
    check: (history) => checkReplicas(history, { nodes: ["n0", "n1"], concurrency: 2 }),
  },
  "never-succeeded": {
    workloads: ALL,
    history: sequential([[0, "info", "read", null], [1, "fail", "read", null], [0, "ok", "write", 7]]),
    check: checkStats,
  },
  "unavailable": {
    workloads: ALL,
    history: sequential([[0, "ok", "read", null, 7], [1, "info", "read", null]]),
    check: (history) => checkAvailability(history, "total"),
  },
  "empty-transaction-graph": {
    workloads: ["txn-list-append", "txn-rw-register"],
    history: sequential([[0, "info", "txn", [["r", 1, null]]]]),
    check: (history) => checkTxnListAppend(history),
  },
  "budget-exceeded": {
    workloads: ["lin-kv"],
    history: sequential([[0, "ok", "write", [1, 7]], [0, "ok", "read", [1, null], [1, 7]]]),
    check: (history) => checkLinKV(history, { budget: 1 }),
  },
  "malformed-history": {
    workloads: ALL,
    history: sequential([[0, "ok", "txn", 7]]),
    check: (history) => checkTxnListAppend(history),
  },
};
