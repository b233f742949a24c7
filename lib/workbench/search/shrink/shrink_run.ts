/**
 * Shrinking a simulated run that failed: the search for a smaller one, with an engine to run it.
 *
 * @module
 */

import type { Arguments } from "../../request/arguments.ts";
import type { Challenge } from "../../request/challenges.ts";
import { type Configuration, configurationOf, describeChanges, reconfigure } from "../../request/configuration.ts";
import type { Engine } from "../../engines/engine.ts";
import { failureOf, isSameFailure } from "../../run/failure.ts";
import { formatCommand } from "../../report/terminal.ts";
import {
  createRequest,
  type MachineWithFiles,
  type SimulationRequest,
  type TestRequest,
} from "../../request/request.ts";
import type { Results, ShrunkRun } from "../../run/results.ts";
import { BUDGET, shrink } from "./shrink.ts";

/** A simulated run that failed. */
export interface FailedRun {
  challenge: Challenge | null;
  args: Arguments;
  request: TestRequest;
  results: Results;
}

/** What it takes to run others. */
export interface Simulator {
  engine: Engine;
  machine: MachineWithFiles;
  /** Ends the search; what it has come to stands. */
  signal: AbortSignal;
  /** Is told how many runs were tried. */
  progress(tried: number): void;
}

/** With how many seeds the search goes on from where it got to with the first. */
const SEEDS = 3;

/**
 * Searches for a smaller run that fails for the same reason, as {@linkcode shrink} does: with the same seed, and when that leads no
 * further, with others, since in a smaller test the same draws may well fall otherwise. What it has come to is kept in the store,
 * besides the run itself, even where somebody has ended the search.
 *
 * @param budget How many runs may be tried.
 */
export async function shrinkRun(run: FailedRun, simulator: Simulator, budget: number = BUDGET): Promise<ShrunkRun> {
  const { challenge, args, request, results } = run;
  const { signal } = simulator;
  const failure = failureOf(results)!;
  const original = configurationOf(request, args);
  let [tried, smallest, found] = [0, original, { ...results }];
  for (const seed of seedsFrom(results.seed!)) {
    const search = await shrink(smallest, async (smaller) => {
      if (signal.aborted) return false;
      simulator.progress(++tried);
      const outcome = await simulate(run, smaller, seed, "none", simulator);
      const same = !signal.aborted && isSameFailure(failureOf(outcome), failure);
      if (same) found = outcome;
      return same;
    }, budget - tried);
    smallest = search.smallest;
  }
  const seed = found.seed!;
  if (smallest !== original) {
    // It ends soon: it has ended before.
    const neverEnded = new AbortController().signal;
    found = await simulate(run, smallest, seed, "all", { ...simulator, signal: neverEnded });
  }
  const { command } = requestOf(run, smallest, seed, "none", simulator);
  const changes = describeChanges(challenge, args, original, smallest);
  return { command: formatCommand(command, seed), changes, tried, results: found };
}

function seedsFrom(first: string): string[] {
  return Array.from({ length: SEEDS }, (_, index) => index === 0 ? first : `${first}-${index + 1}`);
}

/** The request for the same test in another configuration. */
function requestOf(
  { challenge, args, request }: FailedRun,
  configuration: Configuration,
  seed: string,
  keep: SimulationRequest["keep"],
  { machine }: Simulator,
): TestRequest {
  const original = configurationOf(request, args);
  const smaller = createRequest(challenge, reconfigure(challenge, args, original, configuration), machine);
  return { ...smaller, seed, simulation: { ...smaller.simulation!, keep } };
}

async function simulate(
  run: FailedRun,
  configuration: Configuration,
  seed: string,
  keep: SimulationRequest["keep"],
  simulator: Simulator,
): Promise<Results> {
  const { engine, signal } = simulator;
  return await engine(requestOf(run, configuration, seed, keep, simulator), {
    signal,
    log() {},
    output() {},
    progress() {},
  });
}
