/**
 * A pool of workers: as many tests at once as there are cores.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import type { Outcome, Task } from "./task.ts";
import type { Answer } from "./worker.ts";

/** Runs tests, each job one at a time. */
export interface Pool {
  /**
   * Runs a test.
   *
   * @param job Whose turn it is: 0, 1, … Nothing else may be under way there.
   * @throws {UsageError} The program cannot be simulated.
   * @throws {FailedError} There is no outcome.
   */
  run(job: number, task: Task): Promise<Outcome>;
  /** Ends all workers at once, whatever they do. */
  close(): void;
}

/**
 * Starts workers.
 *
 * @param root The project's folder.
 * @param jobs How many.
 */
export function openPool(root: string, jobs: number): Pool {
  const url = new URL("./worker.ts", import.meta.url);
  const workers = Array.from({ length: jobs }, () => new Worker(url, { type: "module" }));
  return {
    run: (job, task) => ask(workers[job]!, { root, task }),
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

function ask(worker: Worker, question: { root: string; task: Task }): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("outcome" in data) resolve(data.outcome);
      else reject(data.usage ? new UsageError(data.problem) : new FailedError(data.problem));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new FailedError(`Cannot go on: a worker of the swarm has ended: ${event.message}`));
    };
    worker.postMessage(question);
  });
}
