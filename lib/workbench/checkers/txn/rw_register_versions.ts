/**
 * The order of a register's versions. A read shows only one version, so the order has to be inferred from what the
 * system is assumed to guarantee.
 *
 * Source: `elle.rw-register`.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { buildGraph, createEdges, findShortCycles, link, linkProcesses, linkRealtime, PROCESS } from "../graph/mod.ts";
import type { Identity } from "../identify.ts";
import { spansOf, type Version } from "./dependencies.ts";
import { externalReads, externalWrites, type Transaction } from "./transactions.ts";

/** Assumptions about the order of versions. */
export interface VersionOptions {
  /**
   * If a transaction reads a key and then writes it, the version written follows the one read. `@default true`, as in
   * Maelstrom.
   */
  wfrKeys?: boolean;
  /** Each key is sequentially consistent: a process sees its versions in their order. `@default false` */
  sequentialKeys?: boolean;
  /** Each key is linearizable: its versions follow each other in real time. `@default false` */
  linearizableKeys?: boolean;
}

/** A version and one that follows it. */
export interface VersionStep {
  from: Version;
  to: Version;
  /** The transaction that read `from` and wrote `to`, if that is the reason. */
  by?: Transaction;
  /** Two transactions in process or real-time order, if that is the reason. */
  order?: { kind: "process" | "realtime"; first: Transaction; second: Transaction };
}

/** The order of the versions of all keys, as far as it can be inferred. */
export interface VersionOrders {
  /** By key, which version follows which. Never cyclic. */
  steps: Map<Identity, VersionStep[]>;
  /** Cycles of versions. The steps of an assumption that leads to one are not in `steps`. */
  cycles: { key: Identity; steps: VersionStep[] }[];
}

/** A transaction's access to one key, as others can see it. The transaction did not fail. */
interface Access {
  transaction: Transaction;
  read?: { version: Version };
  written?: { version: Identity };
}

/** Infers the order of versions. Every version follows the initial state. */
export function inferVersionOrders(
  transactions: readonly Transaction[],
  { wfrKeys = true, sequentialKeys = false, linearizableKeys = false }: VersionOptions,
): VersionOrders {
  const accesses = accessesByKey(transactions);
  const orders: VersionOrders = { steps: new Map(), cycles: [] };
  addSteps(orders, accesses, stepsFromInitialState);
  if (wfrKeys) addSteps(orders, accesses, stepsWithinTransactions);
  if (sequentialKeys) addSteps(orders, accesses, (ofKey) => stepsBetweenTransactions(ofKey, "process"));
  if (linearizableKeys) addSteps(orders, accesses, (ofKey) => stepsBetweenTransactions(ofKey, "realtime"));
  return orders;
}

/** Adds the steps that one assumption implies. If they make a cycle for any key, adds only the cycles. */
function addSteps(
  orders: VersionOrders,
  accesses: Map<Identity, Access[]>,
  infer: (ofKey: Access[]) => VersionStep[],
): void {
  const steps = new Map([...accesses].map(([key, ofKey]) => [key, [...orders.steps.get(key) ?? [], ...infer(ofKey)]]));
  const cycles = [...steps].flatMap(([key, ofKey]) => findStepCycles(ofKey).map((cycle) => ({ key, steps: cycle })));
  orders.cycles.push(...cycles);
  if (cycles.length === 0) orders.steps = steps;
}

function accessesByKey(transactions: readonly Transaction[]): Map<Identity, Access[]> {
  const accesses = new Map<Identity, Access[]>();
  for (const transaction of transactions) {
    if (transaction.type === "fail") continue;
    const byKey = new Map<Identity, Access>();
    for (const [key, [version]] of externalReads(transaction)) byKey.set(key, { transaction, read: { version } });
    for (const [key, version] of externalWrites(transaction)) {
      getOrInsert(byKey, key, () => ({ transaction })).written = { version };
    }
    for (const [key, access] of byKey) getOrInsert(accesses, key, () => []).push(access);
  }
  return accesses;
}

function stepsFromInitialState(accesses: Access[]): VersionStep[] {
  const versions = new Set(accesses.flatMap(({ read, written }) => [read?.version, written?.version]));
  versions.delete(undefined);
  return [...versions].map((to) => ({ from: undefined, to }));
}

function stepsWithinTransactions(accesses: Access[]): VersionStep[] {
  return accesses.flatMap(({ transaction, read, written }) =>
    read?.version === undefined || written === undefined
      ? []
      : [{ from: read.version, to: written.version, by: transaction }]
  );
}

/** The last version that a transaction saw or wrote precedes the first one that the next transaction saw or wrote. */
function stepsBetweenTransactions(accesses: Access[], kind: "process" | "realtime"): VersionStep[] {
  // No access is by a failed transaction, so there is one span for each; its vertex is the place among the accesses.
  const spans = spansOf(accesses.map(({ transaction }) => transaction)).map((span, vertex) => ({ ...span, vertex }));
  const edges = createEdges();
  if (kind === "process") linkProcesses(edges, spans);
  else linkRealtime(edges, spans);
  return edges.from.flatMap((place, edge) => {
    const [first, second] = [accesses[place]!, accesses[edges.to[edge]!]!];
    const from = (first.written ?? first.read)!.version;
    const to = (second.read ?? second.written)!.version;
    return from === to ? [] : [{ from, to, order: { kind, first: first.transaction, second: second.transaction } }];
  });
}

/** Finds a cycle in each strongly connected component of versions. */
function findStepCycles(steps: readonly VersionStep[]): VersionStep[][] {
  const vertices = new Map<Version, number>();
  const vertexOf = (version: Version) => getOrInsert(vertices, version, () => vertices.size);
  const edges = createEdges();
  const byEdge = new Map<string, VersionStep>();
  for (const step of steps) {
    const [from, to] = [vertexOf(step.from), vertexOf(step.to)];
    link(edges, from, to, PROCESS);
    byEdge.set(`${from} ${to}`, step);
  }
  return findShortCycles(buildGraph(vertices.size, edges)).map(({ vertices: cycle }) =>
    cycle.map((vertex, index) => byEdge.get(`${vertex} ${cycle[(index + 1) % cycle.length]}`)!)
  );
}
