/**
 * `swarm`: simulates random tests, on all cores of this machine until one fails, or on many machines.
 *
 * The modules for many machines, with the client of NATS, are imported only if they are asked for.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { coordinatorOptions, workerOptions } from "../search/swarm/machines/options.ts";
import { parseMode } from "../search/swarm/options.ts";
import { openPool } from "../search/swarm/pool.ts";
import { runSwarm } from "../search/swarm/swarm.ts";
import { createTestClock } from "../search/swarm/time_limits.ts";

/**
 * Runs a swarm, or a part of one.
 *
 * @returns The exit status.
 * @throws {UsageError} An argument is bad, or the program cannot be simulated.
 * @throws {FailedError} A worker thread has ended, or the server cannot be used.
 */
export async function swarm(words: readonly string[], machine: Machine): Promise<number> {
  const cores = navigator.hardwareConcurrency;
  const { mode, given } = parseMode(words);
  if (mode === "coordinator") {
    const options = coordinatorOptions(given);
    const { runCoordinator } = await import("../search/swarm/machines/coordinator.ts");
    return await runCoordinator(options, machine);
  }
  if (mode === "worker") {
    const options = workerOptions(given, cores);
    const { runWorker } = await import("../search/swarm/machines/worker.ts");
    return await runWorker(options, machine);
  }
  return await runSwarm(words, { machine, clock: createTestClock(), cores, openPool });
}
