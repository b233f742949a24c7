/**
 * The search for edges on cycles, among very many: a path from the edge's target back to its source makes a cycle.
 *
 * 1. Order the vertices by component, in reverse topological order.
 * 2. Search for a path back from one edge after another. That is fast if paths are short, or quickly ruled out.
 * 3. If that finds nothing within its limit, search for 30 sources at once: one pass over the graph computes for every
 *    component which of these sources it leads to.
 *
 * @module
 */

import { findComponents } from "./components.ts";
import type { Kinds } from "./edge_kinds.ts";
import type { Graph } from "./graph.ts";

/** An edge of one kind. */
export interface Edge {
  from: number;
  to: number;
  kind: Kinds;
}

/** Number of sources that one pass over the graph searches for: one bit each in a small integer. */
const BATCH = 30;

/**
 * Finds edges that are on a cycle whose other edges are of some kinds.
 *
 * @param edges The edges to try, in this order.
 * @param along The kinds of the other edges.
 * @param wanted Number of edges to find.
 * @param effort Number of edges that step 2 may look at.
 * @returns Up to `wanted` edges. Empty only if no edge is on such a cycle.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildGraph, createEdges, link } from "./graph.ts";
 * import { findEdgesOnCycles } from "./edges_on_cycles.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, 4);
 * link(edges, 1, 2, 4);
 * link(edges, 1, 0, 1);
 * const candidates = [{ from: 0, to: 1, kind: 4 }, { from: 1, to: 2, kind: 4 }];
 * assertEquals(findEdgesOnCycles(buildGraph(3, edges), candidates, 1, 9), [{ from: 0, to: 1, kind: 4 }]);
 * ```
 */
export function findEdgesOnCycles(
  graph: Graph,
  edges: readonly Edge[],
  along: Kinds,
  wanted: number,
  effort: number = 20_000_000,
): Edge[] {
  const search = createSearch(graph, along);
  const found: Edge[] = [];
  let tried = 0;
  while (tried < edges.length && found.length < wanted && search.effort < effort) {
    const edge = edges[tried++]!;
    if (leadsTo(search, edge.to, edge.from)) found.push(edge);
  }
  return found.length > 0 ? found : findInBatches(search, edges.slice(tried));
}

/** State of the searches of step 2. */
interface Search extends ComponentOrder {
  readonly graph: Graph;
  readonly along: Kinds;
  /** Number of edges that all searches together have looked at. Only grows. */
  effort: number;
  /** Number of the current search. */
  current: number;
  /** By vertex, the last search that reached it. */
  readonly reachedIn: Int32Array;
  /** Vertices that the current search still has to look at. */
  readonly stack: Int32Array;
}

/** The vertices of a graph in reverse topological order: each component comes before those that lead to it. */
interface ComponentOrder {
  readonly vertices: Int32Array;
  /** By vertex, the number of its component. A component has a higher number than those that it leads to. */
  readonly componentOf: Int32Array;
  /** By component, the number of components on the longest path to it. */
  readonly depths: Int32Array;
}

function createSearch(graph: Graph, along: Kinds): Search {
  return {
    ...orderByComponent(graph, along),
    graph,
    along,
    effort: 0,
    current: 0,
    reachedIn: new Int32Array(graph.size),
    stack: new Int32Array(graph.size),
  };
}

function orderByComponent(graph: Graph, along: Kinds): ComponentOrder {
  const { componentOf, count } = findComponents(graph, along);
  // Counting sort. By component, the next free place in `vertices`.
  const next = new Int32Array(count + 1);
  for (const component of componentOf) next[component + 1]!++;
  for (let component = 0; component < count; component++) next[component + 1]! += next[component]!;
  const vertices = new Int32Array(graph.size);
  for (let vertex = 0; vertex < graph.size; vertex++) vertices[next[componentOf[vertex]!]!++] = vertex;
  const depths = new Int32Array(count);
  for (const vertex of vertices.toReversed()) {
    const component = componentOf[vertex]!;
    const depth = depths[component]! + 1;
    for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
      const target = componentOf[graph.targets[edge]!]!;
      if ((graph.kinds[edge]! & along) === 0 || target === component) continue;
      depths[target] = Math.max(depths[target]!, depth);
    }
  }
  return { componentOf, vertices, depths };
}

/** Searches for a path, depth first. */
function leadsTo(search: Search, from: number, to: number): boolean {
  const { graph: { starts, targets, kinds }, along, componentOf, depths, reachedIn, stack } = search;
  const current = ++search.current;
  const goal = componentOf[to]!;
  if (componentOf[from] === goal) return true;
  reachedIn[from] = current;
  stack[0] = from;
  let length = 1;
  while (length > 0) {
    const vertex = stack[--length]!;
    for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
      search.effort++;
      const next = targets[edge]!;
      if (reachedIn[next] === current || (kinds[edge]! & along) === 0) continue;
      const component = componentOf[next]!;
      if (component === goal) return true;
      reachedIn[next] = current;
      // A component that leads to the goal has a higher number, and a smaller depth.
      if (component > goal && depths[component]! < depths[goal]!) stack[length++] = next;
    }
  }
  return false;
}

/** Finds one edge on a cycle, if there is any. */
function findInBatches({ graph, along, componentOf, vertices, depths }: Search, edges: readonly Edge[]): Edge[] {
  const bySource = [...Map.groupBy(edges, ({ from }) => from).values()];
  // By vertex, its bit if it is a source of this batch; by component, the bits of all sources that it leads to.
  const bits = new Int32Array(graph.size);
  const reachable = new Int32Array(depths.length);
  for (let at = 0; at < bySource.length; at += BATCH) {
    const batch = bySource.slice(at, at + BATCH);
    bits.fill(0);
    for (const [bit, [edge]] of batch.entries()) bits[edge!.from] = 1 << bit;
    reachable.fill(0);
    for (const vertex of vertices) {
      let reached = reachable[componentOf[vertex]!]! | bits[vertex]!;
      for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
        if ((graph.kinds[edge]! & along) !== 0) reached |= reachable[componentOf[graph.targets[edge]!]!]!;
      }
      reachable[componentOf[vertex]!] = reached;
    }
    const found = batch.flat().find(({ from, to }) => (reachable[componentOf[to]!]! & bits[from]!) !== 0);
    if (found !== undefined) return [found];
  }
  return [];
}
