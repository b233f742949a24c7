/**
 * Options and store of the run that a request asks for. Shared by the two engines of the workbench, processes and
 * simulation.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { TestRequest } from "../request/request.ts";
import type { RunOptions } from "../run/run.ts";
import { type DiskStore, openStore } from "../run/store/store.ts";
import { WORKLOADS } from "../workloads/mod.ts";
import { newSeed } from "../world/random.ts";

/** Returns the options of the run that a request asks for. A request without a seed gets a new one. */
export function runOptionsOf(request: TestRequest): RunOptions {
  const { options, challenge, workload, seed, limits, logNetSend, logNetRecv } = request;
  return {
    ...options,
    challenge: challenge?.id ?? null,
    workload: WORKLOADS[workload]!,
    seed: seed ?? newSeed(),
    limits,
    logNetSend,
    logNetRecv,
  };
}

/**
 * Opens a new folder in the store for the run of a request.
 *
 * @throws {UsageError} The store cannot be written.
 */
export function openRunStore({ store, workload }: Pick<TestRequest, "store" | "workload">): DiskStore {
  try {
    return openStore(store, workload, new Date());
  } catch (error) {
    // Deno refuses to write to a device such as /dev/null without further permissions.
    const reason = error instanceof Deno.errors.NotCapable ? "files cannot be kept there" : (error as Error).message;
    throw new UsageError(`Cannot write to --store ${store}: ${reason}`);
  }
}
