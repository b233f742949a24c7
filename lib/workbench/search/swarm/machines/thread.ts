/**
 * A thread that runs one test after another. It is replaced when a test breaks it or takes too long.
 *
 * @module
 */

import { messageOf } from "../../../base/errors.ts";
import { openPool, TEST_LIMIT } from "../pool.ts";
import type { Task, TaskResult } from "../task.ts";

/** Outcome of a test: its result, or what kept it from having one. */
export interface TestOutcome {
  result?: TaskResult;
  /** True if the test took more than {@linkcode TEST_LIMIT}. */
  isStuck?: boolean;
  problem?: string;
}

/** A thread for tests. */
export interface TestThread {
  /**
   * Runs a test.
   *
   * @throws The signal's reason, once it is aborted.
   */
  run(task: Task, signal: AbortSignal): Promise<TestOutcome>;
  close(): void;
}

/**
 * Opens a thread.
 *
 * @param root The project's folder.
 */
export function openTestThread(root: string): TestThread {
  let pool = openPool(root, 1);
  return {
    async run(task, signal) {
      const { promise: ended, resolve, reject } = Promise.withResolvers<TestOutcome>();
      const abort = () => reject(signal.reason);
      const timer = setTimeout(() => resolve({ isStuck: true }), TEST_LIMIT);
      signal.addEventListener("abort", abort);
      if (signal.aborted) abort();
      const run = pool.run(0, task).then((result) => ({ result }), (error) => ({ problem: messageOf(error) }));
      try {
        const outcome: TestOutcome = await Promise.race([run, ended]);
        if (outcome.result === undefined) {
          pool.close();
          pool = openPool(root, 1);
        }
        return outcome;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
      }
    },
    close: () => pool.close(),
  };
}
