/**
 * Dependencies between transactions: the edges of the serialization graph.
 *
 * Source: Adya, "Weak Consistency" (1999): ww, wr and rw dependencies.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import type { Order } from "../consistency_model.ts";
import {
  buildGraph,
  createEdges,
  type Edges,
  type Graph,
  JOINT,
  type Kinds,
  link,
  linkProcesses,
  linkRealtime,
  RW,
  type Span,
} from "../graph/mod.ts";
import type { Identity } from "../identify.ts";
import type { Transaction } from "./transactions.ts";

/** A version of a list or register: the element written last; undefined for the initial state. */
export type Version = Identity | undefined;

/** The versions that make one transaction depend on another. */
export interface Reason {
  key: Identity;
  /** The version that the first wrote or read. */
  version: Version;
  /** The later version that the second wrote; undefined if it read `version`. */
  next?: Identity;
}

/** The dependencies on data that were inferred. */
export interface Dependencies {
  edges: Edges;
  /**
   * Finds out why one transaction depends on another.
   *
   * @param kind ww, wr or rw.
   */
  reason(from: Transaction, to: Transaction, kind: Kinds): Reason | undefined;
}

/** A set of transactions, by {@linkcode Transaction.place}. */
export type Places = ReadonlySet<number>;

/** By key and version, the transactions that accessed it. */
export type PlacesByVersion = Map<Identity, Map<Version, Set<number>>>;

/** Adds a transaction to those that accessed a version. */
export function addPlace(index: PlacesByVersion, key: Identity, version: Version, place: number): void {
  getOrInsert(getOrInsert(index, key, () => new Map()), version, () => new Set()).add(place);
}

/** Returns the transactions that accessed a version. */
export function placesOf(index: PlacesByVersion, key: Identity, version: Version): Places {
  return index.get(key)?.get(version) ?? new Set();
}

/** Maximum number of pairs of readers and writers for which each pair gets its own edge. */
const MAX_PAIRS = 10_000;

/** The dependencies while they are collected. */
export interface DependencyEdges {
  edges: Edges;
  /** The next free vertex. Vertices at or above the number of transactions are auxiliary: see {@linkcode JOINT}. */
  nextAuxiliary: number;
}

/**
 * Creates an empty collection of dependencies.
 *
 * @param size Number of transactions.
 */
export function createDependencyEdges(size: number): DependencyEdges {
  return { edges: createEdges(), nextAuxiliary: size };
}

/** Adds an anti-dependency from each reader of a version to each writer of a later one, except to itself. */
export function linkReadersToWriters(collected: DependencyEdges, readers: Places, writers: Places): void {
  if (readers.size * writers.size <= MAX_PAIRS) return linkPairs(collected, readers, writers);
  // A transaction on both sides of an auxiliary vertex would depend on itself.
  const both = readers.intersection(writers);
  linkThroughAuxiliary(collected, readers.difference(both), writers);
  linkThroughAuxiliary(collected, both, writers.difference(both));
  if (both.size ** 2 <= MAX_PAIRS) linkPairs(collected, both, both);
  else linkNeighbours(collected, both);
}

function linkPairs({ edges }: DependencyEdges, readers: Places, writers: Places): void {
  for (const reader of readers) {
    for (const writer of writers) {
      if (reader !== writer) link(edges, reader, writer, RW);
    }
  }
}

function linkThroughAuxiliary(collected: DependencyEdges, readers: Places, writers: Places): void {
  if (readers.size === 0 || writers.size === 0) return;
  const auxiliary = collected.nextAuxiliary++;
  for (const reader of readers) link(collected.edges, reader, auxiliary, RW);
  for (const writer of writers) link(collected.edges, auxiliary, writer, JOINT);
}

/**
 * Puts transactions that all depend on each other in a ring, and links each in both directions to the two before it.
 * These edges imply that every transaction depends on every other one, through those between them. One neighbour would
 * be enough for that. The second one helps to find G-single: it needs a direct rw edge, and transactions that depend on
 * each other are often close in the ring.
 */
function linkNeighbours({ edges }: DependencyEdges, places: Places): void {
  const ring = [...places];
  for (const [at, place] of ring.entries()) {
    for (const other of [ring.at(at - 1)!, ring.at(at - 2)!]) {
      link(edges, place, other, RW);
      link(edges, other, place, RW);
    }
  }
}

/**
 * Builds the serialization graph: the vertex of a transaction is its place.
 *
 * @param order The order to add to the dependencies on data.
 */
export function buildSerializationGraph(
  transactions: readonly Transaction[],
  { edges }: Dependencies,
  order: Order | undefined,
): Graph {
  const { length } = edges.from;
  const spans = spansOf(transactions);
  if (order === "process") linkProcesses(edges, spans);
  if (order === "realtime") linkRealtime(edges, spans);
  const size = edges.to.reduce((greatest, vertex) => Math.max(greatest, vertex + 1), transactions.length);
  const graph = buildGraph(size, edges);
  // Edges of an order belong to this graph only; a copy of all others would double the memory.
  for (const list of [edges.from, edges.to, edges.kinds]) list.length = length;
  return graph;
}

/** The time that each transaction took, except those that failed. */
export function spansOf(transactions: readonly Transaction[]): Span[] {
  return transactions.filter(({ type }) => type !== "fail").map(({ place, type, invocation, completion }) => ({
    vertex: place,
    process: completion.process,
    begin: invocation.index,
    end: type === "ok" ? completion.index : Infinity,
  }));
}
