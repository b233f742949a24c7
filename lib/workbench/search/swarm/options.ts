/**
 * Options of `deno task swarm`: its flags, their parser and their help.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { parseFlagValue } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, CHALLENGES, findChallenge } from "../../request/challenges.ts";
import { expectedOneOf, UsageError } from "../../base/errors.ts";
import type { Flag } from "../../request/flags.ts";
import { columns } from "../../base/text.ts";

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

const SWARM_FLAGS: readonly (Flag & { placeholder: string })[] = [
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
];

/**
 * Parses the arguments of a swarm.
 *
 * @param cores Default number of jobs.
 * @returns Undefined if the arguments ask for help.
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseOptions(args: readonly string[], cores: number): SwarmOptions | undefined {
  const names = SWARM_FLAGS.map(({ name }) => name);
  const words = SWARM_FLAGS.map(({ name }) => `--${name}`);
  const texts = parseArgs([...args], {
    string: names,
    boolean: ["help"],
    alias: { help: "h" },
    unknown(word) {
      const [name] = word.split("=", 1);
      throw new UsageError(`Cannot use ${name} with the swarm: ${expectedOneOf(name!, words)}`);
    },
  });
  if (texts.help) return undefined;
  const value = (name: string) => {
    const text: string | undefined = texts[name];
    return text === undefined ? undefined : parseFlagValue(SWARM_FLAGS.find((flag) => flag.name === name)!, text);
  };
  const challenges = (value("challenge") as string[] | undefined)?.map(challengeOf) ?? CHALLENGES;
  const [bin, store] = [value("bin"), value("store")] as (string | undefined)[];
  if (bin !== undefined && challenges.length !== 1) {
    throw new UsageError("Cannot use --bin with several challenges: expected --challenge with one of them");
  }
  return {
    minutes: value("minutes") as number | undefined ?? 10,
    jobs: value("jobs") as number | undefined ?? cores,
    seed: value("seed") as string | undefined ?? null,
    challenges,
    testFlags: [...bin === undefined ? [] : ["--bin", bin], ...store === undefined ? [] : ["--store", store]],
  };
}

function challengeOf(word: string): Challenge {
  const challenge = findChallenge(word);
  if (challenge === undefined) {
    throw new UsageError(`Cannot use --challenge ${word}: ${expectedOneOf(word, CHALLENGE_NAMES)}`);
  }
  return challenge;
}

/** Formats the text of `--help`. */
export function formatSwarmHelp(): string {
  const names = columns(SWARM_FLAGS.map(({ name, placeholder }) => [`  --${name} ${placeholder}`]));
  const width = Math.max(...names.map((name) => name.length));
  return [
    "Simulates tests drawn from a seed, until one fails or time is up",
    "",
    "Usage",
    "  deno task swarm [flags]",
    "",
    "Flags",
    ...SWARM_FLAGS.map(({ help, default: initial }, index) =>
      `${names[index]!.padEnd(width)}  ${help}${initial === undefined ? "" : ` (default ${initial})`}`
    ),
  ].join("\n");
}
