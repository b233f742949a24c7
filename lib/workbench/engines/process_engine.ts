/**
 * The workbench as an engine: runs a test with real processes, and keeps it in the store.
 *
 * @module
 */

import { RealClock } from "../world/clock.ts";
import type { EngineHooks } from "./engine.ts";
import { UsageError } from "../base/errors.ts";
import { processWorld } from "../world/hosts/process/process.ts";
import { newSeed } from "../world/random.ts";
import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { type RunOptions, runTest } from "../run/run.ts";
import { openStore, type OwnStore } from "../run/store/store.ts";
import { WORKLOADS } from "../workloads/mod.ts";

/**
 * Runs one test with the workbench, each node a process.
 *
 * @throws {UsageError} The store cannot be written to, or the binary cannot be run.
 */
export async function runWithProcesses(request: TestRequest, { signal, log, progress }: EngineHooks): Promise<Results> {
  const { bin, args, logStderr } = request;
  const store = openRunStore(request);
  try {
    const clock = new RealClock();
    const world = processWorld({ bin, args, clock, logFile: store.nodeLog, onStderr: logStderr ? log : undefined });
    return await runTest(runOptionsOf(request), world, { signal, store, log, progress });
  } finally {
    store.close();
  }
}

/** What a request comes to as the options of a run. */
export function runOptionsOf(request: TestRequest): RunOptions {
  const { options, logNetSend, logNetRecv } = request;
  return {
    ...options,
    challenge: request.challenge?.id ?? null,
    workload: WORKLOADS[request.workload]!,
    seed: request.seed ?? newSeed(),
    targets: [...request.limits],
    logNetSend,
    logNetRecv,
  };
}

/**
 * Makes the folder in which a test is kept.
 *
 * @throws {UsageError} It cannot be written to.
 */
export function openRunStore({ store, workload }: Pick<TestRequest, "store" | "workload">): OwnStore {
  try {
    return openStore(store, workload, new Date());
  } catch (error) {
    // A device, say: what is written there would not be kept.
    const reason = error instanceof Deno.errors.NotCapable ? "files cannot be kept there" : (error as Error).message;
    throw new UsageError(`Cannot write to --store ${store}: ${reason}`);
  }
}
