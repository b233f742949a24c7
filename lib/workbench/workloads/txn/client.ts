/**
 * The client of both workloads of transactions.
 *
 * @module
 */

import { formatJSON } from "../../base/json.ts";
import { clip } from "../../base/text.ts";
import { replyDifference } from "../../checkers/txn/reply_shape.ts";
import type { RPC } from "../../world/rpc_schema.ts";
import { withErrors } from "../outcome.ts";
import type { Workload } from "../workload.ts";

/**
 * Creates a client that requests transactions.
 *
 * A reply with other operations than the request is malformed. Maelstrom believes it, so the operation is recorded as
 * it does; the checker reports the reply. No checker looks into the final reads, so there it is an exception.
 */
export function txnClient(rpc: RPC): Workload["client"] {
  return (connection, node) => ({
    invoke: ({ value, final }) =>
      withErrors(false, async () => {
        const { txn } = await connection.rpc(node, rpc, { txn: value });
        const problem = final ? replyDifference(value as unknown[][], txn) : undefined;
        if (problem === undefined) return { type: "ok", value: txn };
        throw new TypeError([
          `Node ${node} answered txn with another transaction: ${problem}`,
          `  asked:    ${clip(formatJSON(value))}`,
          `  answered: ${clip(formatJSON(txn))}`,
        ].join("\n"));
      }),
  });
}
