/**
 * A worker of a swarm: a thread that runs the tests that it is sent, one at a time.
 *
 * @module
 */

import { createMachine } from "../../engines/real_machine.ts";
import { UsageError } from "../../base/errors.ts";
import { type Outcome, runTask, type Task } from "./task.ts";

/** What a worker answers. */
export type Answer = { outcome: Outcome } | {
  /** Why there is none. */
  problem: string;
  /** Whether it is a mistake of the person's. */
  usage: boolean;
};

/** The part of a worker's global scope that it uses; its types cannot stand beside those of a page. */
interface Scope {
  onmessage: ((event: MessageEvent<{ root: string; task: Task }>) => void) | null;
  postMessage(answer: Answer): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data: { root, task } }) => {
  try {
    const machine = createMachine(root);
    scope.postMessage({ outcome: await runTask(task, machine.engines.simulation, machine) });
  } catch (error) {
    const { message, stack } = error as Error;
    const usage = error instanceof UsageError;
    scope.postMessage({ problem: usage ? message : stack ?? message, usage });
  }
};
