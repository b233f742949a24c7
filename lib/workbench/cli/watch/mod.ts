/**
 * `--watch`: runs a test again whenever its program changes.
 *
 * 1. `program_files.ts` finds the program's files, and looks at them several times a second.
 * 2. A change ends the run under way, and starts the next one.
 * 3. `test_run.ts` starts a run. A simulation runs on a thread of its own (`thread.ts`), because Deno imports a module
 *    only once in each. The thread of the next run is started in advance.
 *
 * Ctrl-C ends it.
 *
 * @module
 */

import { EXIT_STATUS } from "../../base/exit_status.ts";
import type { Machine } from "../../engines/machine.ts";
import { openInterruption } from "../../search/interruption.ts";
import type { ProgramFiles } from "./program_files.ts";
import type { TestRuns } from "./test_run.ts";

/** Time between two looks at the files, ms. */
const LOOK_INTERVAL = 100;

/**
 * Runs a test again and again, until Ctrl-C.
 *
 * @returns The exit status: that of a process which was interrupted.
 */
export async function watch(runs: TestRuns, files: ProgramFiles, machine: Machine): Promise<number> {
  const interruption = openInterruption("Ending; Ctrl-C again ends at once", machine);
  try {
    let changed: string[] = [];
    do changed = await runUntilChange(runs, changed, files, interruption.signal, machine); while (changed.length > 0);
  } finally {
    runs.close();
    interruption.close();
  }
  return EXIT_STATUS.interrupted;
}

/** Runs the test, and waits for a change. Returns the paths of the changed files, none after Ctrl-C. */
async function runUntilChange(
  runs: TestRuns,
  changed: readonly string[],
  files: ProgramFiles,
  signal: AbortSignal,
  machine: Machine,
): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const interrupt = () => resolve([]);
  if (changed.length > 0) machine.stderr(`\nChanged: ${changed.map((path) => files.nameOf(path)).join(", ")}\n`);
  const watched = files.beginRun();
  const run = runs.start(changed);
  let isRunning = true;
  void run.done.then(() => {
    isRunning = false;
    files.endRun();
    if (!signal.aborted) machine.stderr(`\nWaiting for a change of ${watched}; Ctrl-C ends\n`);
  });
  const stopLooking = machine.every(LOOK_INTERVAL, () => {
    const found = files.look(isRunning);
    if (found.length > 0) resolve(found);
  });
  signal.addEventListener("abort", interrupt);
  try {
    return await promise;
  } finally {
    stopLooking();
    signal.removeEventListener("abort", interrupt);
    await run.stop();
  }
}
