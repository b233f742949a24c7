/**
 * Edges for the order of operations in time: process order and real-time order.
 *
 * @module
 */

import { PROCESS, REALTIME } from "./edge_kinds.ts";
import { type Edges, link } from "./graph.ts";

/** The time that an operation took. */
export interface Span {
  /** The vertex of the operation. */
  vertex: number;
  process: number | "nemesis";
  /** Index of the invocation. */
  begin: number;
  /** Index of the completion; infinite if the operation may take effect at any later time. */
  end: number;
}

/** Links each operation to the next one of the same process. Operations with an infinite end are ignored. */
export function linkProcesses(edges: Edges, spans: readonly Span[]): void {
  const latest = new Map<Span["process"], Span>();
  for (const span of spans.filter(({ end }) => end < Infinity).sort((a, b) => a.end - b.end)) {
    const before = latest.get(span.process);
    if (before !== undefined) link(edges, before.vertex, span.vertex, PROCESS);
    latest.set(span.process, span);
  }
}

/**
 * Links each operation to those invoked after its completion. If a third operation lies between the two, the link is
 * left out: those to and from the third imply it. So no vertex has more links into it than there are processes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createEdges } from "./graph.ts";
 * import { linkRealtime } from "./order_edges.ts";
 *
 * const edges = createEdges();
 * linkRealtime(edges, [0, 1, 2].map((vertex) => ({ vertex, process: 0, begin: 2 * vertex, end: 2 * vertex + 1 })));
 * assertEquals([edges.from, edges.to], [[0, 1], [1, 2]]);
 * ```
 */
export function linkRealtime(edges: Edges, spans: readonly Span[]): void {
  const events = spans.flatMap((span, place) => {
    const begin = { at: span.begin, place, isEnd: false };
    return span.end === Infinity ? [begin] : [begin, { at: span.end, place, isEnd: true }];
  }).sort((a, b) => a.at - b.at);
  // Completed operations after which no other has been both invoked and completed.
  const latest = new Set<number>();
  // By operation, what was in `latest` when it was invoked.
  const predecessors: number[][] = spans.map(() => []);
  for (const { place, isEnd } of events) {
    if (isEnd) {
      for (const earlier of predecessors[place]!) latest.delete(earlier);
      predecessors[place] = [];
      latest.add(place);
    } else {
      predecessors[place] = [...latest];
      for (const earlier of latest) link(edges, spans[earlier]!.vertex, spans[place]!.vertex, REALTIME);
    }
  }
}
