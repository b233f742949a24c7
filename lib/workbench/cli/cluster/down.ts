/**
 * `down`: ends the cluster that `up` has started, and removes its data and logs.
 *
 * @module
 */

import { FailedError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseFlagsOnly } from "../../request/arguments.ts";
import { UnreachableError } from "../../world/cluster/control.ts";
import type { ClusterState } from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../exit_status.ts";

/** Time that a cluster has to end, ms. Handlers of nodes have 5 s, servers a little more; a busy machine needs more. */
const TIMEOUT = 120_000;
/** Time between two looks at it, ms. */
const INTERVAL = 50;

/**
 * Ends the cluster. If none runs, only what is left of one is removed.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} The cluster does not end, or its files cannot be removed.
 */
export async function down(words: readonly string[], machine: Machine): Promise<number> {
  parseFlagsOnly(words, "down", []);
  const { clusters } = machine;
  const state = clusters.state();
  if (state === undefined) {
    machine.stderr("No cluster runs here\n");
    return EXIT_STATUS.passed;
  }
  const wasRunning = await stop(state, machine);
  clusters.remove();
  machine.stdout(wasRunning ? "The cluster has ended\n" : "The cluster had ended already; removed its files\n");
  return EXIT_STATUS.passed;
}

/** Ends a cluster; returns false if it had ended already. */
async function stop(state: ClusterState, machine: Machine): Promise<boolean> {
  const control = machine.clusters.control(state);
  try {
    await control.stop();
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    throw error;
  }
  const deadline = machine.now() + TIMEOUT;
  while (machine.now() < deadline) {
    // The state's file goes last, when all processes have ended.
    if (machine.clusters.state() === undefined) return true;
    await new Promise<void>((resolve) => {
      const cancel = machine.every(INTERVAL, () => {
        cancel();
        resolve();
      });
    });
  }
  throw new FailedError(
    `The cluster does not end within ${TIMEOUT / 1000} s; kill its supervisor, and all of it ends: ` +
      `kill -9 ${state.pid}`,
  );
}
