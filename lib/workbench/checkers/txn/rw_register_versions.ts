/**
 * The order of a register's versions. A read shows only one version, so the order has to be inferred from what the
 * system is assumed to guarantee.
 *
 * Source: `elle.rw-register`.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import { MalformedHistoryError } from "../explain.ts";
import { buildGraph, createEdges, findShortCycles, link, linkProcesses, linkRealtime, PROCESS } from "../graph/mod.ts";
import type { Identity } from "../identify.ts";
import { spansOf, type Version } from "./dependencies.ts";
import { externalReads, externalWrites, isWrite, type Transaction } from "./transactions.ts";

/** Assumptions about the order of versions, and knowledge of it. */
export interface VersionOptions {
  /**
   * The order in which transactions took effect, as far as the system tells it: by index of the completion, its
   * position. Versions of a key that these transactions wrote follow each other in that order. By default, the field
   * `transaction-order` of the completions.
   */
  transactionOrder?: ReadonlyMap<number, number | bigint>;
  /**
   * Each write of a transaction follows the version of that key that the transaction last read or wrote. `@default
   * true`, as in Maelstrom.
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
  /** The transaction that read or wrote `from` and then wrote `to`, if that is the reason. */
  by?: Transaction;
  /** Two transactions in process order, real-time order or the given order, if that is the reason. */
  order?: { kind: "process" | "realtime" | "given"; first: Transaction; second: Transaction };
}

/** Versions that follow each other in a cycle. */
export interface VersionCycle {
  key: Identity;
  steps: VersionStep[];
  /** True if it needs a step of {@linkcode VersionOrders.writes}. */
  isOfWrites?: boolean;
}

/** The order of the versions of all keys, as far as it can be inferred. */
export interface VersionOrders {
  /** By key, which version follows which. Never cyclic. */
  steps: Map<Identity, VersionStep[]>;
  /**
   * By key, the other steps within transactions: to and from versions that a transaction overwrote itself. Elle does
   * not have them. Only ww dependencies follow from them. Never cyclic, alone or with `steps`.
   */
  writes: Map<Identity, VersionStep[]>;
  /** Cycles of versions. The steps of an assumption that leads to one are neither in `steps` nor in `writes`. */
  cycles: VersionCycle[];
}

/** A transaction's access to one key, as others can see it. The transaction did not fail. */
interface Access {
  key: Identity;
  transaction: Transaction;
  read?: { version: Version };
  written?: { version: Identity };
}

/** Infers the order of versions. Every version follows the initial state. */
export function inferVersionOrders(
  transactions: readonly Transaction[],
  { transactionOrder, wfrKeys = true, sequentialKeys = false, linearizableKeys = false }: VersionOptions,
): VersionOrders {
  const accesses = accessesByKey(transactions);
  const positions = transactionOrder ?? recordedOrder(transactions);
  const orders: VersionOrders = { steps: new Map(), writes: new Map(), cycles: [] };
  addSteps(orders, accesses, stepsFromInitialState);
  if (positions.size > 0) addSteps(orders, accesses, (ofKey) => stepsInGivenOrder(ofKey, positions));
  if (wfrKeys) addSteps(orders, accesses, stepsWithinTransactions);
  if (sequentialKeys) addSteps(orders, accesses, (ofKey) => stepsBetweenTransactions(ofKey, "process"));
  if (linearizableKeys) addSteps(orders, accesses, (ofKey) => stepsBetweenTransactions(ofKey, "realtime"));
  if (wfrKeys) addWrites(orders, accesses);
  return orders;
}

/** The field of completions with their position in {@linkcode VersionOptions.transactionOrder}. */
const POSITION = "transaction-order";

