/**
 * The versions of registers: which follows which. A read shows only one version, so that it must be inferred from what
 * the system is taken to guarantee.
 *
 * Source: Elle's `elle.rw-register`.
 *
 * @module
 */

import { PROCESS, someCycles } from "../graph/cycles.ts";
import { entry } from "../entry.ts";
import { buildGraph, createEdges, type Edges, link } from "../graph/graph.ts";
import type { Identity } from "../identify.ts";
import { linkProcesses, linkRealtime } from "../graph/order_edges.ts";
import { externalReads, isWrite, type Transaction } from "./transactions.ts";
import { spansOf } from "./dependencies.ts";

/** What may be taken for granted, to infer the order of versions. */
export interface VersionOptions {
  /** Within a transaction, what it writes to a key comes after what it read of it. On by default, as in Maelstrom. */
  wfrKeys?: boolean;
  /** Each key for itself is sequentially consistent: a process sees its versions in their order. Off by default. */
  sequentialKeys?: boolean;
  /** Each key for itself is linearizable: its versions follow one another in real time. Off by default. */
  linearizableKeys?: boolean;
}

/** A version of a key: the value written; undefined is the initial state. */
export type Version = Identity | undefined;

/** That a version follows another. */
export interface VersionStep {
  from: Version;
  to: Version;
  /** Who read the one and wrote the other, where that is why. */
  by?: Transaction;
  /** Who is known to have been before whom, where that is why. */
  order?: { kind: "process" | "realtime"; first: Transaction; second: Transaction };
}

/** The order of the versions of all keys, as far as it is known. */
export interface VersionOrders {
  /** By key, what follows what. */
  steps: Map<Identity, VersionStep[]>;
  /** Where the versions of a key follow one another in a circle: what was inferred like this is not in `steps`. */
  cycles: { key: Identity; steps: VersionStep[] }[];
}

/** What one transaction did to one key, as others can see it. */
interface Access {
  transaction: Transaction;
  read?: { version: Version };
  written?: { version: Identity };
}

/** Infers the order of versions; every version follows the initial state. */
export function versionOrders(
  transactions: readonly Transaction[],
  { wfrKeys = true, sequentialKeys = false, linearizableKeys = false }: VersionOptions,
): VersionOrders {
  const accesses = accessesByKey(transactions);
  const orders: VersionOrders = { steps: new Map(), cycles: [] };
  add(orders, accesses, initialSteps);
  if (wfrKeys) add(orders, accesses, writesFollowReads);
  if (sequentialKeys) add(orders, accesses, (ofKey) => orderedSteps(ofKey, "process"));
  if (linearizableKeys) add(orders, accesses, (ofKey) => orderedSteps(ofKey, "realtime"));
  return orders;
}

/** Adds what can be inferred in one way; where that leads in a circle for any key, it is not to be trusted for others. */
function add(orders: VersionOrders, accesses: Map<Identity, Access[]>, infer: (ofKey: Access[]) => VersionStep[]) {
  const steps = new Map([...accesses].map(([key, ofKey]) => [key, [...orders.steps.get(key) ?? [], ...infer(ofKey)]]));
  const cycles = [...steps].flatMap(([key, ofKey]) => cyclesOf(ofKey).map((cycle) => ({ key, steps: cycle })));
  orders.cycles.push(...cycles);
  if (cycles.length === 0) orders.steps = steps;
}

function accessesByKey(transactions: readonly Transaction[]): Map<Identity, Access[]> {
  const accesses = new Map<Identity, Access[]>();
  for (const transaction of transactions) {
    if (transaction.type === "fail") continue;
    const byKey = new Map<Identity, Access>();
    for (const [key, [version]] of externalReads(transaction)) byKey.set(key, { transaction, read: { version } });
    for (const { key, elements } of transaction.microOperations.filter(isWrite)) {
      entry(byKey, key, (): Access => ({ transaction })).written = { version: elements[0]! };
    }
    for (const [key, access] of byKey) entry(accesses, key, (): Access[] => []).push(access);
  }
  return accesses;
}

function initialSteps(accesses: Access[]): VersionStep[] {
  const versions = new Set(accesses.flatMap(({ read, written }) => [read?.version, written?.version]));
  versions.delete(undefined);
  return [...versions].map((to) => ({ from: undefined, to }));
}

function writesFollowReads(accesses: Access[]): VersionStep[] {
  return accesses.flatMap(({ transaction, read, written }) =>
    read?.version === undefined || written === undefined
      ? []
      : [{ from: read.version, to: written.version, by: transaction }]
  );
}

/** The last version that one saw or made comes before the first that the next one did. */
function orderedSteps(accesses: Access[], kind: "process" | "realtime"): VersionStep[] {
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

/** The circles among some steps, one for each set of versions that follow one another. */
function cyclesOf(steps: readonly VersionStep[]): VersionStep[][] {
  const vertices = new Map<Version, number>();
  const vertexOf = (version: Version) => entry(vertices, version, () => vertices.size);
  const edges: Edges = createEdges();
  const byEdge = new Map<string, VersionStep>();
  for (const step of steps) {
    const [from, to] = [vertexOf(step.from), vertexOf(step.to)];
    link(edges, from, to, PROCESS);
    byEdge.set(`${from} ${to}`, step);
  }
  return someCycles(buildGraph(vertices.size, edges)).map(({ vertices }) =>
    vertices.map((vertex, index) => byEdge.get(`${vertex} ${vertices[(index + 1) % vertices.length]}`)!)
  );
}
