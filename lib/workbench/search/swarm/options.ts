/**
 * Options of the swarm: its flags and their parser.
 *
 * @module
 */

import { parseFlagsOnly } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, CHALLENGES, findChallenge } from "../../request/challenges.ts";
import { UsageError } from "../../base/errors.ts";
import type { Flag } from "../../request/flag.ts";

/** Options of a swarm. */
export interface SwarmOptions {
  minutes: number;
  /** Number of tests that run at once. */
  jobs: number;
  /** Seed of all draws; null for a new one. */
  seed: string | null;
  /** The challenges to draw from. */
  challenges: readonly Challenge[];
  /** Flags that every test gets besides those drawn: `--bin`, `--store`. */
  testFlags: readonly string[];
}

/** The flags of the swarm. */
export const SWARM_FLAGS = [
  {
    name: "minutes",
    kind: "number",
    placeholder: "NUMBER",
    default: "10",
    above: 0,
    help: "Time after which the swarm ends",
    origin: "workbench",
  },
  {
    name: "jobs",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "Number of tests that run at once; one per core by default",
    origin: "workbench",
  },
  {
    name: "seed",
    kind: "seed",
    placeholder: "TEXT",
    help: "Repeats the tests of an earlier swarm",
    origin: "workbench",
  },
  {
    name: "challenge",
    kind: "list",
    placeholder: "NAMES",
    allowed: CHALLENGE_NAMES,
    help: "Challenges to draw from, comma-separated; all by default",
    origin: "workbench",
  },
  {
    name: "bin",
    kind: "text",
    placeholder: "FILE",
    help: "Module that exports a node's program, for one challenge; our solutions by default",
    origin: "workbench",
  },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Folder for the runs that fail",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/**
 * Parses the arguments of a swarm.
 *
 * @param cores Default number of jobs.
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseSwarmOptions(args: readonly string[], cores: number): SwarmOptions {
  const { minutes = 10, jobs = cores, seed = null, challenge, bin, store } = parseFlagsOnly(args, "swarm", SWARM_FLAGS);
  const challenges = challenge?.map((word) => findChallenge(word)!) ?? CHALLENGES;
  if (bin !== undefined && challenges.length !== 1) {
    throw new UsageError("Cannot use --bin with several challenges: expected --challenge with one of them");
  }
  const testFlags = [...bin === undefined ? [] : ["--bin", bin], ...store === undefined ? [] : ["--store", store]];
  return { minutes, jobs, seed, challenges, testFlags };
}
