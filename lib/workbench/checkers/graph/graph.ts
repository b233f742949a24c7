/**
 * Directed graphs of integers whose edges have kinds: strongly connected components and shortest paths. Made for
 * graphs of hundreds of thousands of vertices: flat arrays, and no recursion.
 *
 * Sources: Tarjan, "Depth-First Search and Linear Graph Algorithms" (1972).
 *
 * @module
 */

/** The kinds of edges are bits, so that a number is a set of them. */
export type Kinds = number;

/**
 * The kind of an edge that only goes on from a vertex which stands for no one: together with the edge before, it is one
 * edge of that one's kind. So many vertices can be linked to many others without an edge for each pair.
 */
export const JOINT: Kinds = 128;

/** Edges as they are collected. */
export interface Edges {
  from: number[];
  to: number[];
  kinds: Kinds[];
}

/** A graph whose vertices are 0, 1, … `size - 1`. */
export interface Graph {
  size: number;
  /** By vertex, where its edges begin in `targets`; one more at the end. */
  starts: Int32Array;
  /** Where the edges go. */
  targets: Int32Array;
  /** By edge, its kinds. */
  kinds: Uint8Array;
}

/** No edges yet. */
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
 * Makes a graph of edges. Edges between the same two vertices become one with all their kinds; those from a vertex to
 * itself are left out.
 *
 * @param size One more than the greatest vertex.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buildGraph, components, link, createEdges } from "./graph.ts";
 *
 * const edges = createEdges();
 * link(edges, 0, 1, 1);
 * link(edges, 1, 0, 2);
 * link(edges, 1, 2, 1);
 * const { of } = components(buildGraph(3, edges));
 * assertEquals([of[0] === of[1], of[1] === of[2]], [true, false]);
 * ```
 */
export function buildGraph(size: number, { from, to, kinds }: Edges): Graph {
  const ends = new Int32Array(size + 1);
  for (const vertex of from) ends[vertex + 1]!++;
  for (let vertex = 0; vertex < size; vertex++) ends[vertex + 1]! += ends[vertex]!;
  const sorted = new Int32Array(from.length);
  const next = ends.slice();
  for (let edge = 0; edge < from.length; edge++) sorted[next[from[edge]!]!++] = edge;
  const graph = {
    size,
    starts: new Int32Array(size + 1),
    targets: new Int32Array(from.length),
    kinds: new Uint8Array(from.length),
  };
  const placeOf = new Int32Array(size).fill(-1);
  let places = 0;
  for (let vertex = 0; vertex < size; vertex++) {
    const start = graph.starts[vertex] = places;
    for (let at = ends[vertex]!; at < ends[vertex + 1]!; at++) {
      const edge = sorted[at]!;
      const target = to[edge]!;
      if (target === vertex) continue;
      if (placeOf[target]! < start) graph.targets[placeOf[target] = places++] = target;
      graph.kinds[placeOf[target]!]! |= kinds[edge]!;
    }
  }
  graph.starts[size] = places;
  return graph;
}

/** The edges of a graph with other kinds; those that are left with none are taken out. */
export function relabel(graph: Graph, kindsOf: (kinds: Kinds) => Kinds): Graph {
  const starts = new Int32Array(graph.size + 1);
  const targets = new Int32Array(graph.targets.length);
  const kinds = new Uint8Array(graph.targets.length);
  let places = 0;
  for (let vertex = 0; vertex < graph.size; vertex++) {
    starts[vertex] = places;
    for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
      const kind = kindsOf(graph.kinds[edge]!);
      if (kind === 0) continue;
      targets[places] = graph.targets[edge]!;
      kinds[places++] = kind;
    }
  }
  starts[graph.size] = places;
  return { size: graph.size, starts, targets, kinds };
}

/** The strongly connected components of a graph. */
export interface Components {
  /** By vertex, the number of its component. A component has a lower number than those that lead to it. */
  of: Int32Array;
  count: number;
}

/**
 * Finds the strongly connected components of a graph: Tarjan's algorithm, without recursion.
 *
 * @param along The kinds of edges to go along; all, unless told otherwise.
 */
export function components({ size, starts, targets, kinds }: Graph, along: Kinds = 255): Components {
  const of = new Int32Array(size).fill(-1);
  const order = new Int32Array(size); // 1, 2, … as vertices are first seen
  const lowest = new Int32Array(size);
  const edges = starts.slice(0, size); // the next edge to look at
  const stack = new Int32Array(size); // vertices without a component yet
  const path = new Int32Array(size);
  let [seen, stacked, length, count] = [0, 0, 0, 0];
  const enter = (vertex: number) => {
    order[vertex] = lowest[vertex] = ++seen;
    stack[stacked++] = path[length++] = vertex;
  };
  for (let root = 0; root < size; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    while (length > 0) {
      const vertex = path[length - 1]!;
      const edge = edges[vertex]!++;
      if (edge < starts[vertex + 1]!) {
        const target = targets[edge]!;
        if ((kinds[edge]! & along) === 0) continue;
        if (order[target] === 0) enter(target);
        else if (of[target] === -1) lowest[vertex] = Math.min(lowest[vertex]!, order[target]!);
        continue;
      }
      length--;
      if (length > 0) lowest[path[length - 1]!] = Math.min(lowest[path[length - 1]!]!, lowest[vertex]!);
      if (lowest[vertex] !== order[vertex]) continue;
      while (of[vertex] === -1) of[stack[--stacked]!] = count;
      count++;
    }
  }
  return { of, count };
}

/** A part of a graph, with vertices of its own. */
export interface Part {
  /** By vertex of the part, the vertex of the whole. */
  vertices: number[];
  graph: Graph;
}

/** The strongly connected components with more than one vertex, each as a graph: those that have cycles. */
export function cyclicParts(graph: Graph): Part[] {
  const { of, count } = components(graph);
  const members: number[][] = Array.from({ length: count }, () => []);
  const places = new Int32Array(graph.size);
  for (let vertex = 0; vertex < graph.size; vertex++) places[vertex] = members[of[vertex]!]!.push(vertex) - 1;
  return members.filter(({ length }) => length > 1).map((vertices) => {
    const edges = createEdges();
    for (const [place, vertex] of vertices.entries()) {
      for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
        const target = graph.targets[edge]!;
        if (of[target] === of[vertex]) link(edges, place, places[target]!, graph.kinds[edge]!);
      }
    }
    return { vertices, graph: buildGraph(vertices.length, edges) };
  }).sort((a, b) => a.vertices[0]! - b.vertices[0]!);
}

/** A way through a graph. */
export interface Path {
  /** From the first vertex to the last. */
  vertices: number[];
  /** The kinds of the edges between them. */
  kinds: Kinds[];
}

/** Finds the shortest of the paths between two vertices. */
export interface PathFinder {
  /**
   * @param limit How many edges the path may have at most.
   * @returns Nothing where there is no such path.
   */
  find(from: number, to: number, along: Kinds, limit: number): Path | undefined;
  /** How many edges have been looked at so far. */
  effort: number;
}

/** Prepares to look for many paths in one graph: breadth first. */
export function pathFinder({ size, starts, targets, kinds }: Graph): PathFinder {
  const reachedBy = new Int32Array(size); // the edge
  const previous = new Int32Array(size);
  const round = new Int32Array(size); // of the search that reached the vertex last
  const queue = new Int32Array(size);
  let rounds = 0;
  const trace = (from: number, to: number): Path => {
    const path: Path = { vertices: [to], kinds: [] };
    for (let vertex = to; vertex !== from; vertex = previous[vertex]!) {
      path.kinds.push(kinds[reachedBy[vertex]!]!);
      path.vertices.push(previous[vertex]!);
    }
    path.kinds.reverse();
    path.vertices.reverse();
    return path;
  };
  const finder: PathFinder = {
    effort: 0,
    find(from, to, along, limit) {
      round[from] = ++rounds;
      queue[0] = from;
      let [read, written, depth, endOfDepth] = [0, 1, 0, 1];
      while (read < written && depth < limit) {
        const vertex = queue[read++]!;
        for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
          finder.effort++;
          const target = targets[edge]!;
          if (round[target] === rounds || (kinds[edge]! & along) === 0) continue;
          round[target] = rounds;
          previous[target] = vertex;
          reachedBy[target] = edge;
          if (target === to) return trace(from, to);
          queue[written++] = target;
        }
        if (read === endOfDepth) {
          depth++;
          endOfDepth = written;
        }
      }
      return undefined;
    },
  };
  return finder;
}
