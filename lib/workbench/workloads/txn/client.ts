/**
 * The client of both workloads of transactions.
 *
 * @module
 */

import { formatJSONLine } from "../../base/json.ts";
import { clip } from "../../base/text.ts";
import { replyDifference } from "../../checkers/txn/reply_shape.ts";
import type { RPC } from "../../world/rpc_schema.ts";
import { withErrors } from "../outcome.ts";
import type { Workload } from "../workload.ts";

/** Creates a client that requests transactions. A reply with other operations than the request is malformed. */
export function txnClient(rpc: RPC): Workload["client"] {
  return (connection, node) => ({
    invoke: ({ value }) =>
      withErrors(false, async () => {
        const { txn } = await connection.rpc(node, rpc, { txn: value });
        const problem = replyDifference(value as unknown[][], txn);
        if (problem === undefined) return { type: "ok", value: txn };
        throw new TypeError([
          `Node ${node} answered txn with another transaction: ${problem}`,
          `  asked:    ${clip(formatJSONLine(value))}`,
          `  answered: ${clip(formatJSONLine(txn))}`,
        ].join("\n"));
      }),
  });
}
