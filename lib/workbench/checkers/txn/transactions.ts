/**
 * What the checkers of transactional workloads share: reading transactions from a history, the anomalies that are
 * defined alike for lists and registers, and the verdict. The anomalies here are those that can be seen directly, without
 * a search for cycles.
 *
 * Sources: Adya, Liskov, O'Neil, "Generalized Isolation Level Definitions" (G1a, G1b); Kingsbury, Alvaro, "Elle:
 * Inferring Isolation Anomalies from Experimental Observations" (garbage reads); Cerone, Bernardi, Gotsman, "A
 * Framework for Transactional Consistency Models with Atomic Visibility" (internal consistency).
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { attempts } from "../attempts.ts";
import { orderAskedFor, permittedModels, proscribedAnomalies, ruledOutModels } from "../consistency_model.ts";
import { entry } from "../entry.ts";
import { found, outcome } from "../explain.ts";
import { show } from "../../base/text.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import type { Anomaly, Verdict } from "../verdict.ts";

/** One read or write of a transaction. */
export interface MicroOperation {
  /** `"r"`, or the workload's write: `"append"` or `"w"`. */
  f: string;
  /** Which list or register. */
  key: Identity;
  /**
   * A write: the one element written. A read: the elements seen, in order; none for the initial state, and at most one
   * where keys are registers.
   */
  elements: Identity[];
  /** Set for a read that returned null. */
  isNull?: boolean;
}

/** A transaction, as far as its outcome tells what it did. */
export interface Transaction {
  /** Its place among all transactions. */
  place: number;
  type: "ok" | "fail" | "info";
  invocation: Operation;
  /** The completion, or the invocation where there is none. */
  operation: Operation;
  /** Writes, and where the transaction is ok, reads: what another has read is not known. */
  microOperations: MicroOperation[];
}

/** Who wrote an element. */
export interface Writer {
  transaction: Transaction;
  /** Whether it is the transaction's last write to that key. */
  final: boolean;
}

/** The writers of all elements: by key, then by element. */
export type Writers = Map<Identity, Map<Identity, Writer>>;

/**
 * Reads the transactions of a history.
 *
 * @param write The workload's write: `"append"` or `"w"`.
 * @param elementsOf The elements in the value that a read returned; undefined where it is not such a value.
 * @returns In order of completion.
 * @throws {TypeError} A transaction is not a list of `[f, key, value]`.
 */
export function readTransactions(
  history: readonly Operation[],
  write: string,
  elementsOf: (value: unknown) => Identity[] | undefined,
): Transaction[] {
  return attempts(history).map(({ type, invocation, completion }, place) => {
    const { value, index } = type === "ok" ? completion : invocation;
    const complain = (expected: string): never => {
      throw new TypeError(`Cannot check operation ${index} with value ${show(value)}: expected ${expected}`);
    };
    if (!Array.isArray(value)) return complain(`a list of ["r", key, value] and ["${write}", key, value]`);
    const microOperations = value.map((item): MicroOperation => {
      const [f, key, content] = Array.isArray(item) ? item : [];
      if (f === write) return { f, key: identify(key), elements: [identify(content)] };
      if (f !== "r") return complain(`every micro-operation to be "r" or "${write}", got ${show(item)}`);
      const elements = elementsOf(content) ??
        complain(`each read to return what a "${write}" can make, got ${show(content)}`);
      return { f, key: identify(key), elements, isNull: content === null || content === undefined };
    });
    return {
      place,
      type,
      invocation,
      operation: completion,
      microOperations: type === "ok" ? microOperations : microOperations.filter(isWrite),
    };
  });
}

/** Whether a micro-operation is a write. */
export function isWrite({ f }: MicroOperation): boolean {
  return f !== "r";
}

/**
 * Finds out who wrote what.
 *
 * @throws {TypeError} An element was written to a key more than once, so that nobody can tell which write a read saw.
 */
