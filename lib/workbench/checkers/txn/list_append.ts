/**
 * The checker of txn-list-append: transactions that read lists and append to them. A read shows the whole order of the
 * appends before it, so that the versions of a key are known from reads alone.
 *
 * Semantics are those of Elle's `elle.list-append` (0.2.2, which Maelstrom uses).
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { entry } from "../entry.ts";
import { checkOrUnknown, found } from "../explain.ts";
import { show } from "../../base/text.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import {
  areSame,
  findDirtyReads,
  findFutureReads,
  findLostUpdates,
  findWriters,
  judgeTransactions,
  readTransactions,
  tellTransaction,
  type Transaction,
  type Writers,
} from "./transactions.ts";
import { findCycleAnomalies } from "./cycle_anomalies.ts";
import { listDependencies } from "./list_append_dependencies.ts";
import type { Anomaly, Verdict } from "../verdict.ts";

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, list or null]` and `["append", key,
 * element]`.
 *
 * Looks for internal, future-read, G1a, G1b, garbage-read, duplicate-elements, incompatible-order, dirty-update,
 * lost-update, and cycles. Null and the empty list are the same initial state.
 *
 * @param models The consistency models asked for.
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
    const observed = observedLists(transactions);
    const orders = versionOrders(observed);
    const anomalies = [
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, writers),
      ...findDuplicateElements(transactions),
      ...findIncompatibleOrders(observed),
      ...findDirtyUpdates(orders, writers),
      ...findLostUpdates(transactions),
    ];
    const dependencies = listDependencies(transactions, writers, orders);
    const words = { noun: "append", past: "appended" };
    anomalies.push(...findCycleAnomalies(transactions, dependencies, { models, words, found: anomalies }));
    return judgeTransactions(transactions, anomalies, models);
  });
}

function elementsOf(value: unknown): Identity[] | undefined {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value.map(identify) : undefined;
}

/** What a transaction must know of a list. */
interface Known {
  elements: Identity[];
  /** Whether these are all elements; else others come before them. */
  whole: boolean;
  /** Whether a read returned null, and nothing was appended since. As in Elle 0.2.2, that does not bind the reads after it. */
  isNull?: boolean;
}

/**
 * Internal inconsistencies: a read that contradicts what the same transaction read and appended before. Where it had
 * not read the key, only the end of the list is known. One case a transaction.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, Known>();
    for (const { f, key, elements, isNull } of transaction.microOperations) {
      const state = states.get(key);
      if (f !== "r") {
        states.set(key, { whole: state?.whole ?? false, elements: [...state?.elements ?? [], elements[0]!] });
      } else if (state && !state.isNull && !agrees(elements, state)) {
        return [{ transaction, key, elements, expected: state }];
      } else states.set(key, { whole: true, elements, isNull });
    }
    return [];
  });
  return found(
    "internal",
    cases,
    ({ transaction, key, elements, expected }) =>
      `${tellTransaction(transaction)} read key ${showIdentity(key)} as ${show(elements)}, ` +
      "where its own reads and appends before say " +
      (expected.whole ? show(expected.elements) : `a list that ends with ${show(expected.elements)}`),
  );
}

function agrees(elements: Identity[], state: Known): boolean {
  const start = elements.length - state.elements.length;
  if (start < 0 || (state.whole && start > 0)) return false;
  return state.elements.every((element, index) => elements[start + index] === element);
}

/** Duplicate elements: an element, appended once, stands more than once in a list. One case a read. */
function findDuplicateElements(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) =>
    transaction.microOperations.flatMap(({ f, key, elements }) => {
      const duplicate = f === "r" && new Set(elements).size < elements.length
        ? elements.find((element, index) => elements.indexOf(element) < index)
        : undefined;
      return duplicate === undefined ? [] : [{ transaction, key, duplicate, elements }];
    })
  );
  return found(
    "duplicate-elements",
    cases,
    ({ transaction, key, duplicate, elements }) =>
      `${tellTransaction(transaction)} read key ${showIdentity(key)} as ${show(elements)}, ` +
      `where ${showIdentity(duplicate)} stands more than once`,
  );
}

/** A list that somebody saw, and who saw it first. */
interface Observed {
  elements: Identity[];
  reader: Transaction;
}

/** By key, the different lists that were seen (the empty one aside), shortest first. */
function observedLists(transactions: readonly Transaction[]): Map<Identity, Observed[]> {
  const byKey = new Map<Identity, Observed[]>();
  for (const reader of transactions) {
    for (const { f, key, elements } of reader.microOperations) {
      if (f === "r" && elements.length > 0) entry(byKey, key, (): Observed[] => []).push({ elements, reader });
    }
  }
  const isNew = ({ elements }: Observed, index: number, lists: Observed[]) =>
    index === 0 || !areSame(lists[index - 1]!.elements, elements);
  const byLength = (a: Observed, b: Observed) => a.elements.length - b.elements.length;
  return new Map([...byKey].map(([key, lists]) => [key, lists.sort(byLength).filter(isNew)]));
}

/** Incompatible orders: of two lists seen of a key, the shorter is not the beginning of the longer. One case a key. */
function findIncompatibleOrders(observed: Map<Identity, Observed[]>): Anomaly[] {
  const cases = [...observed].flatMap(([key, lists]) => {
    const index = lists.findIndex((list, index) => index > 0 && !isPrefix(lists[index - 1]!.elements, list.elements));
    return index < 0 ? [] : [{ key, shorter: lists[index - 1]!, longer: lists[index]! }];
  });
  return found(
    "incompatible-order",
    cases,
    ({ key, shorter, longer }) =>
      `Key ${showIdentity(key)} was read as ${show(shorter.elements)} and as ${show(longer.elements)}, ` +
      "which no one order of appends allows: " +
      `by ${tellTransaction(shorter.reader)} and ${tellTransaction(longer.reader)}`,
  );
}

function isPrefix(shorter: readonly Identity[], longer: readonly Identity[]): boolean {
  return shorter.every((element, index) => longer[index] === element);
}

/** By key, the elements in the order of their appends: the longest list seen. */
function versionOrders(observed: Map<Identity, Observed[]>): Map<Identity, Identity[]> {
  return new Map([...observed].map(([key, lists]) => [key, [...new Set(lists.at(-1)!.elements)]]));
}

/** Dirty updates: a transaction that was acknowledged appended to a version which a failed one had made. */
function findDirtyUpdates(orders: Map<Identity, Identity[]>, writers: Writers): Anomaly[] {
  const cases: { key: Identity; failed: Transaction; element: Identity; updater: Transaction; update: Identity }[] = [];
  for (const [key, elements] of orders) {
    let dirty: { failed: Transaction; element: Identity } | undefined;
    for (const element of elements) {
      // Of a transaction whose outcome is unknown nothing follows.
      const writer = writers.get(key)?.get(element)?.transaction;
      if (writer?.type === "fail") dirty ??= { failed: writer, element };
      else if (writer?.type === "ok") {
        if (dirty) cases.push({ key, ...dirty, updater: writer, update: element });
        dirty = undefined;
      }
    }
  }
  return found(
    "dirty-update",
    cases,
    ({ key, failed, element, updater, update }) =>
      `${tellTransaction(updater)} appended ${showIdentity(update)} to key ${showIdentity(key)} ` +
      `after ${showIdentity(element)}, which ${tellTransaction(failed)} appended: a transaction that failed`,
  );
}
