/**
 * Transactions, read from a history.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { attempts } from "../attempts.ts";
import { type ClusterShape, onNode } from "../cluster_shape.ts";
import { MalformedHistoryError, outcome } from "../explain.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import { replyDifference } from "./reply_shape.ts";

/** One read or write within a transaction. */
export interface MicroOperation {
  /** `"r"`, or the workload's write: `"append"` or `"w"`. */
  f: string;
  /** The list or register. */
  key: Identity;
  /**
   * Of a write, the one element written. Of a read, the elements returned, in order: none for the initial state, and at
   * most one if keys are registers.
   */
  elements: Identity[];
}

/** A transaction, as far as its outcome reveals what it did. */
export interface Transaction {
  /** Its index among all transactions. */
  place: number;
  type: "ok" | "fail" | "info";
  /** The node that its process talked to, if that is known. */
  node: string | undefined;
  invocation: Operation;
  /** The completion, or the invocation if there is none. */
  completion: Operation;
  /** The writes, and the reads if the transaction was acknowledged; otherwise their results are unknown. */
  microOperations: MicroOperation[];
  /** The difference between reply and request, if the reply is not to this transaction. Its type is info then. */
  misanswered?: string;
}

/** The write of an element. */
export interface Writer {
  transaction: Transaction;
  /** True if it is the transaction's last write to that key. */
  final: boolean;
}

/** The writers of all elements: by key, then by element. */
export type Writers = Map<Identity, Map<Identity, Writer>>;

/** Converts the value that a read returned to elements; undefined if it is malformed. */
type ElementsOf = (value: unknown) => Identity[] | undefined;

/**
 * Reads the transactions of a history.
 *
 * @param write The workload's write: `"append"` or `"w"`.
 * @param shape From it, the node of each transaction follows.
 * @returns In order of completion.
 * @throws {MalformedHistoryError} A transaction is not a list of `[f, key, value]`.
 */
export function readTransactions(
  history: readonly Operation[],
  write: string,
  elementsOf: ElementsOf,
  shape: ClusterShape = {},
): Transaction[] {
  return attempts(history, shape).map(({ type, node, invocation, completion }, place): Transaction => {
    const common = { place, node, invocation, completion };
    if (type !== "ok") return { ...common, type, microOperations: requestedWrites(invocation, write, elementsOf) };
    const misanswered = findDifference(invocation.value, completion.value, write, elementsOf);
    if (misanswered !== undefined) {
      const microOperations = requestedWrites(invocation, write, elementsOf);
      return { ...common, type: "info", microOperations, misanswered };
    }
    return { ...common, type, microOperations: readMicroOperations(completion, write, elementsOf) };
  });
}

function requestedWrites(invocation: Operation, write: string, elementsOf: ElementsOf): MicroOperation[] {
  return readMicroOperations(invocation, write, elementsOf).filter(isWrite);
}

/** Finds what is wrong with a reply. A history that does not show the request is not compared. */
function findDifference(asked: unknown, answered: unknown, write: string, elementsOf: ElementsOf): string | undefined {
  if (!Array.isArray(asked) || !asked.every((item) => Array.isArray(item) && (item[0] === "r" || item[0] === write))) {
    return undefined;
  }
  const difference = replyDifference(asked, answered);
  if (difference !== undefined) return difference;
  const wrong = (answered as unknown[][]).find(([f, _key, result]) => f === "r" && elementsOf(result) === undefined);
  return wrong && `expected each read to return a value that "${write}" can lead to, got ${show(wrong[2])}`;
}

function readMicroOperations({ value, index }: Operation, write: string, elementsOf: ElementsOf): MicroOperation[] {
  const fail = (expected: string): never => {
    throw new MalformedHistoryError(`Cannot check operation ${index} with value ${show(value)}: expected ${expected}`);
  };
  if (!Array.isArray(value)) return fail(`a list of ["r", key, value] and ["${write}", key, value]`);
  return value.map((item): MicroOperation => {
    const [f, key, content] = Array.isArray(item) ? item : [];
    if (f === write) return { f, key: identify(key), elements: [identify(content)] };
    if (f !== "r") return fail(`every micro-operation to be "r" or "${write}", got ${show(item)}`);
    const elements = elementsOf(content) ??
      fail(`each read to return a value that "${write}" can lead to, got ${show(content)}`);
    return { f, key: identify(key), elements };
  });
}

/** True for a write. */
export function isWrite({ f }: MicroOperation): boolean {
  return f !== "r";
}

/**
 * Indexes the writers of all elements.
 *
 * @throws {MalformedHistoryError} An element was written to a key twice, so that a read of it has no certain writer.
 */
export function findWriters(transactions: readonly Transaction[]): Writers {
  const writers: Writers = new Map();
  for (const transaction of transactions) {
    const latest = new Map<Identity, Writer>();
    for (const { key, elements: [element] } of transaction.microOperations.filter(isWrite)) {
      const byElement = getOrInsert(writers, key, () => new Map());
      if (byElement.has(element!)) {
        throw new MalformedHistoryError(
          `Cannot check key ${showIdentity(key)}: ${showIdentity(element!)} was written more than once, ` +
            `the second time by ${describeTransaction(transaction)}; every write to a key needs a distinct value`,
        );
      }
      const previous = latest.get(key);
      if (previous !== undefined) previous.final = false;
      const writer = { transaction, final: true };
      latest.set(key, writer);
      byElement.set(element!, writer);
    }
  }
  return writers;
}

/** By key, the elements of a transaction's external read: one that no read or write of the key precedes. */
export function externalReads({ microOperations }: Transaction): Map<Identity, Identity[]> {
  const reads = new Map<Identity, Identity[]>();
  const accessed = new Set<Identity>();
  for (const { f, key, elements } of microOperations) {
    if (f === "r" && !accessed.has(key)) reads.set(key, elements);
    accessed.add(key);
  }
  return reads;
}

/** By key, the element that a transaction wrote last. */
export function externalWrites({ microOperations }: Transaction): Map<Identity, Identity> {
  return new Map(microOperations.filter(isWrite).map(({ key, elements }) => [key, elements[0]!]));
}

/** True if two lists have the same elements in the same order. */
export function sameElements(one: readonly Identity[], other: readonly Identity[]): boolean {
  return one.length === other.length && one.every((element, index) => element === other[index]);
}

/** Describes a transaction: `process 3's transaction [["r",9,2]] on n1 (acknowledged at 0.059 s)`. */
export function describeTransaction({ completion, node }: Transaction): string {
  const transaction = `process ${completion.process}'s transaction ${show(completion.value)}`;
  return `${transaction}${onNode(node)} (${outcome(completion)})`;
}
