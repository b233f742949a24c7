/**
 * Shrinking a simulated run that failed:
 *
 * 1. Searches for a smaller test that fails for the same reason (`shrink.ts`), each test a run of the engine with the
 *    same seed.
 * 2. Continues with other seeds: in a smaller test the same draws can miss the failure.
 * 3. Runs the smallest test once more, and stores it.
 *
 * @module
 */

import type { Engine } from "../../engines/engine.ts";
import { formatCommand } from "../../request/command_line.ts";
import type { Arguments } from "../../request/arguments.ts";
import { type Configuration, configurationOf, describeChanges, reconfigure } from "../../request/configuration.ts";
import type { MachineWithFiles } from "../../request/files.ts";
import { createRequest, type SimulationRequest, type TestRequest } from "../../request/request.ts";
import { numberedSeed } from "../../request/series_plan.ts";
import { failureOf, isSameFailure } from "../../run/failure.ts";
import type { Results, ShrunkRun } from "../../run/results.ts";
import { shrink, SHRINK_BUDGET } from "./shrink.ts";

/** A simulated run that failed. */
export interface FailedRun {
  args: Arguments;
  request: TestRequest;
  results: Results;
}

/** Everything needed to run further tests. */
export interface Simulator {
  engine: Engine;
  machine: MachineWithFiles;
  /** Ends the search early. The smallest run found until then is the result. */
  signal: AbortSignal;
  /** Receives the number of runs tried, before each. */
  progress(tried: number): void;
}

/** Number of seeds to search with: that of the failed run, and further ones derived from it. */
const SEEDS = 3;

/**
 * Searches for a smaller run that fails for the same reason, and stores the smallest one. It is stored even if the
 * search is ended early.
 *
 * @param budget Maximum number of runs.
 */
export async function shrinkRun(
  run: FailedRun,
  simulator: Simulator,
  budget: number = SHRINK_BUDGET,
): Promise<ShrunkRun> {
  const { args, request, results } = run;
  const { signal } = simulator;
  const failure = failureOf(results)!;
  const original = configurationOf(request, args);
  let tried = 0;
  let smallest = original;
  let found = results;
  for (let index = 0; index < SEEDS; index++) {
    const seed = numberedSeed(results.seed!, index);
    const search = await shrink(smallest, async (smaller) => {
      if (signal.aborted) return false;
      simulator.progress(++tried);
      const outcome = await runSmaller(run, smaller, seed, "none", simulator);
      const same = !signal.aborted && isSameFailure(failureOf(outcome), failure);
      if (same) found = outcome;
      return same;
    }, budget - tried);
    smallest = search.smallest;
  }
  const seed = found.seed!;
  if (smallest !== original) {
    // Ctrl-C does not end this run: it takes as long as it did in the search.
    const uninterrupted = { ...simulator, signal: new AbortController().signal };
    found = await runSmaller(run, smallest, seed, "repeat", uninterrupted);
  }
  const { command } = smallerRequest(run, smallest, seed, "none", simulator);
  const changes = describeChanges(request.challenge, args, original, smallest);
  return { command: formatCommand(command, seed), changes, tried, results: found };
}

/** Returns the request for the failed run's test in another configuration. */
function smallerRequest(
  { args, request }: FailedRun,
  configuration: Configuration,
  seed: string,
  keep: SimulationRequest["keep"],
  { machine }: Simulator,
): TestRequest {
  const { challenge } = request;
  const smallerArgs = reconfigure(challenge, args, configurationOf(request, args), configuration);
  const smaller = createRequest(challenge, smallerArgs, machine);
  return { ...smaller, seed, simulation: { ...smaller.simulation!, keep } };
}

async function runSmaller(
  run: FailedRun,
  configuration: Configuration,
  seed: string,
  keep: SimulationRequest["keep"],
  simulator: Simulator,
): Promise<Results> {
  const { engine, signal } = simulator;
  const request = smallerRequest(run, configuration, seed, keep, simulator);
  return await engine(request, { signal, log() {}, output() {}, progress() {} });
}
