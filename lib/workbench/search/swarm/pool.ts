/**
 * A pool of worker threads, so that a swarm runs on all cores.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import type { Task, TaskResult } from "./task.ts";
import type { Answer, Question } from "./worker_thread.ts";

/** Worker threads, one for each job. */
export interface Pool {
  /**
   * Runs a task on a job's thread.
   *
   * @param job Number of the job, from 0. It must not be running another task.
   * @throws {UsageError} The program cannot be simulated.
   * @throws {FailedError} The task has no result.
   */
  run(job: number, task: Task): Promise<TaskResult>;
  /** Ends all threads at once, even those that are running a task. */
  close(): void;
}

/**
 * Starts the threads of a pool.
 *
 * @param root The project's folder.
 * @param jobs Number of threads.
 */
export function openPool(root: string, jobs: number): Pool {
  const url = new URL("./worker_thread.ts", import.meta.url);
  const workers = Array.from({ length: jobs }, () => new Worker(url, { type: "module" }));
  return {
    run: (job, task) => ask(workers[job]!, { root, task }),
    close: () => workers.forEach((worker) => worker.terminate()),
  };
}

function ask(worker: Worker, question: Question): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("result" in data) resolve(data.result);
      else reject(data.isUsageError ? new UsageError(data.problem) : new FailedError(data.problem));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new FailedError(`Cannot continue: a worker of the swarm has ended: ${event.message}`));
    };
    worker.postMessage(question);
  });
}
