/**
 * Shape of a test that has run: the options that say what it was, read back from the command that repeats it.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import { DEFAULTS, type FlagTexts, flagValues, parseArguments } from "./arguments.ts";
import { findChallenge } from "./challenges.ts";
import { shellWord, shellWords } from "./command_line.ts";
import type { Flag } from "./flag.ts";
import { FLAGS } from "./flags.ts";
import { writtenTexts } from "./request.ts";

/** Option that shapes a test. */
export interface ShapingOption {
  /** As it is written: `--rate 100`; `--` for the arguments of the program. */
  text: string;
  /** Two options with the same value mean the same, however they are written. */
  value: string;
}

/** Options of a test by the names of their flags. The arguments of the program are under the name `""`. */
export type Shape = ReadonlyMap<string, ShapingOption>;

/**
 * Reads the shape of a test from the command that repeats it, with what is official or a default.
 *
 * @param command As results have it: `./maelstrom.sh 3e --rate 10`, or `maelstrom test -w echo` of Maelstrom's.
 * @returns Undefined if it is not the command of a test, or has flags that this version does not know.
 */
export function shapeOf(command: string): Shape | undefined {
  const [, name = "", ...words] = shellWords(command);
  const challenge = name === "test" ? null : findChallenge(name);
  if (challenge === undefined) return undefined;
  try {
    const args = parseArguments(words);
    const texts: FlagTexts = new Map([...DEFAULTS, ...writtenTexts(challenge, args)]);
    const options = (FLAGS as readonly Flag[]).filter(({ name, shapesTest }) => shapesTest || name === "bin")
      .flatMap(({ name }): [string, ShapingOption][] => {
        const written = texts.get(name);
        if (written === undefined) return [];
        const value = JSON.stringify(Object.values(flagValues(new Map([[name, written]]))));
        return [[name, { text: [`--${name}`, ...written.map(shellWord)].join(" "), value }]];
      });
    const program = args.program.map(shellWord).join(" ");
    return new Map(program === "" ? options : [...options, ["", { text: `-- ${program}`, value: program }]]);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * Returns the options that tests do not have in common: for each test a list, in the order of the table of flags. A
 * test without an option that others have has `no --bin` or the like.
 *
 * @param leftOut Names of flags that do not matter.
 */
export function differingOptions(shapes: readonly Shape[], leftOut: readonly string[] = []): string[][] {
  const names = [...(FLAGS as readonly Flag[]).map(({ name }) => name), ""].filter((name) =>
    !leftOut.includes(name) && new Set(shapes.map((shape) => shape.get(name)?.value)).size > 1
  );
  const absent = (name: string) => name === "" ? "no arguments" : `no --${name}`;
  return shapes.map((shape) => names.map((name) => shape.get(name)?.text ?? absent(name)));
}
