/** Graphs written by hand. */

import { buildGraph, createEdges, type Graph, link } from "../../../../lib/workbench/checkers/graph/graph.ts";

/** An edge: from, to, and its kinds. */
export type Edge = [from: number, to: number, kinds: number];

/** Builds a graph from a list of edges. */
export function graphOf(size: number, list: readonly Edge[]): Graph {
  const edges = createEdges();
  for (const [from, to, kinds] of list) link(edges, from, to, kinds);
  return buildGraph(size, edges);
}

/** Lists the edges of a graph. */
export function edgesOf({ size, starts, targets, kinds }: Graph): Edge[] {
  return Array.from({ length: size }, (_, from) =>
    Array.from(
      targets.subarray(starts[from], starts[from + 1]),
      (to, at): Edge => [from, to, kinds[starts[from]! + at]!],
    )).flat();
}
