/**
 * Final phase and convergence check of the workloads of transactions: every node is asked for every key, and all must
 * agree.
 *
 * @module
 */

import { formatExactJSON, parseExactJSON } from "../../base/json.ts";
import type { Operation } from "../../history/operation.ts";
import type { RPC } from "../../world/rpc_schema.ts";
import { perWorker, type RequestedMicroOperation, sequence } from "../generator.ts";
import type { Convergence, FinalPhase, OperationGenerator, TestOptions } from "../workload.ts";

/** Final phase. A single node has no other to agree with. */
export const txnFinalReads: FinalPhase = {
  needed: ({ nodes }) => nodes.length > 1,
  uncounted: true,
  generator: (options, _random, history) => readEverything(options, history),
  timeLimitSeconds: 10,
};

/**
 * Creates a generator by which one worker of each node reads all written keys, in reverse order of their first write.
 */
function readEverything(
  { nodes, concurrency, maxTxnLength }: TestOptions,
  history: readonly Operation[],
): OperationGenerator {
  const keys = writtenKeys(history).reverse();
  const transactions = Array.from({ length: Math.ceil(keys.length / maxTxnLength) }, (_, i) => {
    const chunk = keys.slice(i * maxTxnLength, (i + 1) * maxTxnLength);
    return { f: "txn", value: chunk.map((key): RequestedMicroOperation => ["r", key, null]), final: true };
  });
  return perWorker(concurrency, (worker) => sequence(worker < nodes.length ? transactions : []));
}

/** Maximum number of characters of a value in a phrase. */
const LENGTH = 80;

/** Creates the convergence check: one transaction reads all written keys, and all nodes must return the same. */
export function txnConvergence(history: readonly Operation[], rpc: RPC): Convergence {
  const txn = writtenKeys(history).map((key): RequestedMicroOperation => ["r", key, null]);
  return {
    async look(connection, node) {
      const reply = await connection.rpc(node, rpc, { txn });
      return formatExactJSON(reply.txn);
    },
    isComplete: (seen) => new Set(seen).size === 1,
    lacking(seen) {
      const reads = Array.from(
        seen,
        ([node, text]) => ({ node, values: parseExactJSON(text as string) as RequestedMicroOperation[] }),
      );
      return txn.flatMap(([, key], index) => {
        const byValue = Map.groupBy(reads, ({ values }) => formatExactJSON(values[index]![2]));
        const answers = Array.from(byValue, ([value, nodes]) => {
          return `${value.slice(0, LENGTH)} on ${nodes.map(({ node }) => node).join(", ")}`;
        });
        return answers.length < 2 ? [] : [`key ${key} was ${answers.join(" and ")}`];
      });
    },
    isExpensive: true,
  };
}

/** Keys of all writes, whatever their outcome, in order of their first write. */
function writtenKeys(history: readonly Operation[]): number[] {
  const keys = new Set<number>();
  for (const { type, f, value } of history) {
    if (type !== "invoke" || f !== "txn") continue;
    for (const [f, key] of value as RequestedMicroOperation[]) if (f !== "r") keys.add(key);
  }
  return [...keys];
}
