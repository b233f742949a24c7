/**
 * Options of `grade`: its flags and their parser.
 *
 * @module
 */

import { UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseArguments } from "../../request/arguments.ts";
import { type Challenge, CHALLENGES } from "../../request/challenges.ts";
import { challengesNamed } from "../../request/claims.ts";
import type { Flag } from "../../request/flag.ts";
import { type FlagName, FLAGS } from "../../request/flags.ts";
import { serversHitBy } from "../../run/nemesis/server_faults.ts";
import { parsePoints, type PointsOf } from "./points.ts";

/** Options of a grading. */
export interface GradeOptions {
  challenges: readonly Challenge[];
  /** Path as it was given: a program, or a folder with one for each challenge. Undefined for our own. */
  bin: string | undefined;
  /** Runs of each test. */
  seeds: number;
  pointsOf: PointsOf;
  /** Text that the seeds are derived from; undefined for new ones. */
  secret: string | undefined;
  /** Faults besides those of the official tests. */
  faults: readonly string[];
  /** Folder for the results. */
  report: string;
  isSimulated: boolean;
  isJSON: boolean;
  isQuiet: boolean;
  /** Flags that every test gets, as they were given. */
  testFlags: readonly string[];
  /** Arguments of the program. */
  program: readonly string[];
}

/** Variable that has the secret if no flag does. */
export const SECRET_VARIABLE = "GRADE_SECRET";

/** Flags of tests that `grade` has, too. */
type Shared = Extract<typeof FLAGS[number], { name: SharedName }>;
type SharedName = "time-limit" | "sim" | "strict" | "as-maelstrom" | "store" | "env" | "json" | "quiet";

/** Flags that the tests get as they are. */
const PASSED_ON: readonly SharedName[] = ["time-limit", "sim", "strict", "as-maelstrom", "store", "env"];

/** Flags of `grade`. */
export const GRADE_FLAGS = [
  {
    name: "bin",
    kind: "text",
    placeholder: "PATH",
    help: "The program that runs a node, or a folder with a program for each challenge, such as 3e.py or broadcast",
    origin: "workbench",
  },
  {
    name: "challenge",
    kind: "list",
    placeholder: "NAMES",
    help: "Challenges to grade, comma-separated: 3 and broadcast are all parts of it, 3c is one; all by default",
    origin: "workbench",
  },
  {
    name: "seeds",
    kind: "integer",
    placeholder: "NUMBER",
    default: "1",
    above: 0,
    help: "Runs of each test, each with another seed; a claim must hold in all",
    origin: "workbench",
  },
  {
    name: "secret",
    kind: "text",
    placeholder: "TEXT",
    help: `Derives the seeds from this text, and hides them; else from $${SECRET_VARIABLE}, if that is set`,
    origin: "workbench",
  },
  {
    name: "points",
    kind: "text",
    placeholder: "POINTS",
    help: "Points of each claim of a challenge, or of one claim, such as 3c=2,3d/msgs_per_op=5, or a file with one a " +
      "line; 1 by default",
    origin: "workbench",
  },
  {
    name: "nemesis",
    kind: "list",
    placeholder: "FAULTS",
    allowed: flagOfTests("nemesis").allowed!,
    help: "More faults, comma-separated, with a claim each, besides those of the official tests",
    origin: "workbench",
  },
  {
    name: "report",
    kind: "text",
    placeholder: "FOLDER",
    default: "grade",
    help: "Folder for grade.html, grade.json and junit.xml",
    origin: "workbench",
  },
  {
    name: "time-limit",
    kind: "integer",
    placeholder: "SECONDS",
    above: 0,
    help: "Length of the main phase; the official one by default",
    origin: "workbench",
  },
  ...([...PASSED_ON.slice(1), "json", "quiet"] as SharedName[]).map((name) => flagOfTests(name) as Shared),
] as const satisfies readonly Flag[];

function flagOfTests(name: FlagName): Flag {
  return (FLAGS as readonly Flag[]).find((flag) => flag.name === name)!;
}

/**
 * Parses the arguments of `grade`.
 *
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseGradeOptions(
  words: readonly string[],
  { env, files }: Pick<Machine, "env" | "files">,
): GradeOptions {
  const { given, texts, positional: [word], program } = parseArguments(words, GRADE_FLAGS);
  if (word !== undefined) {
    throw new UsageError(`Cannot use ${word} with grade: expected a flag; a node's own arguments go after --`);
  }
  const ofServers = given.nemesis?.find((fault) => serversHitBy(fault) !== undefined);
  if (ofServers !== undefined) throw new UsageError(`Cannot cause ${ofServers} with grade: its nodes are no cluster`);
  return {
    challenges: given.challenge === undefined ? CHALLENGES : challengesNamed(given.challenge),
    bin: given.bin,
    seeds: given.seeds ?? 1,
    pointsOf: parsePoints(given.points, files),
    secret: given.secret ?? (env(SECRET_VARIABLE) || undefined),
    faults: (given.nemesis ?? []).filter((fault) => fault !== "none"),
    report: given.report ?? "grade",
    isSimulated: given.sim ?? false,
    isJSON: given.json ?? false,
    isQuiet: given.quiet ?? false,
    testFlags: PASSED_ON.flatMap((name) => flagWords(name, texts.get(name))),
    program,
  };
}

function flagWords(name: string, texts: readonly string[] | undefined): string[] {
  if (texts === undefined) return [];
  return texts.length === 0 ? [`--${name}`] : texts.flatMap((text) => [`--${name}`, text]);
}
