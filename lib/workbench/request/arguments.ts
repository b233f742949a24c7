/**
 * Parses the words of a command line into values of the {@linkcode FLAGS}:
 *
 * 1. {@linkcode parseArguments} splits words into flags with their texts, and arguments;
 * 2. {@linkcode flagValues} parses the texts;
 * 3. {@linkcode parseFlagValue} parses one text by the flag's kind, and checks its bounds and allowed values.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import { parseSize } from "../base/size.ts";
import { escapeControls } from "../base/text.ts";
import { findFlag, type Flag, type KindValues, type ValuesOf } from "./flag.ts";
import { FLAGS } from "./flags.ts";

/** The texts written for flags, by name; an empty array for a switch. */
export type FlagTexts = ReadonlyMap<string, readonly string[]>;

/** A parsed command line, with flags of some table. */
export interface Arguments<Flags extends readonly Flag[] = typeof FLAGS> {
  /** Values of the given flags, without defaults, in the order of the table. */
  given: ValuesOf<Flags>;
  /** Texts of the given flags, in the order in which they were written. */
  texts: FlagTexts;
  /** Positional arguments: words before `--` that are not flags. Maelstrom passes them to the program. */
  positional: readonly string[];
  /** Arguments of the program: the positional ones, then the words after `--`. */
  program: string[];
}

/**
 * Parses a command line. A flag is written as `--flag value`, `--flag=value`, `-f value` or `-fvalue`. Letters of
 * switches can be joined with those of the next flag, as in `-qwecho`. If a flag is given twice, the last one counts,
 * unless it is repeatable.
 *
 * Source: Clojure's `tools.cli`, which Maelstrom uses.
 *
 * @param args What was written after the command.
 * @param flags The table of flags: those of `test`, unless the command has others.
 * @throws {UsageError} A flag is unknown, lacks its value or has a bad one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseArguments } from "./arguments.ts";
 *
 * const { given, program } = parseArguments(["-w", "echo", "--rate=10", "--", "--verbose"]);
 * assertEquals(given, { workload: "echo", rate: 10 });
 * assertEquals(program, ["--verbose"]);
 * ```
 */
export function parseArguments<Flags extends readonly Flag[] = typeof FLAGS>(
  args: readonly string[],
  flags: Flags = FLAGS as readonly Flag[] as Flags,
): Arguments<Flags> {
  const words = beforeEnd(args);
  const ofProgram = args.slice(words.length + 1);
  const texts = new Map<string, string[]>();
  const positional: string[] = [];
  while (words.length > 0) {
    if (!/^-./.test(words[0]!)) {
      positional.push(words.shift()!);
      continue;
    }
    const { flag, value } = takeFlag(words, flags);
    const earlier = flag.repeatable ? texts.get(flag.name) ?? [] : [];
    texts.set(flag.name, value === undefined ? [] : [...earlier, value]);
  }
  return { given: flagValues(texts, flags), texts, positional, program: [...positional, ...ofProgram] };
}

/** The words before `--`: those that are not for the program. */
export function beforeEnd(words: readonly string[]): string[] {
  return words.slice(0, words.includes("--") ? words.indexOf("--") : words.length);
}

/**
 * Parses the words of a command that takes nothing but flags of its own.
 *
 * @param command Its name, for errors.
 * @returns Values of the given flags, without defaults.
 * @throws {UsageError} A flag is unknown, lacks its value or has a bad one; or a word is no flag.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFlagsOnly } from "./arguments.ts";
 *
 * const flags = [{ name: "keep", kind: "integer", help: "Number of runs", origin: "workbench" }] as const;
 * assertEquals(parseFlagsOnly(["--keep", "3"], "prune", flags), { keep: 3 });
 * ```
 */
export function parseFlagsOnly<const Flags extends readonly Flag[]>(
  args: readonly string[],
  command: string,
  flags: Flags,
): ValuesOf<Flags> {
  const { given, program: [word] } = parseArguments(args, flags);
  if (word === undefined) return given;
  throw new UsageError(`Cannot use ${word} with ${command}: ${expectedOneOf(word, wordsOf(flags))}`);
}

