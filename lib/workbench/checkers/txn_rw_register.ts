/**
 * The checker of txn-rw-register: transactions that read and write registers. A read shows only the latest write, so
 * little is known of the order of versions: that a write follows what the same transaction read.
 *
 * Semantics are those of Elle's `elle.rw-register` with `wfr-keys?`, as Maelstrom runs it, without the search for
 * cycles.
 *
 * @module
 */

import type { Operation } from "../operation.ts";
import { entry } from "./entry.ts";
import { checkOrUnknown, found } from "./explain.ts";
import { identify, type Identity, showIdentity } from "./identify.ts";
import {
  externalReads,
  findDirtyReads,
  findFutureReads,
  findLostUpdates,
  findWriters,
  isWrite,
  judgeTransactions,
  readTransactions,
  tellTransaction,
  type Transaction,
} from "./txn.ts";
import type { Anomaly, Verdict } from "./verdict.ts";

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, value or null]` and `["w", key, value]`.
 *
 * Looks for internal, future-read, G1a, G1b, garbage-read, lost-update and cyclic-versions; cycles are in
 * `not_checked`. Null is the initial state.
 *
 * @param models The consistency models asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkTxnRwRegister } from "./txn_rw_register.ts";
 *
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "txn", value: [["w", 1, 7]] },
 *   { index: 1, time: 1, type: "fail", process: 0, f: "txn", value: [["w", 1, 7]] },
 *   { index: 2, time: 2, type: "invoke", process: 1, f: "txn", value: [["r", 1, null]] },
 *   { index: 3, time: 3, type: "ok", process: 1, f: "txn", value: [["r", 1, 7]] },
 * ] as const;
 * assertEquals(checkTxnRwRegister(history, ["read-committed"]).valid, false);
 * assertEquals(checkTxnRwRegister(history, ["read-uncommitted"]).valid, true);
 * ```
 */
export function checkTxnRwRegister(
  history: readonly Operation[],
  models: readonly string[] = ["strict-serializable"],
): Verdict {
  return checkOrUnknown(() => {
    const transactions = readTransactions(history, "w", elementsOf);
    const anomalies = [
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, findWriters(transactions)),
      ...findLostUpdates(transactions),
      ...findCyclicVersions(transactions),
    ];
    return judgeTransactions(transactions, anomalies, models);
  });
}

function elementsOf(value: unknown): Identity[] {
  return value === null || value === undefined ? [] : [identify(value)];
}

/**
 * Internal inconsistencies: a read that contradicts the same transaction's last read or write of the key. One case a
 * transaction.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, Identity | undefined>();
    for (const { f, key, elements: [element] } of transaction.microOperations) {
      if (f === "r" && states.has(key) && states.get(key) !== element) {
        return [{ transaction, key, element, expected: states.get(key) }];
      }
      states.set(key, element);
    }
    return [];
  });
  return found(
    "internal",
    cases,
    ({ transaction, key, element, expected }) =>
      `${tellTransaction(transaction)} read key ${showIdentity(key)} as ${showIdentity(element ?? null)}, ` +
      `where its own last read or write before says ${showIdentity(expected ?? null)}`,
  );
}

/** A version that follows another because one transaction read the one and wrote the other. */
interface Step {
  from: Identity;
  transaction: Transaction;
}

/** Cyclic versions: each version of a key follows from the next, round in a circle. */
function findCyclicVersions(transactions: readonly Transaction[]): Anomaly[] {
  const cases = [...versionSteps(transactions)].flatMap(([key, steps]) =>
    cyclesOf(steps).map((versions) => ({ key, versions, steps }))
  );
  return found("cyclic-versions", cases, ({ key, versions, steps }) => {
    const links = versions.map((version) => {
      const { from, transaction } = steps.get(version)!;
      return `${tellTransaction(transaction)} read ${showIdentity(from)} and wrote ${showIdentity(version)}`;
    });
    return `The versions of key ${showIdentity(key)} go round in a circle: ${links.join("; ")}`;
  });
}

/** By key and version, the version before it. As every write has a value of its own, there is at most one. */
function versionSteps(transactions: readonly Transaction[]): Map<Identity, Map<Identity, Step>> {
  const byKey = new Map<Identity, Map<Identity, Step>>();
  for (const transaction of transactions) {
    const written = new Map(
      transaction.microOperations.filter(isWrite).map(({ key, elements }) => [key, elements[0]!]),
    );
    for (const [key, [from]] of externalReads(transaction)) {
      const to = written.get(key);
      if (from === undefined || to === undefined || from === to) continue;
      entry(byKey, key, () => new Map<Identity, Step>()).set(to, { from, transaction });
    }
  }
  return byKey;
}

/** The circles in a graph where every vertex has at most one predecessor, each as its versions in order. */
function cyclesOf(steps: Map<Identity, Step>): Identity[][] {
  const visited = new Set<Identity>();
  const cycles: Identity[][] = [];
  for (const start of steps.keys()) {
    const path = new Set<Identity>();
    let version: Identity | undefined = start;
    while (version !== undefined && !visited.has(version)) {
      visited.add(version);
      path.add(version);
      version = steps.get(version)?.from;
    }
    if (version !== undefined && path.has(version)) {
      const back = [...path];
      cycles.push(back.slice(back.indexOf(version)).reverse());
    }
  }
  return cycles;
}
