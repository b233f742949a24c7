/**
 * Strongly connected components: the largest sets of vertices in which each can be reached from each other. A cycle
 * never leaves its component.
 *
 * Source: Tarjan, "Depth-First Search and Linear Graph Algorithms" (1972).
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { ANY_KIND, type Kinds } from "./edge_kinds.ts";
import { createOrderedGraph, type Graph } from "./graph.ts";

/** The strongly connected components of a graph. */
export interface Components {
  /** By vertex, the number of its component. A component has a higher number than those that it leads to. */
  componentOf: Int32Array;
  /** Number of components. */
  count: number;
}

/**
 * Finds the strongly connected components with Tarjan's algorithm, without recursion.
 *
 * @param along Edges of other kinds are ignored.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findComponents } from "./components.ts";
 * import { buildGraph, createEdges, link } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, 1);
 * link(edges, 1, 0, 2);
 * link(edges, 1, 2, 1);
 * const { componentOf } = findComponents(buildGraph(3, edges));
 * assertEquals([...componentOf], [1, 1, 0]);
 * ```
 */
export function findComponents({ size, starts, targets, kinds }: Graph, along: Kinds = ANY_KIND): Components {
  const componentOf = new Int32Array(size).fill(-1);
  const discovery = new Int32Array(size); // 1, 2, … in order of discovery; 0 before it
  const lowLink = new Int32Array(size); // the earliest discovery that the vertex is known to lead to
  const nextEdge = starts.slice(0, size);
  const pending = new Int32Array(size); // stack of discovered vertices that have no component yet
  const path = new Int32Array(size); // stack: from the root to the current vertex
  let [discovered, pendingCount, depth, count] = [0, 0, 0, 0];
  const discover = (vertex: number) => {
    discovery[vertex] = lowLink[vertex] = ++discovered;
    pending[pendingCount++] = path[depth++] = vertex;
  };
  for (let root = 0; root < size; root++) {
    if (discovery[root] !== 0) continue;
    discover(root);
    while (depth > 0) {
      const vertex = path[depth - 1]!;
      const edge = nextEdge[vertex]!++;
      if (edge < starts[vertex + 1]!) {
        const target = targets[edge]!;
        if ((kinds[edge]! & along) === 0) continue;
        if (discovery[target] === 0) discover(target);
        else if (componentOf[target] === -1) lowLink[vertex] = Math.min(lowLink[vertex]!, discovery[target]!);
        continue;
      }
      depth--;
      if (depth > 0) lowLink[path[depth - 1]!] = Math.min(lowLink[path[depth - 1]!]!, lowLink[vertex]!);
      if (lowLink[vertex] !== discovery[vertex]) continue;
      while (componentOf[vertex] === -1) componentOf[pending[--pendingCount]!] = count;
      count++;
    }
  }
  return { componentOf, count };
}

/** A subgraph with its own vertex numbers. */
export interface Subgraph {
  graph: Graph;
  /** By vertex of the subgraph, the vertex of the whole graph. */
  vertices: number[];
}

/** Extracts each strongly connected component with more than one vertex: exactly those contain cycles. */
export function cyclicComponents(graph: Graph): Subgraph[] {
  const { componentOf, count } = findComponents(graph);
  const sizes = new Int32Array(count);
  for (const component of componentOf) sizes[component]!++;
  // By component, its vertices. Most have one vertex, and are left out.
  const members = new Map<number, number[]>();
  const places = new Int32Array(graph.size);
  for (let vertex = 0; vertex < graph.size; vertex++) {
    const component = componentOf[vertex]!;
    if (sizes[component]! > 1) places[vertex] = getOrInsert(members, component, () => []).push(vertex) - 1;
  }
  // They are in the order of their first vertices.
  return Array.from(members, ([component, vertices]) => ({
    vertices,
    graph: extract(graph, vertices, (vertex) => componentOf[vertex] === component ? places[vertex] : undefined),
  }));
}

/** @param placeOf Returns the place of a vertex in `vertices`; undefined if it is not there. */
function extract(
  { starts, targets, kinds }: Graph,
  vertices: readonly number[],
  placeOf: (vertex: number) => number | undefined,
): Graph {
  const maxEdges = vertices.reduce((sum, vertex) => sum + starts[vertex + 1]! - starts[vertex]!, 0);
  const part = createOrderedGraph(vertices.length, maxEdges);
  for (const vertex of vertices) {
    for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
      const place = placeOf(targets[edge]!);
      if (place !== undefined) part.add(place, kinds[edge]!);
    }
    part.endSource();
  }
  return part.finish();
}
