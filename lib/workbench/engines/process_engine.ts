/**
 * The engine for nodes in any language: runs a test in real time, each node a process, and stores it.
 *
 * @module
 */

import type { TestRequest } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { runTest } from "../run/run.ts";
import { RealClock } from "../world/clock.ts";
import { processWorld } from "../world/hosts/process/process.ts";
import type { EngineHooks } from "./engine.ts";
import { openRunStore, runOptionsOf } from "./workbench_run.ts";

/**
 * Runs one test, each node a process.
 *
 * @throws {UsageError} The store cannot be written, or the binary cannot be run.
 */
export async function runWithProcesses(request: TestRequest, { signal, log, progress }: EngineHooks): Promise<Results> {
  const { bin, args, logStderr } = request;
  const store = openRunStore(request);
  try {
    const clock = new RealClock();
    const world = processWorld({ bin, args, clock, logFile: store.nodeLogPath, onStderr: logStderr ? log : undefined });
    return await runTest(runOptionsOf(request), world, { signal, store, log, progress });
  } finally {
    store.close();
  }
}