export function findWriters(transactions: readonly Transaction[]): Writers {
  const writers: Writers = new Map();
  for (const transaction of transactions) {
    const latest = new Map<Identity, Writer>();
    for (const { key, elements: [element] } of transaction.microOperations.filter(isWrite)) {
      const byElement = entry(writers, key, () => new Map<Identity, Writer>());
      if (byElement.has(element!)) {
        throw new TypeError(
          `Cannot check key ${showIdentity(key)}: ${showIdentity(element!)} was written more than once, ` +
            `the second time by ${tellTransaction(transaction)}; every write to a key needs a value of its own`,
        );
      }
      const previous = latest.get(key);
      if (previous) previous.final = false;
      const writer = { transaction, final: true };
      latest.set(key, writer);
      byElement.set(element!, writer);
    }
  }
  return writers;
}

/** One element of one read, with what is known of its writer. */
interface Sighting {
  reader: Transaction;
  key: Identity;
  element: Identity;
  writer?: Writer;
}

/**
 * The anomalies that show when a read is held against the writer of what it saw: aborted reads (G1a), intermediate
 * reads (G1b) and garbage reads.
 */
export function findDirtyReads(transactions: readonly Transaction[], writers: Writers): Anomaly[] {
  const aborted: Sighting[] = [];
  const intermediate: Sighting[] = [];
  const garbage: Sighting[] = [];
  for (const reader of transactions) {
    for (const { f, key, elements } of reader.microOperations) {
      if (f !== "r") continue;
      const writersOfKey = writers.get(key);
      for (const [index, element] of elements.entries()) {
        const writer = writersOfKey?.get(element);
        const isNewest = index === elements.length - 1;
        if (writer === undefined) garbage.push({ reader, key, element });
        else if (writer.transaction.type === "fail") aborted.push({ reader, key, element, writer });
        if (isNewest && writer?.final === false && writer.transaction !== reader) {
          intermediate.push({ reader, key, element, writer });
        }
      }
    }
  }
  return [
    ...found(
      "G1a",
      aborted,
      ({ reader, key, element, writer }) =>
        `${tellTransaction(reader)} read ${showIdentity(element)} of key ${showIdentity(key)}, ` +
        `which ${tellTransaction(writer!.transaction)} wrote: a transaction that failed`,
    ),
    ...found(
      "G1b",
      intermediate,
      ({ reader, key, element, writer }) =>
        `${tellTransaction(reader)} read key ${showIdentity(key)} as of ${showIdentity(element)}, ` +
        `which is not the last that ${tellTransaction(writer!.transaction)} wrote to it`,
    ),
    ...found(
      "garbage-read",
      garbage,
      ({ reader, key, element }) =>
        `${tellTransaction(reader)} read ${showIdentity(element)} of key ${showIdentity(key)}, which nobody ever wrote`,
    ),
  ];
}

/** Future reads: a transaction sees an element that it will write later on. */
export function findFutureReads(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const seen = new Map<Identity, Set<Identity>>();
    for (const { f, key, elements } of transaction.microOperations) {
      const ofKey = entry(seen, key, () => new Set<Identity>());
      if (f === "r") elements.forEach((element) => ofKey.add(element));
      else if (ofKey.has(elements[0]!)) return [{ transaction, key, element: elements[0]! }];
    }
    return [];
  });
  return found(
    "future-read",
    cases,
    ({ transaction, key, element }) =>
      `${tellTransaction(transaction)} read ${showIdentity(element)} of key ${showIdentity(key)} before it wrote it`,
  );
}

/** Transactions that wrote a key after they had read the same version of it. */
interface Updates {
  key: Identity;
  /** The elements that they read. */
  read: Identity[];
  updaters: Transaction[];
}

/**
 * Lost updates: two or more transactions read the same version of a key and then wrote the key, and all were
 * acknowledged. All but one were computed from a version that was no longer current.
 */
