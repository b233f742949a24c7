/**
 * A worker thread of a swarm: runs the tasks that it receives, one at a time, and answers each.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import { createMachine } from "../../engines/real_machine.ts";
import { runTask, type Task, type TaskResult } from "./task.ts";

/** Message to a worker. */
export interface Question {
  /** The project's folder. */
  root: string;
  task: Task;
}

/** Answer of a worker: the result, or an error. */
export type Answer = { result: TaskResult } | {
  /** Message of the error; its stack if it is a bug. */
  problem: string;
  /** True if the request was wrong: then `problem` is for the person who wrote it. */
  isUsageError: boolean;
};

/** The part of a worker's global scope that is used here. Its own types clash with those of the main thread. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Question>) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = async ({ data: { root, task } }) => {
  try {
    const machine = createMachine(root);
    scope.postMessage({ result: await runTask(task, machine.engines.simulation, machine) });
  } catch (error) {
    const { message, stack } = error as Error;
    const isUsageError = error instanceof UsageError;
    const isForPeople = isUsageError || error instanceof FailedError;
    scope.postMessage({ problem: isForPeople ? message : stack ?? message, isUsageError });
  }
};
