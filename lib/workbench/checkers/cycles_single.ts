/**
 * Which anti-dependencies are the only one of a cycle: the same question for very many edges at once.
 *
 * @module
 */

import type { Start } from "./cycles.ts";
import { components, type Graph, type Kinds } from "./graph.ts";

/** How many vertices are asked about in one go: the bits of a small integer. */
const BATCH = 30;

/**
 * Of some edges, finds one from whose end a path leads back to its start. All vertices learn which of a batch of starts
 * they lead to, in one pass over the graph.
 *
 * @param along What the path may go along.
 * @returns One edge, or none if there is no such path.
 */
export function singleAntiDependencies(graph: Graph, starts: readonly Start[], along: Kinds): Start[] {
  if (starts.length === 0) return [];
  const { of, count } = components(graph, along);
  const members = byComponent(of, count);
  const froms = [...new Set(starts.map(({ from }) => from))];
  const bits = new Int32Array(graph.size);
  const leadsTo = new Int32Array(count);
  for (let at = 0; at < froms.length; at += BATCH) {
    bits.fill(0);
    froms.slice(at, at + BATCH).forEach((from, bit) => bits[from] = 1 << bit);
    leadsTo.fill(0);
    // A component comes after those it leads to.
    for (const vertex of members) {
      let reached = leadsTo[of[vertex]!]! | bits[vertex]!;
      for (let edge = graph.starts[vertex]!; edge < graph.starts[vertex + 1]!; edge++) {
        if ((graph.kinds[edge]! & along) !== 0) reached |= leadsTo[of[graph.targets[edge]!]!]!;
      }
      leadsTo[of[vertex]!] = reached;
    }
    const found = starts.find(({ from, to }) => bits[from] !== 0 && (leadsTo[of[to]!]! & bits[from]!) !== 0);
    if (found !== undefined) return [found];
  }
  return [];
}

/** The vertices, those of the first component first. */
function byComponent(of: Int32Array, count: number): Int32Array {
  const ends = new Int32Array(count + 1);
  for (const component of of) ends[component + 1]!++;
  for (let component = 0; component < count; component++) ends[component + 1]! += ends[component]!;
  const sorted = new Int32Array(of.length);
  for (let vertex = 0; vertex < of.length; vertex++) sorted[ends[of[vertex]!]!++] = vertex;
  return sorted;
}
