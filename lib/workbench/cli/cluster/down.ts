/**
 * `down`: ends this machine's part of the cluster that `up` has started, and removes its data and logs.
 *
 * @module
 */

import { FailedError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseFlagsOnly } from "../../request/arguments.ts";
import { SilentError, UnreachableError } from "../../world/cluster/control.ts";
import type { ClusterState } from "../../world/cluster/state.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";

/** Time that a cluster has to end, ms. Handlers of nodes have 5 s, servers a little more; a busy machine needs more. */
const TIMEOUT = 120_000;
/** Time that a start has until its supervisor listens, ms. */
const LISTEN_TIMEOUT = 20_000;
/** Time without an answer after which a line says what is waited for, ms. */
const NOTICE = 5000;
/** Time between two looks at it, ms. */
const INTERVAL = 50;

/**
 * Ends the cluster, also while it starts. If none runs, only what is left of one is removed.
 *
 * @param words What was written after the command.
 * @returns The exit status: 1 if data has stayed on servers of one's own.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} The cluster does not end, or its files cannot be removed.
 */
export async function down(words: readonly string[], machine: Machine): Promise<number> {
  parseFlagsOnly(words, "down", []);
  const { clusters } = machine;
  if (clusters.state() === undefined) {
    machine.stderr("No cluster runs here\n");
    return EXIT_STATUS.passed;
  }
  const state = await untilListening(machine);
  const wasRunning = state !== undefined && await stop(state, machine);
  const remains = clusters.remains();
  clusters.remove();
  machine.stdout(wasRunning ? endText(state) : endedText(state));
  if (remains === undefined) return EXIT_STATUS.passed;
  machine.stderr(`${remains}\n`);
  return EXIT_STATUS.failed;
}

function endText({ here, nodes }: ClusterState): string {
  if (here.length === nodes.length) return "The cluster has ended\n";
  return `This machine's part of the cluster has ended: ${here.join(", ")}; the data goes with the last machine\n`;
}

/** Text for a cluster that had ended without `down`: its supervisor was killed, or got SIGTERM. */
function endedText(state: ClusterState | undefined): string {
  const text = "The cluster had ended already; removed its files";
  const isOnOthers = state !== undefined && Object.values(state.servers).some(({ length }) => length === 0);
  return isOnOthers ? `${text}. Its data stays on your servers until up and then down\n` : `${text}\n`;
}

/** Waits until the supervisor of a cluster that starts can be reached. Undefined if it has ended. */
async function untilListening(machine: Machine): Promise<ClusterState | undefined> {
  const isStarting = () => machine.clusters.state()?.control === "";
  await waitWhile(isStarting, LISTEN_TIMEOUT, machine);
  return isStarting() ? undefined : machine.clusters.state();
}

/** Ends a cluster; returns false if it had ended already. */
async function stop(state: ClusterState, machine: Machine): Promise<boolean> {
  const { clusters } = machine;
  const cancel = machine.every(NOTICE, () => {
    cancel();
    machine.stderr(`Waiting for the cluster's supervisor (process ${state.pid}) to answer\n`);
  });
  try {
    await clusters.control(state).stop();
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    if (!(error instanceof SilentError)) throw error;
    throw new FailedError(`${error.message}: it hangs or is paused; ${killText(state)}; down then removes its files`);
  } finally {
    cancel();
  }
  // The state's file goes last, when all processes have ended.
  if (await waitWhile(() => clusters.state()?.token === state.token, TIMEOUT, machine)) return true;
  throw new FailedError(`The cluster does not end within ${TIMEOUT / 1000} s; ${killText(state)}`);
}

function killText({ pid }: ClusterState): string {
  return `kill its supervisor, and all of it ends: kill -9 ${pid}`;
}

/** Waits as long as a condition holds; returns false if it holds for too long. */
async function waitWhile(holds: () => boolean, timeout: number, machine: Machine): Promise<boolean> {
  const deadline = machine.now() + timeout;
  while (holds()) {
    if (machine.now() >= deadline) return false;
    await new Promise<void>((resolve) => {
      const cancel = machine.every(INTERVAL, () => {
        cancel();
        resolve();
      });
    });
  }
  return true;
}
