/**
 * From dependencies between transactions to anomalies.
 *
 * @module
 */

import { impossibleModels, orderAskedFor } from "../consistency_model.ts";
import { findCycles } from "../graph/cycles.ts";
import type { Kinds } from "../graph/graph.ts";
import type { Transaction } from "./transactions.ts";
import { explainCycles, transactionWords } from "../graph/explain_cycles.ts";
import { buildDependencyGraph, type Dependencies } from "./dependencies.ts";
import type { Anomaly } from "../verdict.ts";

/** How to look for cycles. */
export interface CycleOptions {
  /** The consistency models asked for: they decide whether the order of processes, or of real time, counts. */
  models: readonly string[];
  /** What a write is called. */
  words: { noun: string; past: string };
  /** As in `findCycles`. */
  precedence?: readonly Kinds[];
  /** The anomalies that were found otherwise. */
  found: readonly Anomaly[];
}

/** Finds the anomalies that are cycles of dependencies, and explains them. */
export function findCycleAnomalies(
  transactions: readonly Transaction[],
  dependencies: Dependencies,
  { models, words, precedence, found }: CycleOptions,
): Anomaly[] {
  const graph = buildDependencyGraph(transactions, dependencies, orderAskedFor(models));
  const cycles = findCycles(graph, precedence);
  const anomalies = explainCycles(cycles, transactions, transactionWords(words, dependencies.reason));
  return withoutRedundant(anomalies, found);
}

/** Leaves out that some cycle exists where other anomalies rule out the same model. */
export function withoutRedundant(anomalies: readonly Anomaly[], found: readonly Anomaly[]): Anomaly[] {
  const exists = /-cycle-exists$/;
  const types = [...found, ...anomalies].map(({ type }) => type).filter((type) => !exists.test(type));
  const impossible = impossibleModels(types);
  return anomalies.filter(({ type }) => !exists.test(type) || !impossible.has(type.replace(exists, "")));
}
