/**
 * The client of both workloads of transactions.
 *
 * @module
 */

import { formatJSONLine } from "../../base/json.ts";
import { clip } from "../../base/text.ts";
import type { RPC } from "../../world/rpc_schema.ts";
import { withErrors } from "../outcome.ts";
import type { Workload } from "../workload.ts";

type MicroOperations = [f: string, key: unknown, value: unknown][];

/** Creates a client that requests transactions. A reply with other operations than the request is malformed. */
export function txnClient(rpc: RPC): Workload["client"] {
  return (connection, node) => ({
    invoke: ({ value }) =>
      withErrors(false, async () => {
        const { txn } = await connection.rpc(node, rpc, { txn: value });
        const problem = difference(value as MicroOperations, txn as MicroOperations);
        if (problem === undefined) return { type: "ok", value: txn };
        throw new TypeError([
          `Node ${node} answered txn with another transaction: ${problem}`,
          `  asked:    ${clip(formatJSONLine(value))}`,
          `  answered: ${clip(formatJSONLine(txn))}`,
        ].join("\n"));
      }),
  });
}

/** Describes the first difference between request and reply besides the values of reads; undefined if there is none. */
function difference(asked: MicroOperations, answered: MicroOperations): string | undefined {
  if (asked.length !== answered.length) return `expected ${asked.length} operations, got ${answered.length}`;
  for (const [index, [f, key, value]] of asked.entries()) {
    const expected = formatJSONLine(f === "r" ? [f, key] : [f, key, value]);
    const got = formatJSONLine(f === "r" ? answered[index]!.slice(0, 2) : answered[index]);
    if (got !== expected) return `expected operation ${index + 1} to be ${clip(expected)}, got ${clip(got)}`;
  }
  return undefined;
}
