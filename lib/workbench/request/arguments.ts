/**
 * Arguments: from what a person wrote on the command line to the values of the {@linkcode FLAGS}.
 *
 * @module
 */

import { findFlag, type Flag, FLAGS, type FlagValues, type KindValues } from "./flags.ts";
import { expectedOneOf, UsageError } from "../base/errors.ts";
import { visible } from "../base/text.ts";

/** A command line, parsed. */
export interface Arguments {
  /** The flags that were given, without defaults, in the order of the {@linkcode FLAGS}. */
  given: FlagValues;
  /** What was written for each of them; an empty array for a switch. */
  texts: Map<string, string[]>;
  /** What is no flag, before `--`: Maelstrom takes it for arguments of the program. */
  loose: string[];
  /** The program's own arguments: those, and what stands after `--`. */
  program: string[];
}

/**
 * Parses flags, as `--flag value`, `--flag=value` or by their letters: `-w value`, `-wvalue`. Of a flag that is given twice the last
 * counts, unless it may be given often.
 *
 * Source: Clojure's `tools.cli`, which Maelstrom uses.
 *
 * @param args What was written after the command.
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
export function parseArguments(args: readonly string[]): Arguments {
  const end = args.indexOf("--");
  const words = end === -1 ? [...args] : args.slice(0, end);
  const texts = new Map<string, string[]>();
  const loose: string[] = [];
  while (words.length > 0) {
    if (!/^-./.test(words[0]!)) {
      loose.push(words.shift()!);
      continue;
    }
    const { flag, value } = takeFlag(words);
    const earlier = flag.repeatable ? texts.get(flag.name) ?? [] : [];
    texts.set(flag.name, value === undefined ? [] : [...earlier, value]);
  }
  return { given: flagValues(texts), texts, loose, program: [...loose, ...end === -1 ? [] : args.slice(end + 1)] };
}

/** Takes a flag, and its value, from the front of the words. */
function takeFlag(words: string[]): { flag: Flag; value: string | undefined } {
  const word = words.shift()!;
  const [, name, attached] = splitGlued(word) ?? /^(-[^=]*)(?:=([\s\S]*))?$/.exec(word)!;
  const flag = findFlag(name!);
  if (flag === undefined) throw new UsageError(`Cannot use flag ${name}: ${expectedOneOf(name!, FLAG_WORDS)}`);
  if (flag.kind === "switch") {
    if (attached === undefined) return { flag, value: undefined };
    throw new UsageError(`Cannot use ${word}: --${flag.name} takes no value`);
  }
  const value = attached ?? (isFlag(words[0]) ? undefined : words.shift());
  if (value === undefined) throw new UsageError(`Missing value for --${flag.name}: expected ${expectedValue(flag)}`);
  return { flag, value };
}

/** A letter with its value, as in `-wecho`; where a dash is missing, as in `-workload`, it is none. */
function splitGlued(word: string): RegExpExecArray | undefined {
  const glued = /^(-[a-z])([^=][\s\S]*)$/i.exec(word);
  const flag = glued === null || findFlag(`-${word}`) !== undefined ? undefined : findFlag(glued[1]!);
  return flag === undefined || flag.kind === "switch" ? undefined : glued!;
}

function isFlag(word: string | undefined): boolean {
  return word === undefined || word.startsWith("--") || findFlag(word) !== undefined;
}

const FLAG_WORDS = FLAGS.filter((flag: Flag) => flag.ignored === undefined).map(({ name }) => `--${name}`);

/**
 * Parses the values of flags.
 *
 * @param texts What was written for each flag; an empty array for a switch.
 * @throws {UsageError} A value is bad.
 */
export function flagValues(texts: ReadonlyMap<string, readonly string[]>): FlagValues {
  const values: Record<string, unknown> = {};
  for (const flag of FLAGS as readonly Flag[]) {
    const written = texts.get(flag.name);
    if (written === undefined) continue;
    if (flag.kind === "switch") values[flag.name] = true;
    else if (flag.repeatable) values[flag.name] = written.map((text) => parseFlagValue(flag, text));
    else values[flag.name] = parseFlagValue(flag, written[0]!);
  }
  return values as FlagValues;
}

