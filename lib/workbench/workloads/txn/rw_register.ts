/**
 * Workload txn-rw-register: transactions over registers.
 *
 * Source: Maelstrom's `workload/txn_rw_register.clj` and Elle's `rw_register.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkWithReplicas } from "../../checkers/replicas.ts";
import { checkTxnRWRegister } from "../../checkers/txn/mod.ts";
import type { RPC } from "../../world/rpc_schema.ts";
import { KEY_COUNT, repeat, transactions } from "../generator.ts";
import type { Workload } from "../workload.ts";
import { txnClient } from "./client.ts";
import { txnConvergence, txnFinalReads } from "./final_reads.ts";

const WRITE = Type.Tuple([Type.Literal("w"), Type.Unknown(), Type.Unknown()]);
const READ_REQUEST = Type.Tuple([Type.Literal("r"), Type.Unknown(), Type.Null()]);
const READ_REPLY = Type.Tuple([Type.Literal("r"), Type.Unknown(), Type.Unknown()]);

const TXN: RPC = {
  type: "txn",
  doc: 'Requests a transaction: a list of operations `[function, key, value]`, performed in order. `["r", 5, null]` ' +
    'reads key 5; the reply has `["r", 5, 2]`, or null if the key was never written. `["w", 5, 3]` sets key 5 to ' +
    "3; the reply has the same. If the transaction cannot be performed, the reply is error 30, txn-conflict.",
  request: Type.Object({
    txn: Type.Array(Type.Union([READ_REQUEST, WRITE]), { description: "the operations, reads with null" }),
  }),
  reply: Type.Object({
    txn: Type.Array(Type.Union([READ_REPLY, WRITE]), { description: "the same operations, reads filled in" }),
  }),
};

/** Workload txn-rw-register. */
export const txnRWRegisterWorkload: Workload = {
  name: "txn-rw-register",
  doc: "Transactions that read and write registers. Every value is written to a key only once, so a read shows which " +
    "write it saw. This shows less than lists do: the order of two writes to a key is known only if a transaction " +
    "reads the key before it writes it. After 10 s without faults, every node is asked for every key, and all must " +
    "read the same.",
  rpcs: [TXN],
  reusable: true,
  client: txnClient(TXN),
  generator({ keyCount = KEY_COUNT, maxTxnLength: maxLength, maxWritesPerKey }, random) {
    const next = transactions(random, { write: "w", keyCount, minLength: 1, maxLength, maxWritesPerKey });
    return repeat(() => ({ f: "txn", value: next() }));
  },
  final: txnFinalReads,
  convergence: (history) => txnConvergence(history, TXN),
  check: (history, options) =>
    checkWithReplicas(history, options, (main) => {
      const { nodes, concurrency, consistencyModels } = options;
      return checkTxnRWRegister(main, consistencyModels, { nodes, concurrency });
    }),
};
