/**
 * The checkers of transactions: lists (`list_append`) and registers (`rw_register`). They share all but how the order
 * of versions is inferred.
 *
 * 1. Read the history into transactions, and index who wrote what (`transactions.ts`).
 * 2. Find the anomalies that need no order of transactions (`direct_anomalies.ts`, and in each checker).
 * 3. Infer the order of each key's versions: lists show it (`list_append_orders.ts`), registers only hint at it
 *    (`rw_register_versions.ts`).
 * 4. Derive the ww, wr and rw dependencies between transactions (`*_dependencies.ts`), and add process and real-time
 *    order if a model asks for it (`dependencies.ts`).
 * 5. Find the cycles, name and explain the anomalies (`cycle_anomalies.ts`, with `../graph/`).
 * 6. Decide by the consistency models asked for (`judge_transactions.ts`).
 *
 * Sources: Adya, "Weak Consistency" (1999); Kingsbury, Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
 * Observations" (VLDB 2020). Semantics are those of Elle 0.2.7; `docs/check.md` lists the differences.
 *
 * @module
 */

export { checkTxnListAppend } from "./list_append.ts";
export { checkTxnRWRegister } from "./rw_register.ts";
export type { VersionOptions } from "./rw_register_versions.ts";
