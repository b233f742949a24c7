/**
 * What a person asks of a swarm.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { parseFlagValue } from "../../request/arguments.ts";
import { type Challenge, CHALLENGE_NAMES, CHALLENGES, findChallenge } from "../../request/challenges.ts";
import { expectedOneOf, UsageError } from "../../base/errors.ts";
import type { Flag } from "../../request/flags.ts";
import { columns } from "../../base/text.ts";

/** What to run, and for how long. */
export interface SwarmOptions {
  minutes: number;
  /** How many tests run at once. */
  jobs: number;
  /** What to draw from; null for a seed that nobody had before. */
  seed: string | null;
  /** Which challenges. */
  challenges: readonly Challenge[];
  /** What each test is given besides what is drawn: `--bin`, `--store`. */
  words: readonly string[];
}

const FLAGS: readonly (Flag & { placeholder: string })[] = [
  {
    name: "minutes",
    kind: "number",
    placeholder: "NUMBER",
    default: "10",
    above: 0,
    help: "How long to go on",
    origin: "workbench",
  },
  {
    name: "jobs",
    kind: "integer",
    placeholder: "NUMBER",
    above: 0,
    help: "How many tests run at once; as many as there are cores by default",
    origin: "workbench",
  },
  {
    name: "seed",
    kind: "seed",
    placeholder: "TEXT",
    help: "Repeats the draws of an earlier swarm",
    origin: "workbench",
  },
  {
    name: "challenge",
    kind: "list",
    placeholder: "NAMES",
    help: "Only these, comma-separated; all by default",
    origin: "workbench",
  },
  {
    name: "bin",
    kind: "text",
    placeholder: "FILE",
    help: "The module that exports a node's program, for one challenge; our solutions by default",
    origin: "workbench",
  },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Where a failure is kept",
    origin: "workbench",
  },
];

/**
 * Parses the arguments of a swarm.
 *
 * @param cores How many jobs there are by default.
 * @returns What is asked for; nothing if that is help.
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseOptions(args: readonly string[], cores: number): SwarmOptions | undefined {
  const names = FLAGS.map(({ name }) => name);
  const words = FLAGS.map(({ name }) => `--${name}`);
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
    return text === undefined ? undefined : parseFlagValue(FLAGS.find((flag) => flag.name === name)!, text);
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
    words: [...bin === undefined ? [] : ["--bin", bin], ...store === undefined ? [] : ["--store", store]],
  };
}

function challengeOf(word: string): Challenge {
  const challenge = findChallenge(word);
  if (challenge === undefined) {
    throw new UsageError(`Cannot use --challenge ${word}: ${expectedOneOf(word, CHALLENGE_NAMES)}`);
  }
  return challenge;
}

/** What is shown for `--help`. */
export function formatSwarmHelp(): string {
  const names = columns(FLAGS.map(({ name, placeholder }) => [`  --${name} ${placeholder}`]));
  const width = Math.max(...names.map((name) => name.length));
  return [
    "Simulates tests drawn from a seed, until one fails or the time is over",
    "",
    "Usage",
    "  deno task swarm [flags]",
    "",
    "Flags",
    ...FLAGS.map(({ help, default: initial }, index) =>
      `${names[index]!.padEnd(width)}  ${help}${initial === undefined ? "" : ` (default ${initial})`}`
    ),
  ].join("\n");
}
