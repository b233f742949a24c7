/**
 * The workloads of Maelstrom, and two that were proposed for it. This folder draws operations and turns them into
 * requests; it does not decide when an operation is due (`run/interpreter.ts`) or whether its outcome is right
 * (`checkers/`).
 *
 * `workload.ts` says what a workload consists of; `generator.ts` has the combinators that draw operations. Each
 * workload is one file or folder.
 *
 * @module
 */

import { broadcast } from "./broadcast.ts";
import { echo } from "./echo.ts";
import { gCounter } from "./g_counter.ts";
import { gSet } from "./g_set.ts";
import { kafka } from "./kafka/mod.ts";
import { linKV } from "./lin_kv.ts";
import { linKVOnly } from "./lin_kv_only.ts";
import { lock } from "./lock.ts";
import { pnCounter } from "./pn_counter.ts";
import { txnListAppend } from "./txn/list_append.ts";
import { txnRWRegister } from "./txn/rw_register.ts";
import { uniqueIds } from "./unique_ids.ts";
import type { Workload } from "./workload.ts";

/** Workloads by Maelstrom's names, simplest first; then those that Maelstrom does not have. */
export const WORKLOADS: Readonly<Record<string, Workload>> = Object.fromEntries(
  [echo, uniqueIds, broadcast, gSet, gCounter, pnCounter, kafka, linKV, txnListAppend, txnRWRegister, lock, linKVOnly]
    .map((workload) => [workload.name, workload]),
);