function recordedOrder(transactions: readonly Transaction[]): Map<number, number | bigint> {
  const positions = new Map<number, number | bigint>();
  for (const { completion, type } of transactions) {
    const position = completion[POSITION];
    if (type === "fail" || position === undefined || position === null) continue;
    if (typeof position !== "number" && typeof position !== "bigint") {
      const got = `${POSITION} ${show(position)}`;
      throw new MalformedHistoryError(`Cannot check operation ${completion.index} with ${got}: expected a number`);
    }
    positions.set(completion.index, position);
  }
  return positions;
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

/** Adds the writes of each key that has no cycle. */
function addWrites(orders: VersionOrders, accesses: Map<Identity, Access[]>): void {
  const cyclic = new Set(orders.cycles.map(({ key }) => key));
  for (const [key, ofKey] of accesses) {
    const writes = stepsBetweenWrites(ofKey);
    if (writes.length === 0 || cyclic.has(key)) continue;
    const cycles = findStepCycles([...orders.steps.get(key) ?? [], ...writes]);
    if (cycles.length === 0) orders.writes.set(key, writes);
    orders.cycles.push(...cycles.map((steps) => ({ key, steps, isOfWrites: true })));
  }
}

function accessesByKey(transactions: readonly Transaction[]): Map<Identity, Access[]> {
  const accesses = new Map<Identity, Access[]>();
  for (const transaction of transactions) {
    if (transaction.type === "fail") continue;
    const byKey = new Map<Identity, Access>();
    for (const [key, [version]] of externalReads(transaction)) byKey.set(key, { key, transaction, read: { version } });
    for (const [key, version] of externalWrites(transaction)) {
      getOrInsert(byKey, key, () => ({ key, transaction })).written = { version };
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

function stepsInGivenOrder(accesses: Access[], positions: ReadonlyMap<number, number | bigint>): VersionStep[] {
  const positionOf = ({ transaction }: Access) => positions.get(transaction.completion.index);
  const writes = accesses.filter((access) => access.written !== undefined && positionOf(access) !== undefined)
    .sort((a, b) => positionOf(a)! < positionOf(b)! ? -1 : 1);
  return writes.slice(1).map((second, index) => {
    const first = writes[index]!;
    const order = { kind: "given" as const, first: first.transaction, second: second.transaction };
    return { from: first.written!.version, to: second.written!.version, order };
  });
}

function stepsWithinTransactions(accesses: Access[]): VersionStep[] {
  return accesses.flatMap(({ transaction, read, written }) =>
    read?.version === undefined || written === undefined || read.version === written.version
      ? []
      : [{ from: read.version, to: written.version, by: transaction }]
  );
}

/**
 * Each write of a transaction follows its last read of the key, if no write is between, and its last write of it. A
 * read of what the transaction writes itself, then or later, says nothing about the order: it is a future read. Steps
 * that {@linkcode stepsWithinTransactions} finds as well are left out if all transactions kept these versions.
 */
function stepsBetweenWrites(accesses: Access[]): VersionStep[] {
  const overwritten = new Set<Version>();
  const all: VersionStep[] = [];
  const known = new Set<VersionStep>();
  for (const { transaction, key, read, written } of accesses) {
    let lastRead: Version;
    let lastWritten: Version;
    const ofKey = transaction.microOperations.filter((each) => each.key === key);
    const unwritten = new Set(ofKey.filter(isWrite).map(({ elements: [version] }) => version));
    for (const microOperation of ofKey) {
      const version = microOperation.elements[0];
      if (!isWrite(microOperation)) {
        lastRead = version;
        continue;
      }
      for (const from of lastRead === lastWritten ? [lastRead] : [lastRead, lastWritten]) {
        if (from === undefined || unwritten.has(from)) continue;
        const step = { from, to: version, by: transaction };
        all.push(step);
        if (from === read?.version && version === written?.version) known.add(step);
      }
      unwritten.delete(version);
      if (lastWritten !== undefined) overwritten.add(lastWritten);
      lastRead = undefined;
      lastWritten = version;
    }
  }
  return all.filter((step) => !known.has(step) || overwritten.has(step.from));
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
  for (const { from, to } of steps) link(edges, vertexOf(from), vertexOf(to), PROCESS);
  return findShortCycles(buildGraph(vertices.size, edges)).map(({ vertices: cycle }) => {
    const versions = [...vertices.keys()];
    return cycle.map((vertex, index) => {
      const [from, to] = [versions[vertex], versions[cycle[(index + 1) % cycle.length]!]];
      return steps.findLast((step) => step.from === from && step.to === to)!;
    });
  });
}
