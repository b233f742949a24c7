/**
 * The operations of clients, each from invocation to completion.
 *
 * @module
 */

import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";
import { type ClusterShape, nodeOf } from "./cluster_shape.ts";

/** An operation of a client and its outcome. */
export interface Attempt {
  /** The client process. */
  process: number;
  /** The node that it talked to, if that is known. */
  node: string | undefined;
  /** The function. */
  f: string;
  /** The outcome: info also if the operation never completed. */
  type: "ok" | "fail" | "info";
  invocation: Operation;
  /** The completion; the invocation if there is none. */
  completion: Operation;
  /** Index of the completion; infinite if there is none. */
  end: number;
}

/**
 * Pairs the invocations of clients with their completions. Operations of the nemesis are left out.
 *
 * @param history In order of time.
 * @param shape From it, the node of each operation follows.
 * @returns In order of completion; operations that never completed come last.
 */
export function attempts(history: readonly Operation[], shape: ClusterShape = {}): Attempt[] {
  return pairs(history).map(({ invocation, completion }): Attempt => ({
    process: invocation.process as number,
    node: nodeOf(invocation.process, shape),
    f: invocation.f,
    type: completion?.type ?? "info",
    invocation,
    completion: completion ?? invocation,
    end: completion?.index ?? Infinity,
  })).sort((a, b) => a.end - b.end || a.invocation.index - b.invocation.index);
}
