/**
 * Options of a swarm over many machines.
 *
 * @module
 */

import { UsageError } from "../../../base/errors.ts";
import { challengesOf, type GivenFlags } from "../options.ts";
import { isName, type SwarmDefinition } from "./definition.ts";

/** Options for the coordinator. */
export interface CoordinatorOptions {
  /** Addresses of NATS servers, comma-separated. */
  url: string;
  /** Name of the swarm; undefined for a new one. */
  name?: string;
  /** Number of tests; undefined to go on with a swarm that exists. */
  seeds?: number;
  seed?: string;
  /** Ids of the challenges to draw from; undefined for all. */
  challenges?: readonly string[];
  /** Program to test instead of ours. */
  bin?: string;
  /** Folder for the runs that fail. */
  store: string;
  isJSON: boolean;
  /** True to remove the swarm. */
  removes: boolean;
}

/** Options for a worker. */
export interface WorkerOptions {
  /** Addresses of NATS servers, comma-separated. */
  url: string;
  /** The only swarm to work for; undefined for all. */
  name?: string;
  /** Number of tests that run at once. */
  jobs: number;
  /** Program to test instead of ours. */
  bin?: string;
}

/**
 * Creates the options of a coordinator.
 *
 * @throws {UsageError} A name is missing, or cannot be used.
 */
export function coordinatorOptions(given: GivenFlags): CoordinatorOptions {
  const { coordinator, seeds, seed, challenge, bin, store = "store", json = false, remove = false } = given;
  const { name = seed } = given;
  if (name !== undefined) checkName(name, given.name === undefined);
  if (remove && given.name === undefined) throw new UsageError("Missing --name: expected the swarm to remove");
  if (name === undefined && seeds === undefined) {
    throw new UsageError("Missing --seeds: expected the number of tests of a new swarm, or --name of one that exists");
  }
  // Without --challenge, a swarm that exists says which.
  const challenges = challenge === undefined ? undefined : challengesOf(challenge, bin).map(({ id }) => id);
  if (bin !== undefined && name === undefined) challengesOf(challenge, bin);
  return { url: coordinator!, name, seeds, seed, challenges, bin, store, isJSON: json, removes: remove };
}

/**
 * Creates the options of a worker.
 *
 * @param cores Default number of jobs.
 * @throws {UsageError} The name cannot be used.
 */
export function workerOptions({ worker, name, jobs, bin }: GivenFlags, cores: number): WorkerOptions {
  if (name !== undefined) checkName(name, false);
  return { url: worker!, name, jobs: jobs ?? cores, bin };
}

function checkName(name: string, isSeed: boolean): void {
  if (isName(name)) return;
  const flag = isSeed ? "--seed" : "--name";
  const advice = isSeed ? "; the seed is the name of the swarm, unless --name gives another" : "";
  throw new UsageError(
    `Cannot use ${flag} ${JSON.stringify(name)}: expected up to 60 letters, digits, - and _${advice}`,
  );
}

/**
 * Explains what keeps a command line from going on with a swarm that exists.
 *
 * @returns Message for a person, or undefined if nothing does.
 */
export function conflictWith(
  { name, seed, seeds, challenges }: Pick<SwarmDefinition, "name" | "seed" | "seeds" | "challenges">,
  options: Pick<CoordinatorOptions, "seed" | "seeds" | "challenges">,
): string | undefined {
  const pairs = [
    ["seeds", options.seeds, seeds],
    ["seed", options.seed, seed],
    ["challenge", options.challenges?.join(), challenges.join()],
  ] as const;
  const conflict = pairs.find(([, asked, stored]) => asked !== undefined && asked !== stored);
  if (conflict === undefined) return undefined;
  const [flag, asked, stored] = conflict;
  return `Cannot use --${flag} ${asked} with the swarm ${name}, which has ${stored}: ` +
    `leave --${flag} out, or give another --name`;
}