export function findLostUpdates(transactions: readonly Transaction[]): Anomaly[] {
  const updates = new Map<Identity, Map<Identity | undefined, Updates[]>>();
  for (const transaction of transactions) {
    for (const [key, read] of updatesOf(transaction)) {
      // Lists that end alike are mostly the same.
      const byVersion = entry(updates, key, () => new Map<Identity | undefined, Updates[]>());
      const alike = entry(byVersion, read.at(-1), (): Updates[] => []);
      const same = alike.find((other) => areSame(other.read, read));
      if (same === undefined) alike.push({ key, read, updaters: [transaction] });
      else same.updaters.push(transaction);
    }
  }
  const cases = [...updates.values()].flatMap((byVersion) =>
    [...byVersion.values()].flat().filter(({ updaters }) => updaters.length > 1)
  );
  return found("lost-update", cases, ({ key, read, updaters }) => {
    const newest = read.at(-1);
    const version = newest === undefined ? "in its initial state" : `as of ${showIdentity(newest)}`;
    const others = updaters.length > 2 ? `, and ${updaters.length - 2} more like them` : "";
    return `${tellTransaction(updaters[0]!)} and ${tellTransaction(updaters[1]!)} ` +
      `both read key ${showIdentity(key)} ${version} and wrote it${others}`;
  });
}

/** Whether two lists have the same elements in the same order. */
export function areSame(one: readonly Identity[], other: readonly Identity[]): boolean {
  return one.length === other.length && one.every((element, index) => element === other[index]);
}

/** By key, the elements that a transaction read first, where it wrote the key after that. */
function updatesOf({ microOperations }: Transaction): Map<Identity, Identity[]> {
  const reads = new Map<Identity, Identity[]>();
  const updates = new Map<Identity, Identity[]>();
  for (const microOperation of microOperations) {
    const { key, elements } = microOperation;
    if (!isWrite(microOperation)) entry(reads, key, () => elements);
    else if (reads.has(key)) updates.set(key, reads.get(key)!);
  }
  return updates;
}

/** What a transaction read before it touched the key otherwise: by key, the elements seen. */
export function externalReads({ microOperations }: Transaction): Map<Identity, Identity[]> {
  const reads = new Map<Identity, Identity[]>();
  const touched = new Set<Identity>();
  for (const { f, key, elements } of microOperations) {
    if (f === "r" && !touched.has(key)) reads.set(key, elements);
    touched.add(key);
  }
  return reads;
}

/** A transaction in words: `Process 3's transaction [["r",9,2]] (acknowledged at 0.059 s)`. */
export function tellTransaction({ operation }: Transaction): string {
  return `process ${operation.process}'s transaction ${show(operation.value)} (${outcome(operation)})`;
}

/**
 * The verdict on a history of transactions.
 *
 * @param anomalies All that was found.
 * @param models The consistency models asked for: names from `CONSISTENCY_MODELS`.
 * @returns Invalid where one of the models rules out an anomaly that was found; unknown where no transaction was
 *   acknowledged. Holds also the anomalies that the models allow, `anomaly_types` (those they rule out), `not` and
 *   `also_not` (the models that all the anomalies rule out, weakest and others), and `permits` (the strongest models that
 *   nothing found rules out, of those whose anomalies were looked for).
 */
export function judgeTransactions(
  transactions: readonly Transaction[],
  anomalies: readonly Anomaly[],
  models: readonly string[],
): Verdict {
  const proscribed = proscribedAnomalies(models);
  if (!transactions.some(({ type }) => type === "ok")) return NOTHING_KNOWN;
  const bad = anomalies.filter(({ type }) => proscribed.has(type));
  const allowed = anomalies.filter(({ type }) => !proscribed.has(type)).map((anomaly) => ({
    ...anomaly,
    allowed: true,
  }));
  const types = anomalies.map(({ type }) => type);
  return {
    valid: bad.length === 0,
    anomalies: [...bad, ...allowed],
    anomaly_types: bad.map(({ type }) => type).sort(),
    ...ruledOutModels(types),
    permits: permittedModels(types, orderAskedFor(models)),
  };
}

/** The verdict where no transaction was acknowledged. */
const NOTHING_KNOWN: Verdict = {
  valid: "unknown",
  anomalies: [{
    type: "empty-transaction-graph",
    count: 1,
    explanation: "No transaction was acknowledged, so there is nothing to check",
  }],
  anomaly_types: ["empty-transaction-graph"],
  not: [],
  also_not: [],
  permits: [],
};
