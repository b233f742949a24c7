/**
 * The checker of txn-list-append: transactions that read lists and append to them. A read shows all appends before it
 * in order, so the reads of a key reveal the order of its versions. The steps are in `mod.ts`.
 *
 * Semantics are those of `elle.list-append`.
 *
 * @module
 */

import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import type { ClusterShape } from "../cluster_shape.ts";
import { checkOrUnknown, explainCases } from "../explain.ts";
import { identify, type Identity, showIdentity, valueOf } from "../identify.ts";
import type { Anomaly, Verdict } from "../verdict.ts";
import { findTransactionCycles, type InferredAnomalies } from "./cycle_anomalies.ts";
import { findDirtyReads, findFutureReads, findLostUpdates, findMalformedReplies } from "./direct_anomalies.ts";
import { judgeTransactions } from "./judge_transactions.ts";
import { listDependencies } from "./list_append_dependencies.ts";
import { distinctReads, findIncompatibleOrders, type ListOrders, possibleOrders } from "./list_append_orders.ts";
import { describeTransaction, findWriters, readTransactions, type Transaction, type Writers } from "./transactions.ts";

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, list or null]` and `["append", key,
 * element]`. Null and the empty list are the same initial state.
 *
 * Finds malformed-reply, internal, future-read, G1a, G1b, garbage-read, duplicate-elements, incompatible-order,
 * dirty-update, lost-update, and cycles.
 *
 * @param models The consistency models to decide by.
 * @param shape The explanations name its nodes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkTxnListAppend } from "./list_append.ts";
 *
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "txn", value: [["append", 1, 7], ["r", 1, null]] },
 *   { index: 1, time: 1, type: "ok", process: 0, f: "txn", value: [["append", 1, 7], ["r", 1, []]] },
 * ] as const;
 * const { valid, anomalies } = checkTxnListAppend(history, ["serializable"]);
 * assertEquals(valid, false);
 * assertEquals(anomalies?.[0]?.type, "internal");
 * ```
 */
export function checkTxnListAppend(
  history: readonly Operation[],
  models: readonly string[] = ["strict-serializable"],
  shape: ClusterShape = {},
): Verdict {
  return checkOrUnknown(() => {
    const transactions = readTransactions(history, "append", elementsOf, shape);
    const writers = findWriters(transactions);
    const reads = distinctReads(transactions);
    const direct = [
      ...findMalformedReplies(transactions),
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, writers, "an empty list"),
      ...findDuplicateElements(transactions),
      ...findIncompatibleOrders(reads),
      ...findLostUpdates(transactions),
    ];
    const inferred: InferredAnomalies[] = [];
    for (const orders of possibleOrders(reads)) {
      inferred.push(findInOrder(transactions, writers, orders, models, direct));
      // It rules out every model, so another order can add nothing.
      if (inferred.at(-1)!.anomalies.some(({ type }) => type === "G0")) break;
    }
    const anomalies = [...direct, ...mostCases(inferred.map(({ anomalies }) => anomalies))];
    return judgeTransactions(transactions, anomalies, models, () => inferred.flatMap((each) => each.findInSessions()));
  });
}

/** Finds the anomalies that an order of versions shows. */
function findInOrder(
  transactions: readonly Transaction[],
  writers: Writers,
  orders: ListOrders,
  models: readonly string[],
  direct: readonly Anomaly[],
): InferredAnomalies {
  const dirty = findDirtyUpdates(orders, writers);
  const dependencies = listDependencies(transactions, writers, orders);
  const words = { noun: "append", past: "appended" };
  const cycles = findTransactionCycles(transactions, dependencies, { models, words, others: [...direct, ...dirty] });
  return { ...cycles, anomalies: [...dirty, ...cycles.anomalies] };
}

/** Merges the anomalies of several orders: of each type, those of the order in which it has most cases. */
function mostCases(found: readonly Anomaly[][]): Anomaly[] {
  const most = new Map<string, Anomaly>();
  for (const anomaly of found.flat()) {
    if (anomaly.count > (most.get(anomaly.type)?.count ?? 0)) most.set(anomaly.type, anomaly);
  }
  return [...most.values()];
}