/** Removes a flag and its value from the front of the words. */
function takeFlag(words: string[], flags: readonly Flag[]): { flag: Flag; value: string | undefined } {
  splitSwitch(words, flags);
  const word = words.shift()!;
  const [, name, attached] = splitLetter(word, flags) ?? /^(-[^=]*)(?:=([\s\S]*))?$/.exec(word)!;
  const flag = findFlag(name!, flags);
  if (flag === undefined) throw new UsageError(`Cannot use flag ${name}: ${expectedOneOf(name!, wordsOf(flags))}`);
  if (flag.kind === "switch") {
    if (attached === undefined || attached === "true") return { flag, value: undefined };
    throw new UsageError(`Cannot use ${word}: --${flag.name} takes no value`);
  }
  const value = attached ?? (isFlagOrEnd(words[0], flags) ? undefined : words.shift());
  if (value === undefined) throw new UsageError(`Missing value for --${flag.name}: expected ${expectedValue(flag)}`);
  return { flag, value };
}

/** Splits the letter of a switch from those of other flags at the front of the words: `-qwecho` is `-q -wecho`. */
function splitSwitch(words: string[], flags: readonly Flag[]): void {
  const [, letter, rest] = /^-([a-z])([a-z][\s\S]*)$/i.exec(words[0]!) ?? [];
  if (letter === undefined || findFlag(`-${words[0]}`, flags) !== undefined) return;
  if (findFlag(`-${letter}`, flags)?.kind !== "switch" || findFlag(`-${rest![0]}`, flags) === undefined) return;
  words.splice(0, 1, `-${letter}`, `-${rest}`);
}

/**
 * Splits a letter from its value, as in `-wecho`. Does not split `-workload`: that is a flag with one dash too few, and
 * the error should name it.
 */
function splitLetter(word: string, flags: readonly Flag[]): RegExpExecArray | undefined {
  const letterAndValue = /^(-[a-z])([^=][\s\S]*)$/i.exec(word);
  if (letterAndValue === null || findFlag(`-${word}`, flags) !== undefined) return undefined;
  const flag = findFlag(letterAndValue[1]!, flags);
  return flag === undefined || flag.kind === "switch" ? undefined : letterAndValue;
}

function isFlagOrEnd(word: string | undefined, flags: readonly Flag[]): boolean {
  return word === undefined || word.startsWith("--") || findFlag(word, flags) !== undefined;
}

function wordsOf(flags: readonly Flag[]): string[] {
  return flags.filter(({ ignored }) => ignored === undefined).map(({ name }) => `--${name}`);
}

/**
 * Parses the values of flags.
 *
 * @throws {UsageError} A value is bad.
 */
export function flagValues<Flags extends readonly Flag[] = typeof FLAGS>(
  texts: FlagTexts,
  flags: Flags = FLAGS as readonly Flag[] as Flags,
): ValuesOf<Flags> {
  const values: Record<string, unknown> = {};
  for (const flag of flags) {
    const written = texts.get(flag.name);
    if (written === undefined) continue;
    if (flag.kind === "switch") values[flag.name] = true;
    else if (flag.repeatable) values[flag.name] = written.map((text) => parseFlagValue(flag, text));
    else values[flag.name] = parseFlagValue(flag, written[0]!);
  }
  return values as ValuesOf<Flags>;
}

/** The defaults of all flags that have one. */
export const DEFAULTS: FlagTexts = new Map(
  FLAGS.flatMap((flag: Flag) => flag.default === undefined ? [] : [[flag.name, [flag.default]]]),
);

/** Description and parser of a kind of flag. */
interface Kind<Value> {
  /** For error messages. */
  expected: string;
  /** Returns undefined for a text that is not of this kind. */
  parse(text: string): Value | undefined;
}

