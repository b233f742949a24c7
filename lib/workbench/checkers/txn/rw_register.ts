/**
 * The checker of txn-rw-register: transactions that read and write registers. A read shows only the latest write, so
 * little is known of the order of versions: that a write follows what the same transaction read.
 *
 * Semantics are those of Elle's `elle.rw-register` (0.2.2, which Maelstrom uses), by default with `wfr-keys?`, as Maelstrom
 * runs it.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { WR, WW } from "../graph/cycles.ts";
import { checkOrUnknown, found } from "../explain.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import {
  findDirtyReads,
  findFutureReads,
  findLostUpdates,
  findWriters,
  judgeTransactions,
  readTransactions,
  tellTransaction,
  type Transaction,
} from "./transactions.ts";
import { findCycleAnomalies } from "./cycle_anomalies.ts";
import { registerDependencies } from "./rw_register_dependencies.ts";
import { type VersionOptions, type VersionOrders, versionOrders, type VersionStep } from "./rw_register_versions.ts";
import type { Anomaly, Verdict } from "../verdict.ts";

/** How many steps of a circle are told. */
const STEPS = 8;

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, value or null]` and `["w", key, value]`.
 *
 * Looks for internal, future-read, G1a, G1b, garbage-read, lost-update, cyclic-versions, and cycles of transactions. Null
 * is the initial state.
 *
 * @param models The consistency models asked for.
 * @param options What may be taken for granted about the order of versions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkTxnRWRegister } from "./rw_register.ts";
 *
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "txn", value: [["w", 1, 7]] },
 *   { index: 1, time: 1, type: "fail", process: 0, f: "txn", value: [["w", 1, 7]] },
 *   { index: 2, time: 2, type: "invoke", process: 1, f: "txn", value: [["r", 1, null]] },
 *   { index: 3, time: 3, type: "ok", process: 1, f: "txn", value: [["r", 1, 7]] },
 * ] as const;
 * assertEquals(checkTxnRWRegister(history, ["read-committed"]).valid, false);
 * assertEquals(checkTxnRWRegister(history, ["read-uncommitted"]).valid, true);
 * ```
 */
export function checkTxnRWRegister(
  history: readonly Operation[],
  models: readonly string[] = ["strict-serializable"],
  options: VersionOptions = {},
): Verdict {
  return checkOrUnknown(() => {
    const transactions = readTransactions(history, "w", elementsOf);
    const orders = versionOrders(transactions, options);
    const anomalies = [
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, findWriters(transactions)),
      ...findLostUpdates(transactions),
      ...explainCyclicVersions(orders),
    ];
    const dependencies = registerDependencies(transactions, orders);
    const words = { noun: "write", past: "wrote" };
    // A transaction that reads a version and writes the next one depends on the writer in both ways.
    const precedence = [WR, WW];
    anomalies.push(...findCycleAnomalies(transactions, dependencies, { models, words, precedence, found: anomalies }));
    return judgeTransactions(transactions, anomalies, models);
  });
}

function elementsOf(value: unknown): Identity[] {
  return value === null || value === undefined ? [] : [identify(value)];
}

/**
 * Internal inconsistencies: a read that contradicts the same transaction's last read or write of the key. One case a
 * transaction. As in Elle 0.2.2, a read of null does not bind the reads after it.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, Identity | undefined>();
    for (const { f, key, elements: [element] } of transaction.microOperations) {
      const expected = states.get(key);
      if (f === "r" && expected !== undefined && expected !== element) return [{ transaction, key, element, expected }];
      states.set(key, element);
    }
    return [];
  });
  return found(
    "internal",
    cases,
    ({ transaction, key, element, expected }) =>
      `${tellTransaction(transaction)} read key ${showIdentity(key)} as ${showIdentity(element ?? null)}, ` +
      `where its own last read or write before says ${showIdentity(expected)}`,
  );
}

/** Cyclic versions: each version of a key follows from the next, round in a circle. */
function explainCyclicVersions({ cycles }: VersionOrders): Anomaly[] {
  return found("cyclic-versions", cycles, ({ key, steps }) => {
    const links = steps.slice(0, STEPS).map(tellStep);
    if (steps.length > STEPS) links.push(`… ${steps.length - STEPS} more …`);
    return `The versions of key ${showIdentity(key)} go round in a circle: ${links.join("; ")}`;
  });
}

function tellStep({ from, to, by, order }: VersionStep): string {
  const [before, after] = [showIdentity(from ?? null), showIdentity(to ?? null)];
  if (by !== undefined) return `${tellTransaction(by)} read ${before} and wrote ${after}`;
  if (order === undefined) return `${after} follows the initial state`;
  const when = order.kind === "process" ? "comes before the same process's next," : "was over before";
  return `${tellTransaction(order.first)}, which left it at ${before}, ${when} ` +
    `${tellTransaction(order.second)}, which found it at ${after}`;
}
