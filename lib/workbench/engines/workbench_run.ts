/**
 * Options and store of the run that a request asks for. Shared by the two engines of the workbench, processes and
 * simulation.
 *
 * @module
 */

import { isExhaustion, UsageError } from "../base/errors.ts";
import { formatCommand } from "../request/command_line.ts";
import type { TestRequest } from "../request/request.ts";
import type { RunOptions } from "../run/run.ts";
import { type DiskStore, openStore } from "../run/store/store.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { newSeed } from "../world/random.ts";

/** Beginning of the message that no run can be stored. */
export const NO_STORE = "Cannot write to --store";

/** Returns the options of the run that a request asks for. A request without a seed gets a new one. */
export function runOptionsOf(request: TestRequest): RunOptions {
  const { options, challenge, workload, limits, decidedBy, logNetSend, logNetRecv } = request;
  const seed = request.seed ?? newSeed();
  return {
    ...options,
    challenge: challenge?.id ?? null,
    workload: WORKLOADS[workload]!,
    seed,
    command: formatCommand(request.command, seed),
    limits,
    decidedBy,
    logNetSend,
    logNetRecv,
  };
}

/** The part of a request that its store depends on. */
type StoreRequest = Pick<TestRequest, "store" | "workload" | "maxStore">;

/**
 * Opens a new folder in the store for the run of a request. If something has run out, such as space on the disk, the
 * run goes on without a store.
 *
 * @param isLazy True if messages do not change (see `StoreOptions`).
 * @throws {UsageError} The store cannot be written.
 */
export function openRunStore(request: StoreRequest, isLazy = false): DiskStore {
  const store = openLateStore(request, isLazy);
  const { error } = store;
  if (error === undefined || isExhaustion(error)) return store;
  store.close();
  // Deno refuses to write to a device such as /dev/null without further permissions.
  const reason = error instanceof Deno.errors.NotCapable ? "files cannot be kept there" : error.message;
  throw new UsageError(`${NO_STORE} ${request.store}: ${reason}`);
}

/** Opens a new folder in the store when the verdict is known, which must not be lost: any problem is the store's. */
export function openLateStore({ store, workload, maxStore }: StoreRequest, isLazy = false): DiskStore {
  return openStore(store, workload, new Date(), { maxBytes: maxStore, isLazy });
}
