/**
 * Background work of a node: one run at a time, repeated after errors.
 *
 * @module
 */
import { describeThrown } from "../../lib/log.ts";
import type { AnyNode } from "../../mod.ts";

/** Pause after a failed run, ms. */
const PAUSE = 1000;

/**
 * Creates a worker, which calls `work` each time it is woken, one call at a time.
 *
 * - Woken during a call, it calls `work` once more when that call ends.
 * - If `work` throws, the worker logs the error and calls `work` again after a pause. No error stops it.
 *
 * @param task The work in a few words, for the log: "Cannot " and the task are the beginning of an entry.
 * @returns Wakes the worker.
 */
export function createWorker(node: AnyNode, task: string, work: () => Promise<void>): () => void {
  let isWanted = false;
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      try {
        await work();
      } catch (error) {
        isWanted = true;
        // A node that was stopped does not wake up from this. So what it could not finish is not logged as an error.
        await node.sleep(PAUSE);
        node.log.error(`Cannot ${task}, trying again: ${describeThrown(error)}`);
      }
    }
    isRunning = false;
  }

  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}
