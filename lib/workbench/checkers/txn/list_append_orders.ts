/**
 * The order of a list's versions. A read shows all appends before it, so the longest list that was read is the order.
 *
 * If several longest lists contradict each other, each is a possible order. All are tried, so that the verdict does not
 * depend on which read came first.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import { explainCases } from "../explain.ts";
import { type Identity, showIdentity, valueOf } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import { describeTransaction, sameElements, type Transaction } from "./transactions.ts";

/** A list that was read, and the first transaction that read it. */
export interface ListRead {
  elements: Identity[];
  reader: Transaction;
}

/** By key, the elements in the order of their appends. */
export type ListOrders = ReadonlyMap<Identity, readonly Identity[]>;

/** Maximum number of longest lists of one key that are tried, and of combinations of those of several keys. */
const MAX_ORDERS = 16;

/**
 * Finds the distinct lists that were read, except empty ones.
 *
 * @returns By key; shorter ones first, those of one length in an order that depends on their elements only.
 */
export function distinctReads(transactions: readonly Transaction[]): Map<Identity, ListRead[]> {
  const byKey = new Map<Identity, ListRead[]>();
  for (const reader of transactions) {
    for (const { f, key, elements } of reader.microOperations) {
      if (f === "r" && elements.length > 0) getOrInsert(byKey, key, () => []).push({ elements, reader });
    }
  }
  const isNew = ({ elements }: ListRead, index: number, reads: ListRead[]) =>
    index === 0 || !sameElements(reads[index - 1]!.elements, elements);
  return new Map([...byKey].map(([key, reads]) => [key, reads.sort(compareReads).filter(isNew)]));
}

function compareReads({ elements: a }: ListRead, { elements: b }: ListRead): number {
  if (a.length !== b.length) return a.length - b.length;
  const at = a.findIndex((element, index) => element !== b[index]);
  return at < 0 ? 0 : compareElements(a[at]!, b[at]!);
}

/** Orders different elements: numbers by size, all others by their text. */
function compareElements(a: Identity, b: Identity): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return `${typeof a} ${a}` < `${typeof b} ${b}` ? -1 : 1;
}

/**
 * Lists the possible orders of versions: one, unless a key has several longest lists. If several keys do, every
 * combination is possible. If these are too many, the first lists of all keys are combined, then the second ones and so
 * on.
 */
export function possibleOrders(reads: ReadonlyMap<Identity, readonly ListRead[]>): ListOrders[] {
  const longest = [...reads].map(([key, ofKey]) => {
    const { length } = ofKey.at(-1)!.elements;
    const start = ofKey.findIndex(({ elements }) => elements.length === length);
    return [key, ofKey.slice(start, start + MAX_ORDERS).map(({ elements }) => [...new Set(elements)])] as const;
  });
  // Number of combinations of the keys before each key, in an order that depends on the keys only.
  const strides = new Map<Identity, number>();
  let combinations = 1;
  for (const [key, ofKey] of longest.toSorted(([a], [b]) => compareElements(a, b))) {
    strides.set(key, combinations);
    combinations *= ofKey.length;
  }
  const areFew = combinations <= MAX_ORDERS;
  const count = areFew ? combinations : Math.max(...longest.map(([_, ofKey]) => ofKey.length));
  const choose = (key: Identity, at: number) => areFew ? Math.floor(at / strides.get(key)!) : at;
  return Array.from(
    { length: count },
    (_, at) => new Map(longest.map(([key, ofKey]) => [key, ofKey[choose(key, at) % ofKey.length]!])),
  );
}

/** Finds incompatible orders: a list that was read is not a prefix of a longer one. One case per key. */
export function findIncompatibleOrders(reads: ReadonlyMap<Identity, readonly ListRead[]>): Anomaly[] {
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
    ({ key, shorter, longer }) => ({
      operations: [shorter.reader.completion, longer.reader.completion],
      key: valueOf(key),
      values: [shorter.elements.map(valueOf), longer.elements.map(valueOf)],
    }),
  );
}

function isPrefix(shorter: readonly Identity[], longer: readonly Identity[]): boolean {
  return shorter.every((element, index) => longer[index] === element);
}
