/**
 * Shortest paths: many searches in one graph, breadth first, that share their memory.
 *
 * @module
 */

import type { Kinds } from "./edge_kinds.ts";
import type { Graph } from "./graph.ts";

/** A path through a graph. */
export interface Path {
  /** From the first vertex to the last. */
  vertices: number[];
  /** The kinds of the edges between them: one fewer than vertices. */
  kinds: Kinds[];
}

/** State of the searches in one graph. */
export interface PathFinder {
  readonly graph: Graph;
  /** Number of edges that all searches together have looked at. Only grows. */
  effort: number;
  /** Number of the current search. */
  search: number;
  /** By vertex, the last search that reached it. */
  readonly reachedIn: Int32Array;
  /** By vertex that the current search has reached: the edge to it, and that edge's source. */
  readonly reachedBy: Int32Array;
  readonly reachedFrom: Int32Array;
  /** Vertices that the current search has reached, in order. */
  readonly queue: Int32Array;
}

/** Creates a path finder. */
export function createPathFinder(graph: Graph): PathFinder {
  const { size } = graph;
  return {
    graph,
    effort: 0,
    search: 0,
    reachedIn: new Int32Array(size),
    reachedBy: new Int32Array(size),
    reachedFrom: new Int32Array(size),
    queue: new Int32Array(size),
  };
}

/**
 * Finds a shortest path between two different vertices.
 *
 * @param along Edges of other kinds are ignored.
 * @param limit Greatest number of edges that the path may have.
 * @returns Undefined if there is no such path.
 */
export function findPath(
  finder: PathFinder,
  from: number,
  to: number,
  along: Kinds,
  limit: number,
): Path | undefined {
  const { graph: { starts, targets, kinds }, reachedIn, reachedBy, reachedFrom, queue } = finder;
  const search = ++finder.search;
  reachedIn[from] = search;
  queue[0] = from;
  let [read, written, depth, endOfDepth] = [0, 1, 0, 1];
  while (read < written && depth < limit) {
    const vertex = queue[read++]!;
    for (let edge = starts[vertex]!; edge < starts[vertex + 1]!; edge++) {
      finder.effort++;
      const target = targets[edge]!;
      if (reachedIn[target] === search || (kinds[edge]! & along) === 0) continue;
      reachedIn[target] = search;
      reachedFrom[target] = vertex;
      reachedBy[target] = edge;
      if (target === to) return tracePath(finder, from, to);
      queue[written++] = target;
    }
    if (read === endOfDepth) {
      depth++;
      endOfDepth = written;
    }
  }
  return undefined;
}

function tracePath({ graph: { kinds }, reachedBy, reachedFrom }: PathFinder, from: number, to: number): Path {
  const path: Path = { vertices: [to], kinds: [] };
  for (let vertex = to; vertex !== from; vertex = reachedFrom[vertex]!) {
    path.kinds.push(kinds[reachedBy[vertex]!]!);
    path.vertices.push(reachedFrom[vertex]!);
  }
  path.kinds.reverse();
  path.vertices.reverse();
  return path;
}
