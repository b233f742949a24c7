/**
 * Options of the swarm: its flags and their parser.
 *
 * A command line has one of three modes: without more, the swarm runs here; with `--coordinator` or `--worker`, it is
 * spread over machines (`machines/`). {@linkcode MODES} has the flags of each.
 *
 * @module
 */

import { parseFlagsOnly } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, CHALLENGES, findChallenge } from "../../request/challenges.ts";
import { UsageError } from "../../base/errors.ts";
import type { Flag, ValuesOf } from "../../request/flag.ts";

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
  {
    name: "coordinator",
    kind: "text",
    placeholder: "URL",
    help: "Spreads --seeds tests over workers by this NATS server: nats://HOST:4222",
    origin: "workbench",
  },
  {
    name: "worker",
    kind: "text",
    placeholder: "URL",
    help: "Runs tests for the swarms of this NATS server, until Ctrl-C",
    origin: "workbench",
  },
  {
    name: "seeds",
    kind: "integer",
    placeholder: "NUMBER",
    least: 1,
    most: 100_000_000,
    help: "Number of tests, with --coordinator",
    origin: "workbench",
  },
  {
    name: "name",
    kind: "text",
    placeholder: "NAME",
    help: "Name of the swarm on the server, to go on with it or to work for it only; its seed by default",
    origin: "workbench",
  },
  {
    name: "json",
    kind: "switch",
    help: "Print the report of --coordinator as one JSON document",
    origin: "workbench",
  },
  {
    name: "remove",
    kind: "switch",
    help: "Remove the swarm --name from the server of --coordinator",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Values of the given flags. */
export type GivenFlags = ValuesOf<typeof SWARM_FLAGS>;

/** Part that a process has in a swarm: all of it, handing out the tests, or running them. */
export type SwarmMode = "here" | "coordinator" | "worker";

/** The flags of each mode. */
const MODES: Readonly<Record<SwarmMode, readonly (keyof GivenFlags)[]>> = {
  here: ["minutes", "jobs", "seed", "challenge", "bin", "store"],
  coordinator: ["coordinator", "seeds", "seed", "name", "challenge", "bin", "store", "json", "remove"],
  worker: ["worker", "jobs", "name", "bin"],
};

/**
 * Parses the words of a swarm, and finds its mode.
 *
 * @throws {UsageError} A flag is unknown or bad, or not one of the mode.
 */
export function parseMode(args: readonly string[]): { mode: SwarmMode; given: GivenFlags } {
  const given = parseFlagsOnly(args, "swarm", SWARM_FLAGS);
  const mode = given.coordinator !== undefined ? "coordinator" : given.worker !== undefined ? "worker" : "here";
  const foreign = (Object.keys(given) as (keyof GivenFlags)[]).find((name) => !MODES[mode].includes(name));
  if (foreign === undefined) return { mode, given };
  if (mode === "here") throw new UsageError(`Cannot use --${foreign} without ${ownersOf(foreign).join(" or ")}`);
  const allowed = MODES[mode].filter((name) => name !== mode).map((name) => `--${name}`);
  throw new UsageError(`Cannot use --${foreign} with --${mode}: expected some of ${allowed.join(", ")}`);
}

function ownersOf(flag: keyof GivenFlags): string[] {
  return (["coordinator", "worker"] as const).filter((mode) => MODES[mode].includes(flag)).map((mode) => `--${mode}`);
}

/**
 * Parses the arguments of a swarm that runs here.
 *
 * @param cores Default number of jobs.
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseSwarmOptions(args: readonly string[], cores: number): SwarmOptions {
  const { minutes = 10, jobs = cores, seed = null, challenge, bin, store } = parseMode(args).given;
  const testFlags = [...bin === undefined ? [] : ["--bin", bin], ...store === undefined ? [] : ["--store", store]];
  return { minutes, jobs, seed, challenges: challengesOf(challenge, bin), testFlags };
}

/**
 * Returns the challenges to draw from.
 *
 * @throws {UsageError} A program of one's own cannot be that of several challenges.
 */
export function challengesOf(words: readonly string[] | undefined, bin: string | undefined): readonly Challenge[] {
  const challenges = words?.map((word) => findChallenge(word)!) ?? CHALLENGES;
  if (bin === undefined || challenges.length === 1) return challenges;
  throw new UsageError("Cannot use --bin with several challenges: expected --challenge with one of them");
}
