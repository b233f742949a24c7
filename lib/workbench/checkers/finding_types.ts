/**
 * Types of findings: every anomaly that a checker can name and every exception of a test, each with its effect on the
 * verdict, here and in Maelstrom. A new type goes into one of the two tables, and an anomaly also into
 * `docs/anomalies.md`; tests hold both.
 *
 * Source: Maelstrom 0.2.5-SNAPSHOT, with the checkers of Jepsen 0.3.7 and Elle 0.2.2.
 *
 * @module
 */

import { type Anomaly, type MaelstromView, mergeValidity, type Validity, type Verdict } from "./verdict.ts";

/** Type of findings. */
export interface FindingType {
  /** Strict verdict on a run with nothing but this finding. `@default false` */
  valid?: Validity;
  /** Maelstrom's view of it, or its view in each workload. `@default "finds"` */
  maelstrom?: MaelstromView | Readonly<Record<string, MaelstromView>>;
}

const FOUND: FindingType = {};
const OVERLOOKED: FindingType = { maelstrom: "overlooks" };
/** It says that something was not decided. */
const UNDECIDED: FindingType = { valid: "unknown" };
/** It is told, and invalidates nothing. */
const TOLD: FindingType = { valid: true };

/** The anomalies, in the groups and the order of `docs/anomalies.md`. */
export const ANOMALY_TYPES: Readonly<Record<string, FindingType>> = {
  // Echo, ids, sets, counters, registers
  "wrong-echo": FOUND,
  "duplicate-id": FOUND,
  "incomparable-ids": { valid: true, maelstrom: "stops" },
  "lost": FOUND,
  // Jepsen means to find them, but compares the wrong way round.
  "duplicated": OVERLOOKED,
  "unexpected": OVERLOOKED,
  "failed-add-read": OVERLOOKED,
  "nothing-decided": UNDECIDED,
  "wrong-sum": FOUND,
  // Maelstrom has no locks: its verdict would be the same.
  "lock-held-twice": FOUND,
  "no-final-read": { valid: "unknown", maelstrom: "overlooks" },
  "nonlinearizable": FOUND,
  // Kafka
  "lost-write": FOUND,
  "unseen": FOUND,
  "duplicate": FOUND,
  "inconsistent-offsets": FOUND,
  "poll-skip": FOUND,
  "nonmonotonic-poll": FOUND,
  "int-poll-skip": FOUND,
  "int-nonmonotonic-poll": FOUND,
  "nonmonotonic-send": FOUND,
  "int-nonmonotonic-send": FOUND,
  "int-send-skip": FOUND,
  "precommitted-read": FOUND,
  // Transactions: anomalies without cycles
  "malformed-reply": OVERLOOKED,
  "internal": FOUND,
  "future-read": { maelstrom: { "txn-list-append": "finds", "txn-rw-register": "overlooks" } },
  "G1a": FOUND,
  "G1b": FOUND,
  "garbage-read": { maelstrom: { "kafka": "stops", "txn-list-append": "stops", "txn-rw-register": "overlooks" } },
  "duplicate-elements": FOUND,
  "incompatible-order": FOUND,
  "cyclic-versions": FOUND,
  "dirty-update": FOUND,
  "lost-update": FOUND,
  // Transactions: cycles
  "G0": FOUND,
  "G0-process": FOUND,
  "G0-realtime": FOUND,
  "G1c": FOUND,
  "G1c-process": FOUND,
  "G1c-realtime": FOUND,
  "G-single-item": FOUND,
  "G-single-item-process": FOUND,
  "G-single-item-realtime": FOUND,
  "G-nonadjacent-item": FOUND,
  "G-nonadjacent-item-process": FOUND,
  "G-nonadjacent-item-realtime": FOUND,
  "G2-item": FOUND,
  "G2-item-process": FOUND,
  "G2-item-realtime": FOUND,
  // Transactions: cycles named after the model they violate
  "PL-1-cycle-exists": FOUND,
  "strong-PL-1-cycle-exists": FOUND,
  "strong-PL-2-cycle-exists": FOUND,
  "strong-snapshot-isolation-cycle-exists": FOUND,
  "strong-session-PL-1-cycle-exists": FOUND,
  "strong-session-PL-2-cycle-exists": FOUND,
  "strong-session-snapshot-isolation-cycle-exists": FOUND,
  // Whole histories
  "divergent-replicas": OVERLOOKED,
  "never-succeeded": FOUND,
  "unavailable": FOUND,
  "empty-transaction-graph": UNDECIDED,
  "budget-exceeded": UNDECIDED,
  "malformed-history": UNDECIDED,
  // Not in histories
  "not-converged": OVERLOOKED,
};

