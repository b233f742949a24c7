/**
 * The checker of txn-rw-register: transactions that read and write registers. A read shows only the latest write, so
 * the order of versions has to be inferred from assumptions. The steps are in `mod.ts`.
 *
 * Semantics are those of `elle.rw-register`, by default with `wfr-keys?`, as Maelstrom runs it.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import type { ClusterShape } from "../cluster_shape.ts";
import { proscribedAnomalies } from "../consistency_model.ts";
import { checkOrUnknown, explainCases, MalformedHistoryError } from "../explain.ts";
import { type Cycle, WR, WW } from "../graph/mod.ts";
import { identify, type Identity, showIdentity, valueOf } from "../identify.ts";
import type { Anomaly, Verdict } from "../verdict.ts";
import { findTransactionCycles, type InferredAnomalies } from "./cycle_anomalies.ts";
import { findDirtyReads, findFutureReads, findLostUpdates, findMalformedReplies } from "./direct_anomalies.ts";
import { judgeTransactions } from "./judge_transactions.ts";
import { findReason, registerDependencies } from "./rw_register_dependencies.ts";
import {
  inferVersionOrders,
  type VersionOptions,
  type VersionOrders,
  type VersionStep,
} from "./rw_register_versions.ts";
import { describeTransaction, findWriters, isWrite, readTransactions, type Transaction } from "./transactions.ts";

/** Number of steps that the explanation of a cycle of versions contains. */
const STEPS_EXPLAINED = 8;

/**
 * Checks a history of `txn` operations whose micro-operations are `["r", key, value or null]` and `["w", key, value]`.
 * Null is the initial state.
 *
 * Finds malformed-reply, internal, future-read, G1a, G1b, garbage-read, lost-update, cyclic-versions, and cycles.
 *
 * @param models The consistency models to decide by.
 * @param options Assumptions about the order of versions; and the shape of the cluster, for explanations.
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
  options: VersionOptions & ClusterShape = {},
): Verdict {
  return checkOrUnknown(() => {
    const transactions = readTransactions(history, "w", elementsOf, options);
    refuseNullWrites(transactions);
    const orders = inferVersionOrders(transactions, options);
    const others = [
      ...findMalformedReplies(transactions),
      ...findInternal(transactions),
      ...findFutureReads(transactions),
      ...findDirtyReads(transactions, findWriters(transactions), "null"),
      ...findLostUpdates(transactions),
      ...explainCyclicVersions(orders),
    ];
    const words = { noun: "write", past: "wrote" };
    // A transaction that reads a version and writes the next one depends on the version's writer by both wr and ww.
    const precedence = [WR, WW];
    const findCycles = (orders: VersionOrders) =>
      findTransactionCycles(transactions, registerDependencies(transactions, orders), {
        models,
        words,
        precedence,
        others,
      });
    const found = findCycles(orders);
    const elle = { ...orders, writes: new Map() };
    const isElles = (cycle: Cycle) => !needsWrites(cycle, transactions, elle);
    const viewed = withElleView(found, models, isElles, () => findCycles(elle).anomalies);
    return judgeTransactions(transactions, [...others, ...viewed], models, found.findInSessions);
  });
}

/** True if a cycle has a ww edge that does not follow from the steps that Elle has. */
function needsWrites({ vertices, kinds }: Cycle, transactions: readonly Transaction[], elle: VersionOrders): boolean {
  return kinds.some((kind, at) => {
    const [from, to] = [transactions[vertices[at]!]!, transactions[vertices[(at + 1) % vertices.length]!]!];
    return kind === WW && findReason(from, to, WW, elle) === undefined;
  });
}

/**
 * Marks the cycles as overlooked by Maelstrom if Elle, which does not have {@linkcode VersionOrders.writes}, would find
 * none that the models proscribe.
 *
 * @param isElles True for a cycle that does not need these writes: then there is no need to search without them.
 * @param findWithoutWrites Finds the cycles that do not need these writes.
 */
