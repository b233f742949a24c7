/**
 * A service that answers with errors for a while, for the tests of programs.
 *
 * @module
 */

import type { AnyNode } from "../../lib/node.ts";
import type { Message } from "../../lib/protocol.ts";
import { type Cluster, type ClusterOptions, startCluster } from "../cluster.ts";

/** Codes of errors to test with: definite and indefinite ones, of services and of others. */
export const ERROR_CODES = [0, 1, 10, 11, 12, 13, 14, 21, 22, 30, 1001];

/** A cluster one of whose services can fail. */
export interface FailingCluster {
  readonly cluster: Cluster;
  /** Requests answered with an error so far. */
  readonly failed: number;
  /** Has the service answer every request with the error of this code, or do its work again. */
  fail(code: number | undefined): void;
}

/** Starts a cluster. */
export async function startFailingCluster(
  program: (node: AnyNode) => void,
  service: string,
  options: Omit<ClusterOptions, "program" | "seed">,
): Promise<FailingCluster> {
  let failing: number | undefined;
  let failed = 0;
  const keep = ({ src, dest, body }: Message) => {
    if (failing === undefined || dest !== service) return false;
    failed++;
    cluster.network.send({ src: dest, dest: src, body: { type: "error", code: failing, in_reply_to: body.msg_id } });
    return true;
  };
  const cluster = await startCluster({ ...options, program, seed: "1", keep });
  return {
    cluster,
    get failed() {
      return failed;
    },
    fail: (code) => failing = code,
  };
}
