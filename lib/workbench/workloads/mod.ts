/**
 * The workloads, by Maelstrom's names.
 *
 * @module
 */

import type { Workload } from "./workload.ts";
import { broadcast } from "./broadcast.ts";
import { echo } from "./echo.ts";
import { gCounter } from "./g_counter.ts";
import { gSet } from "./g_set.ts";
import { kafka } from "./kafka.ts";
import { linKV } from "./lin_kv.ts";
import { pnCounter } from "./pn_counter.ts";
import { txnListAppend } from "./txn_list_append.ts";
import { txnRWRegister } from "./txn_rw_register.ts";
import { uniqueIds } from "./unique_ids.ts";

/** The ten workloads, from the simplest on. */
export const WORKLOADS: Readonly<Record<string, Workload>> = Object.fromEntries(
  [echo, uniqueIds, broadcast, gSet, gCounter, pnCounter, kafka, linKV, txnListAppend, txnRWRegister]
    .map((workload) => [workload.name, workload]),
);
