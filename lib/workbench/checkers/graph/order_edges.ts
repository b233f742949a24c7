/**
 * The order in which things were done, as edges: by one process, and in real time.
 *
 * @module
 */

import { PROCESS, REALTIME } from "./cycles.ts";
import { type Edges, link } from "./graph.ts";

/** When something was done, and by whom. */
export interface Span {
  /** The vertex that stands for it. */
  vertex: number;
  process: number | "nemesis";
  /** Index of the invocation. */
  begin: number;
  /** Index of the completion; infinite where nobody knows whether it had taken effect by then. */
  end: number;
}

/** Links what each process did to what it did next. Whatever has no end is left out. */
export function linkProcesses(edges: Edges, spans: readonly Span[]): void {
  const latest = new Map<Span["process"], Span>();
  for (const span of spans.filter(({ end }) => end < Infinity).sort((a, b) => a.end - b.end)) {
    const before = latest.get(span.process);
    if (before !== undefined) link(edges, before.vertex, span.vertex, PROCESS);
    latest.set(span.process, span);
  }
}

/**
 * Links what was completed to what was begun afterwards. Left out is what follows from other links: there is one only to
 * where nothing was begun and completed in between. So there are no more of them to each vertex than there are
 * processes.
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
  const latest = new Set<number>();
  const before: number[][] = spans.map(() => []);
  for (const { place, isEnd } of events) {
    if (isEnd) {
      before[place]!.forEach((earlier) => latest.delete(earlier));
      before[place] = [];
      latest.add(place);
    } else {
      before[place] = [...latest];
      for (const earlier of latest) link(edges, spans[earlier]!.vertex, spans[place]!.vertex, REALTIME);
    }
  }
}
