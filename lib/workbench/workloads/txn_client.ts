/**
 * The client that both workloads of transactions share.
 *
 * @module
 */

import { clip } from "../base/text.ts";
import { formatLine } from "../base/json.ts";
import type { Workload } from "./workload.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { withErrors } from "./outcome.ts";

type Operations = [f: string, key: unknown, value: unknown][];

/** A client that asks for transactions; a reply with other operations than those asked for is malformed. */
export function txnClient(rpc: RPC): Workload["client"] {
  return (connection, node) => ({
    invoke: ({ value }) =>
      withErrors(false, async () => {
        const { txn } = await connection.rpc(node, rpc, { txn: value });
        const problem = difference(value as Operations, txn as Operations);
        if (problem === undefined) return { type: "ok", value: txn };
        throw new TypeError([
          `Node ${node} answered txn with another transaction: ${problem}`,
          `  asked:    ${clip(formatLine(value))}`,
          `  answered: ${clip(formatLine(txn))}`,
        ].join("\n"));
      }),
  });
}

/** What the node has changed besides the values of reads. */
function difference(asked: Operations, answered: Operations): string | undefined {
  if (asked.length !== answered.length) return `expected ${asked.length} operations, got ${answered.length}`;
  for (const [index, [f, key, value]] of asked.entries()) {
    const expected = formatLine(f === "r" ? [f, key] : [f, key, value]);
    const got = formatLine(f === "r" ? answered[index]!.slice(0, 2) : answered[index]);
    if (got !== expected) return `expected operation ${index + 1} to be ${clip(expected)}, got ${clip(got)}`;
  }
  return undefined;
}
