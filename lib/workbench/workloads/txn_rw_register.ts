/**
 * Workload txn-rw-register: transactions over registers.
 *
 * Source: Maelstrom's `workload/txn_rw_register.clj` and Elle's `rw_register.clj`.
 *
 * @module
 */

import Type from "typebox";
import { checkWithReplicas } from "../checkers/replicas.ts";
import { checkTxnRWRegister } from "../checkers/txn/mod.ts";
import { KEY_COUNT, repeat, transactions } from "./generator.ts";
import type { Workload } from "./workload.ts";
import type { RPC } from "../world/rpc_schema.ts";
import { txnClient } from "./txn_client.ts";
import { txnConvergence, txnFinalReads } from "./txn_final_reads.ts";

const WRITE = Type.Tuple([Type.Literal("w"), Type.Unknown(), Type.Unknown()]);
const READ_REQUEST = Type.Tuple([Type.Literal("r"), Type.Unknown(), Type.Null()]);
const READ_REPLY = Type.Tuple([Type.Literal("r"), Type.Unknown(), Type.Unknown()]);

const TXN: RPC = {
  type: "txn",
  doc:
    'Asks for a transaction: a list of operations `[function, key, value]`, to be done in order. `["r", 5, null]` reads key 5, and is ' +
    'answered as `["r", 5, 2]`; a key that was never written reads as null. `["w", 5, 3]` sets key 5 to 3, and is answered as it ' +
    "stands. A transaction that cannot be done is error 30, txn-conflict.",
  request: Type.Object({
    txn: Type.Array(Type.Union([READ_REQUEST, WRITE]), { description: "the operations, reads with null" }),
  }),
  reply: Type.Object({
    txn: Type.Array(Type.Union([READ_REPLY, WRITE]), { description: "the same operations, reads filled in" }),
  }),
};

/** Workload txn-rw-register. */
export const txnRWRegister: Workload = {
  name: "txn-rw-register",
  doc:
    "Transactions which read and write registers. What is written to a key is unique, so that a read shows whose write it saw. Less " +
    "can be told than of lists: the order of a key's writes is known only where a transaction reads the key before it writes it. In the " +
    "end, when the network has been whole for 10 s, every node is asked for every key, and all must read the same.",
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
    checkWithReplicas(history, options, (main) => checkTxnRWRegister(main, options.consistencyModels)),
};
