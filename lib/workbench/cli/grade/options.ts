/**
 * Options of `grade`: its flags and their parser.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { expectedOneOf, UsageError } from "../../base/errors.ts";
import { parseFlagValue } from "../../request/arguments.ts";
import { type Challenge, CHALLENGES } from "../../request/challenges.ts";
import { challengesNamed } from "../../request/claims.ts";
import { type Flag, FLAGS } from "../../request/flags.ts";

/** Options of a grading. */
export interface GradeOptions {
  challenges: readonly Challenge[];
  /** Path as it was given: a program, or a folder with one for each challenge. Undefined for our own. */
  bin: string | undefined;
  /** Runs of each test. */
  seeds: number;
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

/** Flags that the tests get as they are. */
const PASSED_ON: readonly string[] = ["time-limit", "sim", "strict", "as-maelstrom", "store", "env"];

/** Flags of `grade`. */
export const GRADE_FLAGS: readonly Flag[] = [
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
    ...flagOfTests("nemesis"),
    default: undefined,
    help: "More faults, comma-separated, with a claim each, besides those of the official tests",
  },
  {
    name: "report",
    kind: "text",
    placeholder: "FOLDER",
    default: "grade",
    help: "Folder for grade.html, grade.json and junit.xml",
    origin: "workbench",
  },
  { ...flagOfTests("time-limit"), default: undefined, help: "Length of the main phase; the official one by default" },
  ...[...PASSED_ON.slice(1), "json", "quiet", "help"].map(flagOfTests),
];

function flagOfTests(name: string): Flag {
  return (FLAGS as readonly Flag[]).find((flag) => flag.name === name)!;
}

/**
 * Parses the arguments of `grade`.
 *
 * @param env Reads a variable of the environment.
 * @returns Undefined if the arguments ask for help.
 * @throws {UsageError} An argument is unknown or bad.
 */
export function parseOptions(
  words: readonly string[],
  env: (name: string) => string | undefined,
): GradeOptions | undefined {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const texts = parseTexts(words.slice(0, end));
  if (texts.has("help")) return undefined;
  const value = (name: string) => {
    const text = texts.get(name)?.at(-1);
    return text === undefined ? undefined : parseFlagValue(flagNamed(name), text);
  };
  return {
    challenges: challengesOf(value("challenge") as string[] | undefined),
    bin: value("bin") as string | undefined,
    seeds: value("seeds") as number | undefined ?? 1,
    secret: value("secret") as string | undefined ?? (env(SECRET_VARIABLE) || undefined),
    faults: ((value("nemesis") ?? []) as string[]).filter((fault) => fault !== "none"),
    report: value("report") as string | undefined ?? "grade",
    isSimulated: texts.has("sim"),
    isJSON: texts.has("json"),
    isQuiet: texts.has("quiet"),
    testFlags: PASSED_ON.flatMap((name) => flagWords(name, texts.get(name))),
    program: words.slice(end + 1),
  };
}

function challengesOf(words: readonly string[] | undefined): readonly Challenge[] {
  return words === undefined ? CHALLENGES : challengesNamed(words);
}

function flagNamed(name: string): Flag {
  return GRADE_FLAGS.find((flag) => flag.name === name)!;
}

/** The texts written for each flag; none for a switch. */
function parseTexts(words: readonly string[]): Map<string, string[]> {
  const [switches, others] = [true, false].map((isSwitch) =>
    GRADE_FLAGS.filter(({ kind }) => (kind === "switch") === isSwitch).map(({ name }) => name)
  );
  const letters = GRADE_FLAGS.filter(({ short }) => short !== undefined).map(({ name, short }) => [short!, name]);
  const parsed = parseArgs([...words], {
    boolean: switches!,
    string: others!,
    collect: others!,
    alias: Object.fromEntries(letters),
    unknown(word, isFlag) {
      const [name] = word.split("=", 1);
      if (isFlag === undefined) {
        throw new UsageError(`Cannot use ${word} with grade: expected a flag; a node's own arguments go after --`);
      }
      throw new UsageError(
        `Cannot use ${name} with grade: ${expectedOneOf(name!, GRADE_FLAGS.map(({ name }) => `--${name}`))}`,
      );
    },
  });
  return new Map([
    ...switches!.filter((name) => parsed[name] === true).map((name): [string, string[]] => [name, []]),
    ...others!.map((name): [string, string[]] => [name, (parsed[name] ?? []) as string[]])
      .filter(([, texts]) => texts.length > 0),
  ]);
}

function flagWords(name: string, texts: readonly string[] | undefined): string[] {
  if (texts === undefined) return [];
  return texts.length === 0 ? [`--${name}`] : texts.flatMap((text) => [`--${name}`, text]);
}
