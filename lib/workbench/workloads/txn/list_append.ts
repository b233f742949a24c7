/**
 * Workload txn-list-append: transactions over lists.
 *
 * Source: Maelstrom's `workload/txn_list_append.clj` and Elle's `list_append.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkWithReplicas } from "../../checkers/replicas.ts";
import { checkTxnListAppend } from "../../checkers/txn/mod.ts";
import { arrayOf, type RPC } from "../../world/rpc_schema.ts";
import { KEY_COUNT, repeat, transactions } from "../generator.ts";
import type { Workload } from "../workload.ts";
import { txnClient } from "./client.ts";
import { txnConvergence, txnFinalReads } from "./final_reads.ts";

const APPEND = Type.Tuple([Type.Literal("append"), Type.Unknown(), Type.Unknown()]);
const READ_REQUEST = Type.Tuple([Type.Literal("r"), Type.Unknown(), Type.Null()]);
const READ_REPLY = Type.Tuple([Type.Literal("r"), Type.Unknown(), arrayOf(Type.Unknown())]);

const TXN: RPC = {
  type: "txn",
  doc: 'Requests a transaction: a list of operations `[function, key, value]`, performed in order. `["r", 5, null]` ' +
    'reads the list of key 5; the reply has `["r", 5, [1, 2]]`, or null if nothing was appended. `["append", 5, ' +
    "3]` appends 3 to the list of key 5; the reply has the same. If the transaction cannot be performed, the reply " +
    "is error 30, txn-conflict.",
  request: Type.Object({
    txn: Type.Array(Type.Union([READ_REQUEST, APPEND]), { description: "the operations, reads with null" }),
  }),
  reply: Type.Object({
    txn: Type.Array(Type.Union([READ_REPLY, APPEND]), { description: "the same operations, reads filled in" }),
  }),
};

/** Workload txn-list-append. */
export const txnListAppendWorkload: Workload = {
  name: "txn-list-append",
  doc: "Transactions that read lists and append to them. Every value is appended to a key only once, so a read shows " +
    "the order of all appends before it, and the history shows which consistency models it satisfies. After 10 s " +
    "without faults, every node is asked for every key, and all must read the same.",
  rpcs: [TXN],
  reusable: true,
  client: txnClient(TXN),
  generator({ keyCount = KEY_COUNT, maxTxnLength: maxLength, maxWritesPerKey }, random) {
    const next = transactions(random, { write: "append", keyCount, minLength: 1, maxLength, maxWritesPerKey });
    return repeat(() => ({ f: "txn", value: next() }));
  },
  final: txnFinalReads,
  convergence: (history) => txnConvergence(history, TXN),
  check: (history, options) =>
    checkWithReplicas(history, options, (main) => checkTxnListAppend(main, options.consistencyModels, options)),
};