function withElleView(
  { anomalies, cycles }: InferredAnomalies,
  models: readonly string[],
  isElles: (cycle: Cycle) => boolean,
  findWithoutWrites: () => readonly Anomaly[],
): readonly Anomaly[] {
  const proscribed = proscribedAnomalies(models);
  const isProscribed = ({ type }: { type: string }) => proscribed.has(type);
  if (!anomalies.some(isProscribed) || cycles.some((cycle) => isProscribed(cycle) && isElles(cycle))) return anomalies;
  if (findWithoutWrites().some(isProscribed)) return anomalies;
  return anomalies.map((anomaly) => ({ ...anomaly, maelstrom: "overlooks" }));
}

/** @throws {MalformedHistoryError} Null was written: a read of it would not tell who wrote it. */
function refuseNullWrites(transactions: readonly Transaction[]): void {
  for (const transaction of transactions) {
    const write = transaction.microOperations.find((each) => isWrite(each) && each.elements[0] === null);
    if (write === undefined) continue;
    throw new MalformedHistoryError(
      `Cannot check key ${showIdentity(write.key)}: null was written by ${describeTransaction(transaction)}; ` +
        "null is the initial state, so every write needs another value",
    );
  }
}

function elementsOf(value: unknown): Identity[] {
  return value === null || value === undefined ? [] : [identify(value)];
}

/**
 * Finds internal inconsistencies: a read that contradicts the transaction's own last read or write of the key. One case
 * per transaction.
 */
function findInternal(transactions: readonly Transaction[]): Anomaly[] {
  const cases = transactions.flatMap((transaction) => {
    const states = new Map<Identity, Identity | undefined>();
    for (const { f, key, elements: [element] } of transaction.microOperations) {
      const expected = states.get(key);
      if (f === "r" && states.has(key) && expected !== element) return [{ transaction, key, element, expected }];
      states.set(key, element);
    }
    return [];
  });
  return explainCases(
    "internal",
    cases,
    ({ transaction, key, element, expected }) =>
      `${describeTransaction(transaction)} read key ${showIdentity(key)} as ${showIdentity(element ?? null)}, ` +
      `but its own last read or write of it implies ${showIdentity(expected ?? null)}`,
    ({ transaction, key, element, expected }) => ({
      operations: [transaction.completion],
      key: valueOf(key),
      values: [valueOf(element ?? null), valueOf(expected ?? null)],
    }),
  );
}

/** Explains cycles of versions. */
function explainCyclicVersions({ cycles }: VersionOrders): Anomaly[] {
  const anomalies = explainCases("cyclic-versions", cycles, ({ key, steps }) => {
    const reasons = steps.slice(0, STEPS_EXPLAINED).map((step) => explainStep(key, step));
    if (steps.length > STEPS_EXPLAINED) reasons.push(`… ${steps.length - STEPS_EXPLAINED} more …`);
    return `The versions of key ${showIdentity(key)} form a cycle: ${reasons.join("; ")}`;
  }, ({ key, steps }) => ({
    operations: steps.flatMap(({ by, order }) => [by, order?.first, order?.second]).map((each) => each?.completion),
    key: valueOf(key),
    values: steps.map(({ from }) => valueOf(from ?? null)),
  }));
  const isOverlooked = cycles.every(({ isOfWrites }) => isOfWrites);
  return isOverlooked ? anomalies.map((anomaly) => ({ ...anomaly, maelstrom: "overlooks" })) : anomalies;
}

/** By kind of order, what the first transaction was to the second. */
const RELATIONS = {
  process: "was followed in the same process by",
  realtime: "completed before",
  given: "is before, in the given order of transactions,",
};

function explainStep(key: Identity, { from, to, by, order }: VersionStep): string {
  const [before, after] = [showIdentity(from ?? null), showIdentity(to ?? null)];
  if (by !== undefined) {
    const wrote = by.microOperations.some((each) => isWrite(each) && each.key === key && each.elements[0] === from);
    return `${describeTransaction(by)} ${wrote ? "wrote" : "read"} ${before} and wrote ${after}`;
  }
  if (order === undefined) return `${after} follows the initial state`;
  const relation = RELATIONS[order.kind];
  return `${describeTransaction(order.first)}, which last saw or wrote ${before}, ${relation} ` +
    `${describeTransaction(order.second)}, which first saw or wrote ${after}`;
}