/** The exceptions. One that ended the test is fatal, and invalid for both, whatever its type. */
export const EXCEPTION_TYPES: Readonly<Record<string, FindingType>> = {
  "bad-line": FOUND,
  "node-crashed": FOUND,
  "start-failed": FOUND,
  "node-unreachable": FOUND,
  "server-unreachable": FOUND,
  "init-failed": FOUND,
  "setup-failed": FOUND,
  "time-stands-still": FOUND,
  "backlog-full": TOLD,
  "messages-unseen": TOLD,
  "workbench-crashed": FOUND,
  "malformed-reply": OVERLOOKED,
  "unmatched-reply": OVERLOOKED,
  "repeated-reply": TOLD,
  "service-error": TOLD,
  "poll-below-offset": OVERLOOKED,
  "no-answer": TOLD,
  "unfinished-line": TOLD,
  "logged-error": TOLD,
  "stderr-flood": TOLD,
  // Maelstrom does not look for it, but such messages cost nothing there: what it then measures is no result.
  "forged-source": FOUND,
  "nondeterminism": OVERLOOKED,
  "checker-crashed": UNDECIDED,
  "client-crashed": TOLD,
  "not-stored": TOLD,
};

/** Returns the strict verdict on a run with nothing but an anomaly of a type. An unknown type invalidates. */
function validityOfAnomaly({ type }: Anomaly): Validity {
  return (ANOMALY_TYPES[type] ?? FOUND).valid ?? false;
}

/** Returns Maelstrom's view of a type of finding in a workload. */
function viewOf({ maelstrom = "finds" }: FindingType, workload: string): MaelstromView {
  return typeof maelstrom === "string" ? maelstrom : maelstrom[workload] ?? "finds";
}

/** Returns Maelstrom's view of an anomaly: the checker's word on it, else that of its type. */
export function viewOfAnomaly({ type, maelstrom }: Anomaly, workload: string): MaelstromView {
  return maelstrom ?? viewOf(ANOMALY_TYPES[type] ?? FOUND, workload);
}

/** Returns Maelstrom's view of an exception of a test. */
export function viewOfException({ type }: { type: string }, workload: string): MaelstromView {
  return viewOf(EXCEPTION_TYPES[type] ?? TOLD, workload);
}

/** Returns the strict verdict on a run with nothing but an exception. An unknown type invalidates nothing. */
export function validityOfException({ type, fatal }: { type: string; fatal?: boolean }): Validity {
  return fatal ? false : (EXCEPTION_TYPES[type] ?? TOLD).valid ?? false;
}

/**
 * Returns the verdict that Maelstrom's checker would reach where one of ours reached a verdict: without the anomalies
 * that it does not look for; unknown if it stops at one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asMaelstrom } from "./finding_types.ts";
 *
 * const verdict = { valid: false, anomalies: [{ type: "garbage-read", count: 1, explanation: "…" }] };
 * assertEquals(asMaelstrom(verdict, "txn-rw-register"), true);
 * assertEquals(asMaelstrom(verdict, "kafka"), "unknown");
 * ```
 */
export function asMaelstrom({ valid, anomalies = [] }: Verdict, workload: string): Validity {
  const counted = anomalies.filter(({ allowed }) => !allowed);
  const seenAs = (view: MaelstromView) => counted.filter((anomaly) => viewOfAnomaly(anomaly, workload) === view);
  if (seenAs("stops").length > 0) return "unknown";
  // Those that invalidate nothing make no difference: the verdict has other reasons.
  if (seenAs("overlooks").every((anomaly) => validityOfAnomaly(anomaly) === true)) return valid;
  return mergeValidity(seenAs("finds").map(validityOfAnomaly));
}
