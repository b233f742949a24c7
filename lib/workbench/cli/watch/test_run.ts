/**
 * Runs of a test under `--watch`: on a thread for simulations, in this one for processes.
 *
 * @module
 */

import type { Interrupt, Machine } from "../../engines/machine.ts";

/** Message to the thread: the project's folder, and the command line. */
export interface ThreadTask {
  root: string;
  line: readonly string[];
}

/** Run that was started. */
export interface TestRun {
  /** Settles at its end. It never rejects. */
  done: Promise<unknown>;
  /** Ends it early. Nothing is printed after that. */
  stop(): Promise<unknown>;
}

/** The runs of a test, one after another. */
export interface TestRuns {
  /** Starts a run, after a change of some files. */
  start(changed: readonly string[]): TestRun;
  /** Releases what was prepared for a further run. */
  close(): void;
}

/**
 * Runs a test on this thread.
 *
 * @param run Runs it on a machine. Its promise never rejects.
 */
export function runsHere(run: (machine: Machine) => Promise<unknown>, machine: Machine): TestRuns {
  function start(): TestRun {
    let isStopped = false;
    let interrupt: ((signal: Interrupt) => void) | undefined;
    const done = run({
      ...machine,
      stdout: (text) => isStopped ? undefined : machine.stdout(text),
      stderr: (text) => isStopped ? undefined : machine.stderr(text),
      onInterrupt(listener) {
        interrupt = listener;
        return () => interrupt = undefined;
      },
    });
    return {
      done,
      stop() {
        isStopped = true;
        interrupt?.("SIGTERM");
        return done;
      },
    };
  }
  return { start, close() {} };
}

/**
 * Runs a command line on new threads, each of which imports all modules anew.
 *
 * @param line What would be written after `maelstrom.sh`.
 */
export function runsOnThreads(line: readonly string[], { root, stderr }: Machine): TestRuns {
  let prepared = openThread();
  function start(changed: readonly string[]): TestRun {
    // A thread has the runtime in memory from its start.
    if (changed.some((path) => isOfRuntime(path, root))) {
      prepared.terminate();
      prepared = openThread();
    }
    const worker = prepared;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault();
      stderr(`The simulation has ended: ${event.message}\n`);
      resolve();
    };
    worker.postMessage({ root, line } satisfies ThreadTask);
    const prepareNext = () => prepared = prepared === worker ? openThread() : prepared;
    void done.then(prepareNext);
    return {
      done,
      stop() {
        worker.terminate();
        prepareNext();
        return Promise.resolve();
      },
    };
  }
  return { start, close: () => prepared.terminate() };
}

function openThread(): Worker {
  return new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
}

function isOfRuntime(path: string, root: string): boolean {
  return ["mod.ts", "lib/", "types/"].some((part) => path.startsWith(`${root}/${part}`));
}
