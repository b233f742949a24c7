/**
 * From the ends of which edges a path leads back to where they start: one question for very many edges of one graph.
 *
 * @module
 */

import { components, type Graph, type Kinds } from "./graph.ts";

/** An edge. */
export interface Edge {
  from: number;
  to: number;
  kind: Kinds;
}

/** How many vertices are asked about in one go: the bits of a small integer. */
const BATCH = 30;

/**
 * Of some edges, finds those from whose end a path leads back to their start.
 *
 * One search after another is fast where paths are short, or soon seen not to be. What is left after some time is
 * answered for many edges at once: all vertices learn which of them they lead to, in one pass over the graph.
 *
 * @param along What the path may go along.
 * @param wanted How many edges are enough.
 * @param effort How many edges the searches one by one may look at.
 * @returns As many, or fewer if there are not so many, or it would take too long: but none only if there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildGraph, link, createEdges } from "./graph.ts";
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
  const search = searcher(graph, along);
  const found: Edge[] = [];
  let asked = 0;
  while (asked < edges.length && found.length < wanted && search.effort < effort) {
    const edge = edges[asked++]!;
    if (search.leadsTo(edge.to, edge.from)) found.push(edge);
  }
  return found.length > 0 ? found : findOne(graph, edges.slice(asked), along, search.order);
}

/** The vertices of a graph in an order in which those that others lead to come first. */
interface Order {
  /** By vertex, its component; of two, the one that leads to the other has the higher number. */
  of: Int32Array;
  vertices: Int32Array;
  /** By component, the length of the longest path that leads to it. */
  depths: Int32Array;
}

function orderOf(graph: Graph, along: Kinds): Order {
  const { of, count } = components(graph, along);
  const ends = new Int32Array(count + 1);
  for (const component of of) ends[component + 1]!++;
  for (let component = 0; component < count; component++) ends[component + 1]! += ends[component]!;
  const vertices = new Int32Array(graph.size);
  for (let vertex = 0; vertex < graph.size; vertex++) vertices[ends[of[vertex]!]!++] = vertex;
  const depths = new Int32Array(count);
  for (let at = graph.size - 1; at >= 0; at--) {
    const vertex = vertices[at]!;
    const depth = depths[of[vertex]!]! + 1;
    for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
      const next = of[graph.targets[edge]!]!;
      if ((graph.kinds[edge]! & along) !== 0 && next !== of[vertex]) depths[next] = Math.max(depths[next]!, depth);
    }
  }
  return { of, vertices, depths };
}

/** Searches for paths one by one. */
interface Searcher {
  order: Order;
  /** How many edges have been looked at so far. */
  effort: number;
  leadsTo(from: number, to: number): boolean;
}

function searcher(graph: Graph, along: Kinds): Searcher {
  const { size, starts, targets, kinds } = graph;
  const order = orderOf(graph, along);
  const { of, depths } = order;
  const round = new Int32Array(size);
  const stack = new Int32Array(size);
  let rounds = 0;
  const self: Searcher = {
    order,
    effort: 0,
    leadsTo(from, to) {
      const goal = of[to]!;
      if (of[from] === goal) return true;
      round[from] = ++rounds;
      stack[0] = from;
      for (let length = 1; length > 0;) {
        const vertex = stack[--length]!;
        for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
          self.effort++;
          const next = targets[edge]!;
          if (round[next] === rounds || (kinds[edge]! & along) === 0) continue;
          const component = of[next]!;
          if (component === goal) return true;
          round[next] = rounds;
          // What leads to the goal comes after it in the order, and has a shorter way behind it.
          if (component > goal && depths[component]! < depths[goal]!) stack[length++] = next;
        }
      }
      return false;
    },
  };
  return self;
}

function findOne(graph: Graph, edges: readonly Edge[], along: Kinds, { of, vertices, depths }: Order): Edge[] {
  const byStart = [...Map.groupBy(edges, ({ from }) => from).values()];
  const bits = new Int32Array(graph.size);
  const leadsTo = new Int32Array(depths.length);
  for (let at = 0; at < byStart.length; at += BATCH) {
    const batch = byStart.slice(at, at + BATCH);
    bits.fill(0);
    batch.forEach(([edge], bit) => bits[edge!.from] = 1 << bit);
    leadsTo.fill(0);
    for (const vertex of vertices) {
      let reached = leadsTo[of[vertex]!]! | bits[vertex]!;
      for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
        if ((graph.kinds[edge]! & along) !== 0) reached |= leadsTo[of[graph.targets[edge]!]!]!;
      }
      leadsTo[of[vertex]!] = reached;
    }
    const found = batch.flat().find(({ from, to }) => (leadsTo[of[to]!]! & bits[from]!) !== 0);
    if (found !== undefined) return [found];
  }
  return [];
}
