/**
 * Anomalies that can be found without an order of transactions, and that are the same for lists and registers.
 *
 * Sources: Adya, Liskov, O'Neil, "Generalized Isolation Level Definitions" (2000): G1a, G1b. Kingsbury, Alvaro, "Elle"
 * (VLDB 2020): garbage reads.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import { nameProcess } from "../cluster_shape.ts";
import { type CaseEvidence, explainCases, outcome } from "../explain.ts";
import { type Identity, showIdentity, valueOf } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import {
  describeTransaction,
  externalReads,
  isWrite,
  sameElements,
  type Transaction,
  type Writers,
} from "./transactions.ts";

/** Finds malformed replies: acknowledged transactions whose reply is not to what was asked. */
export function findMalformedReplies(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.filter(({ misanswered }) => misanswered !== undefined);
  return explainCases("malformed-reply", cases, ({ invocation, node, completion, misanswered }) => {
    const asked = `${nameProcess(invocation.process, node)} asked for ${show(invocation.value)}`;
    return `${asked} and was answered ${show(completion.value)} (${outcome(completion)}): ${misanswered}`;
  }, ({ completion }) => ({ operations: [completion] }));
}

/** A read of an element. */
interface ElementRead {
  reader: Transaction;
  key: Identity;
  element: Identity;
}

function readEvidence({ reader, writer, key, element }: ElementRead & { writer?: Transaction }): CaseEvidence {
  return { operations: [writer?.completion, reader.completion], key: valueOf(key), values: [valueOf(element)] };
}

/** A read of an element whose writer is known. */
interface WrittenElementRead extends ElementRead {
  writer: Transaction;
}

/**
 * Finds aborted reads (G1a), intermediate reads (G1b) and garbage reads.
 *
 * @param initial Read of a key that has never been written, for explanations.
 */
export function findDirtyReads(
  transactions: readonly Transaction[],
  writers: Writers,
  initial: "null" | "an empty list",
): Anomaly[] {
  const aborted: WrittenElementRead[] = [];
  const intermediate: WrittenElementRead[] = [];
  const garbage: ElementRead[] = [];
  for (const reader of transactions) {
    for (const { f, key, elements } of reader.microOperations) {
      if (f !== "r") continue;
      const writersOfKey = writers.get(key);
      for (const [index, element] of elements.entries()) {
        const writer = writersOfKey?.get(element);
        if (writer === undefined) {
          garbage.push({ reader, key, element });
          continue;
        }
        const { transaction, final } = writer;
        const isNewest = index === elements.length - 1;
        if (transaction.type === "fail") aborted.push({ reader, key, element, writer: transaction });
        if (isNewest && !final && transaction !== reader) {
          intermediate.push({ reader, key, element, writer: transaction });
        }
      }
    }
  }
  return [
    ...explainCases("G1a", aborted, explainAborted, readEvidence),
    ...explainCases("G1b", intermediate, explainIntermediate, readEvidence),
    ...explainCases("garbage-read", garbage, (read) => explainGarbage(read, writers, initial), readEvidence),
  ];
}

function explainGarbage(read: ElementRead, writers: Writers, initial: string): string {
  const garbage = `${describeRead(read)}, which no transaction wrote`;
  const { reader, key, element } = read;
  const isExternal = externalReads(reader).get(key)?.includes(element);
  const isWritten = !isExternal ||
    writers.get(key)?.values().some(({ transaction }) =>
      transaction !== reader && transaction.invocation.index < reader.completion.index
    );
  return isWritten ? garbage : `${garbage}; ${initial} was expected: the key has never been written before`;
}

function describeRead({ reader, key, element }: ElementRead): string {
  return `${describeTransaction(reader)} read ${showIdentity(element)} from key ${showIdentity(key)}`;
}

function explainAborted(read: WrittenElementRead): string {
  return `${describeRead(read)}, but the transaction that wrote it failed: ${describeTransaction(read.writer)}`;
}

function explainIntermediate(read: WrittenElementRead): string {
  return `${describeRead(read)}, but its writer wrote that key again later: ${describeTransaction(read.writer)}`;
}

/** Finds future reads: a transaction reads an element before it writes it. One case per transaction. */
export function findFutureReads(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((reader) => {
    const seen = new Map<Identity, Set<Identity>>();
    for (const { f, key, elements } of reader.microOperations) {
      const ofKey = getOrInsert(seen, key, () => new Set());
      if (f === "r") elements.forEach((element) => ofKey.add(element));
      else if (ofKey.has(elements[0]!)) return [{ reader, key, element: elements[0]! }];
    }
    return [];
  });
  return explainCases(
    "future-read",
    cases,
    (read) => `${describeRead(read)} before it wrote that itself`,
    readEvidence,
  );
}

/** The acknowledged transactions that read the same version of a key and then wrote the key. */
interface Updates {
  key: Identity;
  /** The elements of the version they read. */
  read: Identity[];
  updaters: Transaction[];
}

/**
 * Finds lost updates: two or more acknowledged transactions read the same version of a key and then wrote the key. All
 * but one of them wrote on the basis of a version that was no longer current.
 */
export function findLostUpdates(transactions: readonly Transaction[]): Anomaly[] {
  // By key and newest element: versions of a list that end alike are usually the same.
  const updates = new Map<Identity, Map<Identity | undefined, Updates[]>>();
  for (const transaction of transactions) {
    for (const [key, read] of updatesOf(transaction)) {
      const byNewest = getOrInsert(updates, key, () => new Map());
      const candidates = getOrInsert(byNewest, read.at(-1), () => []);
      const same = candidates.find((other) => sameElements(other.read, read));
      if (same === undefined) candidates.push({ key, read, updaters: [transaction] });
      else same.updaters.push(transaction);
    }
  }
  const cases = [...updates.values()].flatMap((byNewest) =>
    [...byNewest.values()].flat().filter(({ updaters }) => updaters.length > 1)
  );
  return explainCases("lost-update", cases, explainLostUpdate, ({ key, read, updaters }) => ({
    operations: updaters.map(({ completion }) => completion),
    key: valueOf(key),
    values: read.map(valueOf),
  }));
}

function explainLostUpdate({ key, read, updaters }: Updates): string {
  const newest = read.at(-1);
  const version = newest === undefined ? "in its initial state" : `at version ${showIdentity(newest)}`;
  const others = updaters.length > 2 ? `, and so did ${updaters.length - 2} more` : "";
  return `${describeTransaction(updaters[0]!)} and ${describeTransaction(updaters[1]!)} ` +
    `both read key ${showIdentity(key)} ${version} and then wrote it${others}`;
}

/** By key that a transaction read and then wrote, the elements that it read first. */
function updatesOf({ microOperations }: Transaction): Map<Identity, Identity[]> {
  const reads = new Map<Identity, Identity[]>();
  const updates = new Map<Identity, Identity[]>();
  for (const microOperation of microOperations) {
    const { key, elements } = microOperation;
    if (!isWrite(microOperation)) getOrInsert(reads, key, () => elements);
    else if (reads.has(key)) updates.set(key, reads.get(key)!);
  }
  return updates;
}
