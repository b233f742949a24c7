/**
 * The anomalies of transactions that are cycles in the serialization graph.
 *
 * @module
 */

import { requiredOrder } from "../consistency_model.ts";
import {
  type Cycle,
  type CycleWords,
  dropImplied,
  explainCycles,
  explainOrder,
  findCycles,
  type Kinds,
  WR,
  WW,
} from "../graph/mod.ts";
import { showIdentity } from "../identify.ts";
import type { Anomaly } from "../verdict.ts";
import { buildSerializationGraph, type Dependencies, type Reason } from "./dependencies.ts";
import { describeTransaction, type Transaction } from "./transactions.ts";

/** The word for a write, as a noun and as a verb: "append", "appended". */
export interface WriteWords {
  noun: string;
  past: string;
}

/** Options for {@linkcode findTransactionCycles}. */
export interface CycleOptions {
  /** The consistency models asked for. They decide if process or real-time order counts. */
  models: readonly string[];
  words: WriteWords;
  /** See `findCycles`. */
  precedence?: readonly Kinds[];
  /** The anomalies that were found in other ways. */
  others: readonly Anomaly[];
}

/** The anomalies that the dependencies show. */
export interface InferredAnomalies {
  anomalies: Anomaly[];
  /** The cycles among them, as paths through the serialization graph. */
  cycles: Cycle[];
  /**
   * Finds the types of the cycles with process order, if the models ask for real-time order. Process order is part of
   * real-time order, and the anomalies name these cycles after the latter, as Elle does. But they violate session
   * models as well.
   */
  findInSessions(): string[];
}

/** Finds the anomalies that are cycles, and explains them. */
export function findTransactionCycles(
  transactions: readonly Transaction[],
  dependencies: Dependencies,
  { models, words, precedence, others }: CycleOptions,
): InferredAnomalies {
  const order = requiredOrder(models);
  const cycles = findCycles(buildSerializationGraph(transactions, dependencies, order), precedence);
  return {
    cycles,
    anomalies: dropImplied(explainCycles(cycles, transactions, cycleWords(words, dependencies)), others),
    findInSessions() {
      // Without a cycle in real time there is none in process order either.
      if (order !== "realtime" || cycles.length === 0) return [];
      const graph = buildSerializationGraph(transactions, dependencies, "process");
      return findCycles(graph, precedence).map(({ type }) => type);
    },
  };
}

function cycleWords(write: WriteWords, dependencies: Dependencies): CycleWords<Transaction> {
  return {
    describe: describeTransaction,
    operation: ({ completion }) => completion,
    reason: (from, to, kind, names) =>
      explainOrder(from, to, kind, names) ??
        explainDependency(dependencies.reason(from, to, kind)!, kind, names, write),
  };
}

function explainDependency(
  { key, version, next }: Reason,
  kind: Kinds,
  [from, to]: [string, string],
  write: WriteWords,
): string {
  const keyName = showIdentity(key);
  const versionName = version === undefined ? undefined : showIdentity(version);
  if (kind === WR) return `${to} observed ${from}'s ${write.noun} of ${versionName} to key ${keyName}`;
  const nextName = showIdentity(next!);
  if (kind === WW) {
    return `${to} ${write.past} ${nextName} to key ${keyName} after ${from} ${write.past} ${versionName}`;
  }
  const state = versionName === undefined ? "in its initial state" : `at version ${versionName}`;
  return `${from} read key ${keyName} ${state}, and ${to}'s ${write.noun} of ${nextName} follows that version`;
}
