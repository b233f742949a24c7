/**
 * The engine for nodes in any language: runs a test in real time, each node a process, and stores it.
 *
 * An uncaught error of the workbench ends the test, but not the process: what was recorded is judged and stored.
 *
 * @module
 */

import { describeThrown } from "../../log.ts";
import type { TestException } from "../base/test_exception.ts";
import type { TestRequest } from "../request/request.ts";
import type { Results, RunVerdict } from "../run/results.ts";
import { runTest } from "../run/run.ts";
import type { DiskStore } from "../run/store/store.ts";
import { RealClock } from "../world/real_clock.ts";
import { nodeEnvironment } from "../world/hosts/process/environment.ts";
import { processWorld } from "../world/hosts/process/process.ts";
import type { EngineHooks } from "./engine.ts";
import { watchUncaught } from "./uncaught.ts";
import { openRunStore, runOptionsOf } from "./workbench_run.ts";

/**
 * Runs one test, each node a process.
 *
 * @throws {UsageError} The store cannot be written, the binary cannot be run, or a variable of `--env` is not set.
 * @throws {FailedError} The system has no room for the nodes' processes.
 */
export async function runWithProcesses(request: TestRequest, hooks: EngineHooks): Promise<Results> {
  const env = nodeEnvironment(request.env);
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
    const results = await run(request, env, { ...hooks, signal }, store);
    return crash === undefined ? results : withCrash(results, crash, store);
  } finally {
    stopWatching();
    store.close();
  }
}

async function run(
  request: TestRequest,
  env: Record<string, string>,
  { signal, log, progress }: EngineHooks,
  store: DiskStore,
): Promise<Results> {
  const { bin, args, isModule, logStderr, options: { nodes } } = request;
  const clock = new RealClock();
  const onStderr = logStderr ? log : undefined;
  // Deno finds the deno.json of the module's own folder, and grants no permissions.
  const program = isModule
    ? { bin: Deno.execPath(), args: ["run", "--quiet", "--no-prompt", bin, ...args] }
    : { bin, args };
  const isAlone = nodes.length === 1;
  const world = processWorld({ ...program, env, clock, openLog: store.openNodeLog, onStderr, isAlone });
  return await runTest(runOptionsOf(request), world, { signal, store, log, progress });
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
