/**
 * The shape of a cluster, which a history does not record.
 *
 * @module
 */

/** The nodes and workers of a test. They determine the node that a process talked to. */
export interface ClusterShape {
  /** Names of the nodes. Worker i talks to node i modulo their number. */
  nodes?: readonly string[];
  /** Number of workers. Worker w runs process w; if that crashes, process w + concurrency, and so on. */
  concurrency?: number;
}

/** Finds the node that a process talked to; undefined if the shape has no nodes or no concurrency. */
export function nodeOf(process: number, { nodes = [], concurrency }: ClusterShape): string | undefined {
  return concurrency === undefined ? undefined : nodes[process % concurrency % nodes.length];
}
