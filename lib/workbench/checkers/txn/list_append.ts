/**
 * The checker of txn-list-append: transactions that read lists and append to them. A read shows all appends before it
 * in order, so the reads of a key reveal the order of its versions. The steps are in `mod.ts`.
 *
 * Semantics are those of `elle.list-append`.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { checkOrUnknown, explainCases } from "../explain.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import type { Anomaly, Verdict } from "../verdict.ts";
import { findCycleAnomalies } from "./cycle_anomalies.ts";
import { findDirtyReads, findFutureReads, findLostUpdates } from "./direct_anomalies.ts";
import { judgeTransactions } from "./judge_transactions.ts";
import { listDependencies } from "./list_append_dependencies.ts";
import {
  describeTransaction,
  findWriters,
  readTransactions,
  sameElements,
  type Transaction,
  type Writers,
} from "./transactions.ts";

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, list or null]` and `["append", key,
 * element]`. Null and the empty list are the same initial state.
 *
 * Finds internal, future-read, G1a, G1b, garbage-read, duplicate-elements, incompatible-order, dirty-update,
 * lost-update, and cycles.
 *
 * @param models The consistency models to decide by.
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
): Verdict {
  return checkOrUnknown(() => {
    const transactions = readTransactions(history, "append", elementsOf);
    const writers = findWriters(transactions);
    const reads = distinctReads(transactions);
    const orders = versionOrders(reads);
    const others = [
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, writers),
      ...findDuplicateElements(transactions),
      ...findIncompatibleOrders(reads),
      ...findDirtyUpdates(orders, writers),
      ...findLostUpdates(transactions),
    ];
    const dependencies = listDependencies(transactions, writers, orders);
    const words = { noun: "append", past: "appended" };
    const cycles = findCycleAnomalies(transactions, dependencies, { models, words, others });
    return judgeTransactions(transactions, [...others, ...cycles], models);
  });
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
  /** True if the last access was a read of null. As in Elle 0.2.2, that implies nothing for the reads after it. */
  isNull?: boolean;
}

/**
 * Finds internal inconsistencies: a read that contradicts the transaction's own earlier reads and appends. One case per
 * transaction.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, ExpectedList>();
    for (const { f, key, elements, isNull } of transaction.microOperations) {
      const expected = states.get(key);
      if (f !== "r") {
        states.set(key, { whole: expected?.whole ?? false, elements: [...expected?.elements ?? [], elements[0]!] });
      } else if (expected && !expected.isNull && !agrees(elements, expected)) {
        return [{ transaction, key, elements, expected }];
      } else states.set(key, { whole: true, elements, isNull });
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
  );
}

/** A list that was read, and the first transaction that read it. */
interface ListRead {
  elements: Identity[];
  reader: Transaction;
}

/** By key, the distinct lists that were read, except empty ones; shorter ones first. */
function distinctReads(transactions: readonly Transaction[]): Map<Identity, ListRead[]> {
  const byKey = new Map<Identity, ListRead[]>();
  for (const reader of transactions) {
    for (const { f, key, elements } of reader.microOperations) {
      if (f === "r" && elements.length > 0) getOrInsert(byKey, key, () => []).push({ elements, reader });
    }
  }
  const isNew = ({ elements }: ListRead, index: number, reads: ListRead[]) =>
    index === 0 || !sameElements(reads[index - 1]!.elements, elements);
  const byLength = (a: ListRead, b: ListRead) => a.elements.length - b.elements.length;
  return new Map([...byKey].map(([key, reads]) => [key, reads.sort(byLength).filter(isNew)]));
}

/** Finds incompatible orders: a list that was read is not a prefix of a longer one. One case per key. */
function findIncompatibleOrders(reads: Map<Identity, ListRead[]>): Anomaly[] {
  const cases = [...reads].flatMap(([key, ofKey]) => {
    const index = ofKey.findIndex((read, index) => index > 0 && !isPrefix(ofKey[index - 1]!.elements, read.elements));
    return index < 0 ? [] : [{ key, shorter: ofKey[index - 1]!, longer: ofKey[index]! }];
  });
  return explainCases(
    "incompatible-order",
    cases,
    ({ key, shorter, longer }) =>
      `Key ${showIdentity(key)} was read as ${show(shorter.elements)} and as ${show(longer.elements)}, ` +
      "which no single order of appends allows: " +
      `by ${describeTransaction(shorter.reader)} and by ${describeTransaction(longer.reader)}`,
  );
}

function isPrefix(shorter: readonly Identity[], longer: readonly Identity[]): boolean {
  return shorter.every((element, index) => longer[index] === element);
}

/** By key, the elements in the order of their appends: the longest list that was read. */
function versionOrders(reads: Map<Identity, ListRead[]>): Map<Identity, Identity[]> {
  return new Map([...reads].map(([key, ofKey]) => [key, [...new Set(ofKey.at(-1)!.elements)]]));
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
function findDirtyUpdates(orders: Map<Identity, Identity[]>, writers: Writers): Anomaly[] {
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
  );
}
