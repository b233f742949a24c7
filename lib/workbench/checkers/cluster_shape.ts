/**
 * The shape of a cluster, which a history does not record.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";

/** The nodes and workers of a test. They determine the node that a process talked to. */
export interface ClusterShape {
  /** Names of the nodes. Worker i talks to node i modulo their number. */
  nodes?: readonly string[];
  /** Number of workers. Worker w runs process w; if that crashes, process w + concurrency, and so on. */
  concurrency?: number;
}

/**
 * Names a process, and the node that it talked to if that is known: `process 3 on n1`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nameProcess } from "./cluster_shape.ts";
 *
 * assertEquals([nameProcess(3, "n1"), nameProcess(3, undefined)], ["process 3 on n1", "process 3"]);
 * ```
 */
export function nameProcess(process: Operation["process"], node: string | undefined): string {
  return `process ${process}${onNode(node)}`;
}

/** Says on which node something happened: ` on n1`; empty if that is not known. */
export function onNode(node: string | undefined): string {
  return node === undefined ? "" : ` on ${node}`;
}

/** Finds the node that a process talked to; undefined if the shape has no nodes or no concurrency. */
export function nodeOf(process: Operation["process"], { nodes = [], concurrency }: ClusterShape): string | undefined {
  if (process === "nemesis" || concurrency === undefined) return undefined;
  return nodes[process % concurrency % nodes.length];
}
