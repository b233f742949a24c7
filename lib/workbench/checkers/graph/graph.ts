/**
 * Directed graphs of integers whose edges have kinds. They are flat arrays, since a history can have hundreds of
 * thousands of transactions.
 *
 * @module
 */

import type { Kinds } from "./edge_kinds.ts";

/** Edges while they are collected. The three arrays have the same length. */
export interface Edges {
  /** By edge, its source. */
  from: number[];
  /** By edge, its target. */
  to: number[];
  /** By edge, its kinds. */
  kinds: Kinds[];
}

/** A graph with the vertices 0, 1, … `size - 1`, in compressed sparse row format. */
export interface Graph {
  /** Number of vertices. */
  size: number;
  /** By vertex, the index of its first edge; one more entry at the end. Edges of one vertex are adjacent. */
  starts: Int32Array;
  /** By edge, its target. */
  targets: Int32Array;
  /** By edge, its kinds. */
  kinds: Uint8Array;
}

/** Creates an empty collection of edges. */
export function createEdges(): Edges {
  return { from: [], to: [], kinds: [] };
}

/** Adds an edge. */
export function link(edges: Edges, from: number, to: number, kinds: Kinds): void {
  edges.from.push(from);
  edges.to.push(to);
  edges.kinds.push(kinds);
}

/**
 * Builds a graph from edges. Edges with the same source and target become one edge with all their kinds; edges from a
 * vertex to itself are dropped.
 *
 * @param size Number of vertices; every vertex in `edges` is below it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildGraph, createEdges, link } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, 1);
 * link(edges, 0, 1, 2);
 * const { starts, targets, kinds } = buildGraph(2, edges);
 * assertEquals([[...starts], targets[0], kinds[0]], [[0, 1, 1], 1, 3]);
 * ```
 */
export function buildGraph(size: number, { from, to, kinds }: Edges): Graph {
  const { starts, sorted } = sortBySource(size, from);
  const graph = {
    size,
    starts: new Int32Array(size + 1),
    targets: new Int32Array(from.length),
    kinds: new Uint8Array(from.length),
  };
  // By target, the index of the last edge added to it. It belongs to the current source if it is not below `start`.
  const edgeTo = new Int32Array(size).fill(-1);
  let count = 0;
  for (let vertex = 0; vertex < size; vertex++) {
    const start = graph.starts[vertex] = count;
    for (let at = starts[vertex]!; at < starts[vertex + 1]!; at++) {
      const edge = sorted[at]!;
      const target = to[edge]!;
      if (target === vertex) continue;
      if (edgeTo[target]! < start) {
        edgeTo[target] = count;
        graph.targets[count++] = target;
      }
      graph.kinds[edgeTo[target]!]! |= kinds[edge]!;
    }
  }
  graph.starts[size] = count;
  return graph;
}

/** Counting sort of edges by source: those of vertex v are `sorted[starts[v]]` to `sorted[starts[v + 1] - 1]`. */
function sortBySource(size: number, from: readonly number[]): { starts: Int32Array; sorted: Int32Array } {
  const starts = new Int32Array(size + 1);
  for (const vertex of from) starts[vertex + 1]!++;
  for (let vertex = 0; vertex < size; vertex++) starts[vertex + 1]! += starts[vertex]!;
  const next = starts.slice();
  const sorted = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) sorted[next[from[edge]!]!++] = edge;
  return { starts, sorted };
}

/** Graph under construction, whose edges are added in the order of their sources. */
export interface OrderedGraph {
  /** Adds an edge from the present source: at most one to each target, and none to itself. */
  add(target: number, kinds: Kinds): void;
  /** Continues with the next source. The first one is 0. */
  endSource(): void;
  /** Returns the graph, after `endSource` was called for each vertex. */
  finish(): Graph;
}

/**
 * Creates a graph without edges. It is faster than {@linkcode buildGraph}, as nothing is sorted.
 *
 * @param size Number of vertices.
 * @param maxEdges Largest number of edges.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildGraph, createEdges, createOrderedGraph, link } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, 3);
 * const graph = createOrderedGraph(2, 9);
 * graph.add(1, 3);
 * graph.endSource();
 * graph.endSource();
 * assertEquals(graph.finish(), buildGraph(2, edges));
 * ```
 */
export function createOrderedGraph(size: number, maxEdges: number): OrderedGraph {
  const starts = new Int32Array(size + 1);
  const targets = new Int32Array(maxEdges);
  const kinds = new Uint8Array(maxEdges);
  let source = 0;
  let count = 0;
  return {
    add(target, edgeKinds) {
      targets[count] = target;
      kinds[count++] = edgeKinds;
    },
    endSource() {
      starts[++source] = count;
    },
    finish: () => ({ size, starts, targets: targets.slice(0, count), kinds: kinds.slice(0, count) }),
  };
}

/** Copies a graph with new kinds for each edge. An edge with none is dropped. */
export function relabel({ size, starts, targets, kinds }: Graph, kindsOf: (kinds: Kinds) => Kinds): Graph {
  const copy = createOrderedGraph(size, targets.length);
  for (let vertex = 0; vertex < size; vertex++) {
    for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
      const newKinds = kindsOf(kinds[edge]!);
      if (newKinds !== 0) copy.add(targets[edge]!, newKinds);
    }
    copy.endSource();
  }
  return copy.finish();
}