/** The texts of all flags that have a default. */
export const DEFAULTS: ReadonlyMap<string, readonly string[]> = new Map(
  FLAGS.flatMap((flag: Flag) => flag.default === undefined ? [] : [[flag.name, [flag.default]]]),
);

/** How each kind is parsed: undefined is what it is not. */
const KINDS: { [Kind in keyof KindValues]: { expected: string; parse(text: string): KindValues[Kind] | undefined } } = {
  switch: { expected: "no value", parse: () => undefined },
  text: { expected: "a value", parse: (text) => text === "" ? undefined : text },
  seed: {
    expected: "a value without control characters",
    parse: (text) => text === "" || visible(text) !== text || /[\n\t]/.test(text) ? undefined : text,
  },
  list: {
    expected: "a comma-separated list",
    parse(text) {
      // A comma at the end does no harm.
      const words = text.trim().replace(/(?<=[^\s,])[\s,]+$/, "").split(/\s*,\s*/);
      return words.includes("") ? undefined : words;
    },
  },
  integer: { expected: "a whole number", parse: (text) => /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined },
  number: {
    expected: "a number",
    parse(text) {
      const [, dividend, divisor] = /^([+-]?\d+)\/(\d+)$/.exec(text) ?? [];
      if (divisor !== undefined) return finite(Number(dividend) / Number(divisor));
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? finite(Number(text)) : undefined;
    },
  },
  concurrency: {
    expected: "a whole number above 0, such as 4, or 4n for four per node",
    parse(text) {
      const [, count, unit] = /^(\d{1,15})(n?)$/.exec(text) ?? [];
      return Number(count) > 0 ? { count: Number(count), perNode: unit === "n" } : undefined;
    },
  },
  availability: {
    expected: "total, or a number from 0 to 1",
    parse(text) {
      if (text === "total") return text;
      const fraction = KINDS.number.parse(text);
      return fraction !== undefined && fraction >= 0 && fraction <= 1 ? fraction : undefined;
    },
  },
};

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}

/** What a flag's value must be, for a person: `a whole number above 0`. */
export function expectedValue({ kind, above, least }: Flag): string {
  const bound = above !== undefined ? ` above ${above}` : least !== undefined ? `, ${least} or more` : "";
  return KINDS[kind].expected + bound;
}

/**
 * Parses the value of a flag.
 *
 * @param flag Which flag; not a switch.
 * @param text What was written.
 * @throws {UsageError} The value is not of the flag's kind, out of bounds, or not among those allowed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseFlagValue } from "./arguments.ts";
 * import { findFlag } from "./flags.ts";
 *
 * assertEquals(parseFlagValue(findFlag("--rate")!, "1e3"), 1000);
 * assertEquals(parseFlagValue(findFlag("--concurrency")!, "4n"), { count: 4, perNode: true });
 * ```
 */
export function parseFlagValue(flag: Flag, text: string): KindValues[keyof KindValues] {
  const value = KINDS[flag.kind].parse(text);
  const outOfBounds = typeof value === "number" &&
    (flag.above !== undefined && value <= flag.above || flag.least !== undefined && value < flag.least);
  if (value === undefined || outOfBounds) {
    throw new UsageError(`Cannot use --${flag.name} ${visible(JSON.stringify(text))}: expected ${expectedValue(flag)}`);
  }
  const words = Array.isArray(value) ? value : [String(value)];
  const wrong = flag.allowed === undefined ? undefined : words.find((word) => !flag.allowed!.includes(word));
  if (wrong !== undefined) {
    throw new UsageError(`Cannot use --${flag.name} ${wrong}: ${expectedOneOf(wrong, flag.allowed!)}`);
  }
  return value;
}
