/**
 * Dependencies between transactions: the graph whose cycles are anomalies. Which version of a key follows which, the
 * checkers of lists and of registers find out in their own ways; this is what they share.
 *
 * Sources: Adya, "Weak Consistency" (ww, wr and rw dependencies); Kingsbury, Alvaro, "Elle".
 *
 * @module
 */

import type { Order } from "../consistency_model.ts";
import { RW } from "../graph/cycles.ts";
import { buildGraph, createEdges, type Edges, type Graph, JOINT, type Kinds, link } from "../graph/graph.ts";
import type { Identity } from "../identify.ts";
import { linkProcesses, linkRealtime, type Span } from "../graph/order_edges.ts";
import type { Transaction } from "./transactions.ts";

/** Why one transaction depends on another. */
export interface Reason {
  key: Identity;
  /** The version that the first wrote or read: its newest element; undefined for the initial state. */
  version: Identity | undefined;
  /** The version that the second wrote after that one; undefined where it read that one. */
  next?: Identity;
}

/** Dependencies, as far as they were inferred. */
export interface Dependencies {
  edges: Edges;
  /**
   * Why one transaction depends on another.
   *
   * @param kind ww, wr or rw.
   */
  reason(from: Transaction, to: Transaction, kind: Kinds): Reason | undefined;
}

/** Transactions that a key's versions depend on, or that depend on them, without repetition. */
export type Places = ReadonlySet<number>;

/** How many pairs of readers and writers are linked each with an edge of its own. */
const PAIRS = 10_000;

/** Collects the edges of transactions. */
export interface Linker {
  edges: Edges;
  /** Links one transaction to another. */
  link(from: number, to: number, kind: Kinds): void;
  /** Links each of those who read a version to each of those who wrote a later one. */
  linkReaders(readers: Places, writers: Places): void;
}

/**
 * Begins to collect edges.
 *
 * @param size How many transactions there are. Vertices beyond stand for none of them: see `JOINT`.
 */
export function createLinker(size: number): Linker {
  const edges = createEdges();
  let joint = size;
  const linkPairs = (readers: Places, writers: Places) => {
    for (const reader of readers) {
      for (const writer of writers) if (reader !== writer) link(edges, reader, writer, RW);
    }
  };
  const linkJoint = (readers: Places, writers: Places) => {
    if (readers.size === 0 || writers.size === 0) return;
    for (const reader of readers) link(edges, reader, joint, RW);
    for (const writer of writers) link(edges, joint, writer, JOINT);
    joint++;
  };
  const linkReaders = (readers: Places, writers: Places) => {
    if (readers.size * writers.size <= PAIRS) return linkPairs(readers, writers);
    // A joint must lead nobody back to itself.
    const both = readers.intersection(writers);
    linkJoint(readers.difference(both), writers);
    linkJoint(both, writers.difference(both));
    if (both.size ** 2 <= PAIRS) return linkPairs(both, both);
    // Each of these comes before each other: neighbours are enough to tell.
    const ring = [...both];
    ring.forEach((place, at) =>
      [ring.at(at - 1)!, ring.at(at - 2)!].forEach((other) => {
        link(edges, place, other, RW);
        link(edges, other, place, RW);
      })
    );
  };
  return { edges, link: (from, to, kind) => link(edges, from, to, kind), linkReaders };
}

/**
 * Makes the graph: a vertex for each transaction, at its place.
 *
 * @param order Which order is asked for beyond that of the data.
 */
export function buildDependencyGraph(
  transactions: readonly Transaction[],
  { edges }: Dependencies,
  order: Order | undefined,
): Graph {
  const spans = spansOf(transactions);
  if (order === "process") linkProcesses(edges, spans);
  if (order === "realtime") linkRealtime(edges, spans);
  const size = edges.to.reduce((greatest, vertex) => Math.max(greatest, vertex + 1), transactions.length);
  return buildGraph(size, edges);
}

/** When transactions were done; those that failed were not. */
export function spansOf(transactions: readonly Transaction[]): Span[] {
  return transactions.filter(({ type }) => type !== "fail").map(({ place, type, invocation, operation }) => ({
    vertex: place,
    process: operation.process,
    begin: invocation.index,
    end: type === "ok" ? operation.index : Infinity,
  }));
}
