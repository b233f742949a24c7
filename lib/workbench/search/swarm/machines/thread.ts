/**
 * A thread that runs one test after another. It is replaced when a test breaks it or exceeds a limit of time.
 *
 * @module
 */

import { messageOf } from "../../../base/errors.ts";
import type { Machine } from "../../../engines/machine.ts";
import type { Pool } from "../pool.ts";
import type { Task, TaskResult } from "../task.ts";
import { measureTest, type Overdue, type TestClock } from "../time_limits.ts";

/** Time between two looks at the limits of a test, ms. */
const LOOK_INTERVAL = 1000;

/** Outcome of a test: its result, or what kept it from having one. */
export interface TestOutcome {
  result?: TaskResult;
  overdue?: Overdue;
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

/** Everything that a thread uses of its surroundings. */
export interface ThreadResources {
  machine: Pick<Machine, "root" | "every">;
  clock: TestClock;
  /** Number of threads of this process that run tests. */
  jobs: number;
  openPool(root: string, jobs: number): Pool;
}

/** Opens a thread. */
export function openTestThread({ machine: { root, every }, clock, jobs, openPool }: ThreadResources): TestThread {
  let pool = openPool(root, 1);
  return {
    async run(task, signal) {
      const { promise: ended, resolve, reject } = Promise.withResolvers<TestOutcome>();
      const abort = () => reject(signal.reason);
      const isOverdue = measureTest(clock, jobs);
      const stopLooking = every(LOOK_INTERVAL, () => {
        const overdue = isOverdue();
        if (overdue !== undefined) resolve({ overdue });
      });
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
        stopLooking();
        signal.removeEventListener("abort", abort);
      }
    },
    close: () => pool.close(),
  };
}
