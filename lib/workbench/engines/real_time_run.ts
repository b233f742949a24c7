/**
 * A run in real time: that of processes, and that on a cluster.
 *
 * An uncaught error of the workbench ends the test, but not the process: what was recorded is judged and stored.
 *
 * @module
 */

import { describeThrown } from "../../log.ts";
import type { TestException } from "../base/test_exception.ts";
import type { TestRequest } from "../request/request.ts";
import type { Results, RunVerdict } from "../run/results.ts";
import { type RunOptions, runTest } from "../run/run.ts";
import { type ProgressFile, startProgressFile } from "../run/store/progress_file.ts";
import type { DiskStore } from "../run/store/store.ts";
import type { World } from "../world/hosts/world.ts";
import type { EngineHooks } from "./engine.ts";
import { watchUncaught } from "./uncaught.ts";
import { openRunStore, runOptionsOf } from "./workbench_run.ts";

/**
 * Runs one test, and stores it.
 *
 * @param createWorld Creates the world of the test; the store takes the logs of the nodes.
 * @throws {UsageError} The store cannot be written, or a node cannot be started.
 * @throws {FailedError} The system has no room for the nodes' processes.
 */
export async function runInRealTime(
  request: TestRequest,
  hooks: EngineHooks,
  createWorld: (store: DiskStore) => World,
): Promise<Results> {
  const store = openRunStore(request, true);
  const ending = new AbortController();
  let crash: TestException | undefined;
  const stopWatching = watchUncaught((error) => {
    if (crash !== undefined) return;
    crash = workbenchCrashed(error);
    hooks.log(crash.message);
    ending.abort(error);
  });
  try {
    const signal = AbortSignal.any([hooks.signal, ending.signal]);
    const results = await performInStore(runOptionsOf(request), createWorld(store), { ...hooks, signal }, store);
    return crash === undefined ? results : withCrash(results, crash, store);
  } finally {
    stopWatching();
    store.close();
  }
}

/** Runs and judges a test, whose progress is in the store until it ends. */
async function performInStore(
  options: RunOptions,
  world: World,
  { signal, log, progress, beforeChecking }: EngineHooks,
  store: DiskStore,
): Promise<Results> {
  const { challenge, workload, seed } = options;
  const facts = { challenge, workload: workload.name, mode: world.mode, seed };
  let file: ProgressFile | undefined;
  const showProgress: typeof progress = (ask) => {
    file = startProgressFile(facts, ask, store, world.clock);
    progress(ask);
  };
  try {
    return await runTest(options, world, {
      signal,
      store,
      log,
      progress: showProgress,
      beforeChecking() {
        // The checkers may take long, and let nothing else run.
        file?.write();
        beforeChecking?.();
      },
    });
  } finally {
    file?.stop();
  }
}

function workbenchCrashed(error: unknown): TestException {
  const message = `The workbench has failed, and ended the test. This is a bug: ${describeThrown(error)}`;
  return { type: "workbench-crashed", message, count: 1, fatal: true };
}

/** Adds the crash to the results, and stores them again. A run cut short in this way is not the nodes' failure. */
function withCrash(results: Results, crash: TestException, store: DiskStore): Results {
  const undecided = ({ valid }: RunVerdict): RunVerdict => ({ valid: valid && "unknown", passed: false });
  const verdicts = { ...undecided(results), maelstrom: undecided(results.maelstrom) };
  const crashed = { ...results, ...verdicts, exceptions: [...results.exceptions, crash] };
  store.results(crashed);
  return crashed;
}