function elementsOf(value: unknown): Identity[] | undefined {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.map(identify) : undefined;
}

/** The state of a list as a transaction must see it. */
interface ExpectedList {
  /** The elements, or the last of them. */
  elements: Identity[];
  /** True if `elements` is the whole list; false if unknown elements precede them. */
  whole: boolean;
}

/**
 * Finds internal inconsistencies: a read that contradicts the transaction's own earlier reads and appends. One case per
 * transaction. Null and the empty list are the same state.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, ExpectedList>();
    for (const { f, key, elements } of transaction.microOperations) {
      const expected = states.get(key);
      if (f !== "r") {
        states.set(key, { whole: expected?.whole ?? false, elements: [...expected?.elements ?? [], elements[0]!] });
      } else if (expected && !agrees(elements, expected)) {
        return [{ transaction, key, elements, expected }];
      } else states.set(key, { whole: true, elements });
    }
    return [];
  });
  return explainCases(
    "internal",
    cases,
    ({ transaction, key, elements, expected }) =>
      `${describeTransaction(transaction)} read key ${showIdentity(key)} as ${show(elements)}, ` +
      "but its own earlier reads and appends imply " +
      (expected.whole ? show(expected.elements) : `a list that ends with ${show(expected.elements)}`),
    ({ transaction, key, elements }) => ({
      operations: [transaction.completion],
      key: valueOf(key),
      values: elements.map(valueOf),
    }),
  );
}

function agrees(elements: Identity[], expected: ExpectedList): boolean {
  const start = elements.length - expected.elements.length;
  if (start < 0 || (expected.whole && start > 0)) return false;
  return expected.elements.every((element, index) => elements[start + index] === element);
}

/** Finds duplicate elements: one append, but a read that contains the element twice. One case per read. */
function findDuplicateElements(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) =>
    transaction.microOperations.flatMap(({ f, key, elements }) => {
      if (f !== "r" || new Set(elements).size === elements.length) return [];
      const duplicate = elements.find((element, index) => elements.indexOf(element) < index)!;
      return [{ transaction, key, duplicate, elements }];
    })
  );
  return explainCases(
    "duplicate-elements",
    cases,
    ({ transaction, key, duplicate, elements }) =>
      `${describeTransaction(transaction)} read key ${showIdentity(key)} as ${show(elements)}, ` +
      `which contains ${showIdentity(duplicate)} more than once`,
    ({ transaction, key, duplicate }) => ({
      operations: [transaction.completion],
      key: valueOf(key),
      values: [valueOf(duplicate)],
    }),
  );
}

/** An append by an acknowledged transaction to a version that a failed one made. */
interface DirtyUpdate {
  key: Identity;
  failed: Transaction;
  element: Identity;
  updater: Transaction;
  update: Identity;
}

/** Finds dirty updates. After a failed append, only the next acknowledged one counts. */
function findDirtyUpdates(orders: ListOrders, writers: Writers): Anomaly[] {
  const cases: DirtyUpdate[] = [];
  for (const [key, elements] of orders) {
    let dirty: { failed: Transaction; element: Identity } | undefined;
    for (const element of elements) {
      // A transaction with unknown outcome in between changes nothing: it may have taken effect.
      const writer = writers.get(key)?.get(element)?.transaction;
      if (writer?.type === "fail") dirty ??= { failed: writer, element };
      else if (writer?.type === "ok") {
        if (dirty !== undefined) cases.push({ key, ...dirty, updater: writer, update: element });
        dirty = undefined;
      }
    }
  }
  return explainCases(
    "dirty-update",
    cases,
    ({ key, failed, element, updater, update }) =>
      `${describeTransaction(updater)} appended ${showIdentity(update)} to key ${showIdentity(key)} ` +
      `after ${showIdentity(element)}, but the transaction that appended ${showIdentity(element)} failed: ` +
      describeTransaction(failed),
    ({ key, failed, element, updater, update }) => ({
      operations: [failed.completion, updater.completion],
      key: valueOf(key),
      values: [valueOf(element), valueOf(update)],
    }),
  );
}
