/**
 * `swarm`: simulates random tests on all cores until one fails. See {@linkcode runSwarm}.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { openPool } from "../search/swarm/pool.ts";
import { runSwarm } from "../search/swarm/swarm.ts";
import { RealClock } from "../world/real_clock.ts";

/** Runs a swarm on this machine. Arguments, result and errors are those of {@linkcode runSwarm}. */
export async function swarm(words: readonly string[], machine: Machine): Promise<number> {
  const cores = navigator.hardwareConcurrency;
  return await runSwarm(words, { machine, clock: new RealClock(), cores, openPool });
}
