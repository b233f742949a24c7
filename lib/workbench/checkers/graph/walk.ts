/**
 * Closed walks through a graph, and the names of their anomalies.
 *
 * @module
 */

import { JOINT, type Kinds, PROCESS, REALTIME, RW, WR } from "./edge_kinds.ts";

/** A walk that ends where it began. It is a cycle if it visits no vertex twice. */
export interface Walk {
  /** The vertices in order; the first one is not repeated at the end. */
  vertices: number[];
  /** By vertex, the kind of the edge to the next one; of the last one, to the first. */
  kinds: Kinds[];
}

/**
 * Names the anomaly of a cycle.
 *
 * @param kinds The kinds of its edges, in order.
 */
export function anomalyOf(kinds: readonly Kinds[]): string {
  const edges = kinds.filter((kind) => kind !== JOINT);
  const antiDependencies = edges.filter((kind) => kind === RW).length;
  const adjacent = edges.some((kind, index) => kind === RW && edges.at(index - 1) === RW);
  const suffix = edges.includes(REALTIME) ? "-realtime" : edges.includes(PROCESS) ? "-process" : "";
  if (antiDependencies === 0) return (edges.includes(WR) ? "G1c" : "G0") + suffix;
  if (antiDependencies === 1) return `G-single-item${suffix}`;
  return (adjacent ? "G2-item" : "G-nonadjacent-item") + suffix;
}

/**
 * Cuts a walk at vertices that it visits twice, until it is a cycle.
 *
 * @param anomaly The anomaly that the cycle must be.
 * @returns Undefined if both parts of a cut are other anomalies.
 */
export function toCycle(walk: Walk, anomaly: string): Walk | undefined {
  let rest: Walk | undefined = walk;
  while (rest !== undefined && anomalyOf(rest.kinds) === anomaly) {
    const loop = findLoop(rest.vertices);
    if (loop === undefined) return rest;
    rest = [inside(rest, loop), outside(rest, loop)].find(({ kinds }) => anomalyOf(kinds) === anomaly);
  }
  return undefined;
}

/** Finds the first part of a walk that comes back to a vertex. */
function findLoop(vertices: readonly number[]): [start: number, end: number] | undefined {
  const places = new Map<number, number>();
  for (const [place, vertex] of vertices.entries()) {
    const before = places.get(vertex);
    if (before !== undefined) return [before, place];
    places.set(vertex, place);
  }
  return undefined;
}

function inside({ vertices, kinds }: Walk, [start, end]: [number, number]): Walk {
  return { vertices: vertices.slice(start, end), kinds: kinds.slice(start, end) };
}

function outside({ vertices, kinds }: Walk, [start, end]: [number, number]): Walk {
  return { vertices: vertices.toSpliced(start, end - start), kinds: kinds.toSpliced(start, end - start) };
}

/** Removes the auxiliary vertices: those from which a JOINT edge leads on. */
export function withoutJoints({ vertices, kinds }: Walk): Walk {
  return {
    vertices: vertices.filter((_, index) => kinds[index] !== JOINT),
    kinds: kinds.filter((kind) => kind !== JOINT),
  };
}
