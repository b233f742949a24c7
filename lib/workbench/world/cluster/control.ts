/**
 * Client of a cluster's supervisor.
 *
 * @module
 */

import { FailedError, messageOf } from "../../base/errors.ts";
import type { ClusterReport, ClusterState } from "./state.ts";

/** Client of a supervisor. Each method throws a {@linkcode FailedError} if the supervisor cannot do it. */
export interface ClusterControl {
  report(): Promise<ClusterReport>;
  /**
   * Ends all nodes, and gives the services a new, empty store.
   *
   * @param start True to start the nodes again.
   */
  reset(start: boolean): Promise<void>;
  /** Performs an action on a node. A node that is started is ready for messages. */
  node(id: string, action: NodeAction): Promise<void>;
  /** Ends the cluster. */
  stop(): Promise<void>;
}

/** Action on a node: that of a fault, or of its end. */
export type NodeAction = "start" | "kill" | "pause" | "resume";

/** Time that a supervisor has to answer, ms. On a busy machine, nodes and servers take long to start or to end. */
const TIMEOUT = 600_000;

/** Creates a client. */
export function createControl({ control, token }: Pick<ClusterState, "control" | "token">): ClusterControl {
  const ask = async (method: "GET" | "POST", path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    let response: Response;
    try {
      response = await fetch(`${control}/${path}`, { method, headers, signal: AbortSignal.timeout(TIMEOUT) });
    } catch (error) {
      throw new UnreachableError(`Cannot reach the cluster's supervisor at ${control}: ${messageOf(error)}`);
    }
    const text = await response.text();
    if (!response.ok) throw new FailedError(text);
    return JSON.parse(text);
  };
  return {
    report: async () => await ask("GET", "") as ClusterReport,
    reset: async (start) => void await ask("POST", start ? "reset" : "clear"),
    node: async (id, action) => void await ask("POST", `nodes/${id}/${action}`),
    stop: async () => void await ask("POST", "stop"),
  };
}

/** Error of a supervisor that does not answer: it does not run any more. */
export class UnreachableError extends FailedError {
  override name = "UnreachableError";
}