const KINDS: { [Name in keyof KindValues]: Kind<KindValues[Name]> } = {
  switch: { expected: "no value", parse: () => undefined },
  text: { expected: "a value", parse: (text) => text === "" ? undefined : text },
  seed: {
    expected: "a value without control characters",
    parse: (text) => text === "" || escapeControls(text) !== text || /[\n\t]/.test(text) ? undefined : text,
  },
  list: { expected: "a comma-separated list", parse: parseList },
  integer: { expected: "a whole number", parse: (text) => /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined },
  number: { expected: "a number", parse: parseNumber },
  size: { expected: "a size, such as 500MB or 2GB", parse: parseSize },
  age: { expected: "an age, such as 90m, 12h or 7d", parse: parseAge },
  role: { expected: "a name and its nodes, such as storage=n2,n3", parse: parseRole },
  concurrency: { expected: "a whole number above 0, such as 4, or 4n for four per node", parse: parseConcurrency },
  variable: { expected: "NAME, to pass on a variable that is set here, or NAME=VALUE", parse: parseVariable },
  availability: { expected: "total, or a number from 0 to 1", parse: parseAvailability },
};

/** A comma at the end is allowed. */
function parseList(text: string): string[] | undefined {
  const words = text.trim().replace(/(?<=[^\s,])[\s,]+$/, "").split(/\s*,\s*/);
  return words.includes("") ? undefined : words;
}

/** A decimal number, or a fraction such as `1/3`. */
function parseNumber(text: string): number | undefined {
  const [, dividend, divisor] = /^([+-]?\d+)\/(\d+)$/.exec(text) ?? [];
  if (divisor !== undefined) return finite(Number(dividend) / Number(divisor));
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? finite(Number(text)) : undefined;
}

/** Minutes of each unit of an age. */
const UNITS: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 };

function parseAge(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit!]! * 60_000;
}

function parseRole(text: string): KindValues["role"] | undefined {
  const [, name, list] = /^([^\s=,]+)=(.*)$/s.exec(text) ?? [];
  const nodes = list === undefined ? undefined : parseList(list);
  return nodes && { name: name!, nodes };
}

function parseConcurrency(text: string): KindValues["concurrency"] | undefined {
  const [, count, unit] = /^(\d{1,15})(n?)$/.exec(text) ?? [];
  return Number(count) > 0 ? { count: Number(count), perNode: unit === "n" } : undefined;
}

/** A value may be empty and may contain anything but NUL, which no variable can contain. */
function parseVariable(text: string): KindValues["variable"] | undefined {
  const [, name, value] = /^([^=\0]+)(?:=([^\0]*))?$/.exec(text) ?? [];
  return name === undefined ? undefined : { name, value };
}

function parseAvailability(text: string): KindValues["availability"] | undefined {
  if (text === "total") return text;
  const fraction = parseNumber(text);
  return fraction !== undefined && fraction >= 0 && fraction <= 1 ? fraction : undefined;
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

/** Describes the values of a flag: `a whole number above 0`. */
function expectedValue({ kind, above, least, most }: Flag): string {
  const { expected } = KINDS[kind];
  if (most !== undefined) return `${expected} from ${least} to ${most}`;
  if (above !== undefined) return `${expected} above ${above}`;
  return least === undefined ? expected : `${expected}, ${least} or more`;
}

/**
 * Parses the value of a flag.
 *
 * @param flag Any flag but a switch.
 * @throws {UsageError} The text is not of the flag's kind, out of bounds, or not among the allowed values.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFlagValue } from "./arguments.ts";
 *
 * assertEquals(parseFlagValue({ name: "rate", kind: "number", help: "", origin: "jepsen" }, "1e3"), 1000);
 * ```
 */
export function parseFlagValue(flag: Flag, text: string): KindValues[keyof KindValues] {
  const value = KINDS[flag.kind].parse(text);
  if (value === undefined || isOutOfBounds(value, flag)) {
    throw new UsageError(
      `Cannot use --${flag.name} ${escapeControls(JSON.stringify(text))}: expected ${expectedValue(flag)}`,
    );
  }
  const words = Array.isArray(value) ? value : [String(value)];
  const wrong = flag.allowed === undefined ? undefined : words.find((word) => !flag.allowed!.includes(word));
  if (wrong !== undefined) {
    throw new UsageError(`Cannot use --${flag.name} ${wrong}: ${expectedOneOf(wrong, flag.allowed!)}`);
  }
  return value;
}

function isOutOfBounds(value: unknown, { above = -Infinity, least = -Infinity, most = Infinity }: Flag): boolean {
  return typeof value === "number" && !(value > above && value >= least && value <= most);
}
