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

import { broadcastWorkload } from "./broadcast.ts";
import { echoWorkload } from "./echo.ts";
import { gCounterWorkload } from "./g_counter.ts";
import { gSetWorkload } from "./g_set.ts";
import { kafkaWorkload } from "./kafka/mod.ts";
import { linKVWorkload } from "./lin_kv.ts";
import { linKVOnlyWorkload } from "./lin_kv_only.ts";
import { lockWorkload } from "./lock.ts";
import { pnCounterWorkload } from "./pn_counter.ts";
import { txnListAppendWorkload } from "./txn/list_append.ts";
import { txnRWRegisterWorkload } from "./txn/rw_register.ts";
import { uniqueIdsWorkload } from "./unique_ids.ts";
import type { Workload } from "./workload.ts";

/** Workloads by Maelstrom's names, simplest first; then those that Maelstrom does not have. */
export const WORKLOADS: Readonly<Record<string, Workload>> = Object.fromEntries(
  [
    echoWorkload,
    uniqueIdsWorkload,
    broadcastWorkload,
    gSetWorkload,
    gCounterWorkload,
    pnCounterWorkload,
    kafkaWorkload,
    linKVWorkload,
    txnListAppendWorkload,
    txnRWRegisterWorkload,
    lockWorkload,
    linKVOnlyWorkload,
  ].map((workload) => [workload.name, workload]),
);
