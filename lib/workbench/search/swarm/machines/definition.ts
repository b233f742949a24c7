/**
 * A swarm over many machines, as data: which tests it has, in which ranges they are handed out, and which version of
 * this project they need. A seed and a number name one whole test only together with that version.
 *
 * @module
 */

/** Definition of a swarm. It is stored on the server, so that coordinator and workers agree. */
export interface SwarmDefinition {
  schema: 1;
  name: string;
  /** Seed of all draws: test `n` has the seed `seed-n`. */
  seed: string;
  /** Number of tests. Their numbers are 1 to `seeds`. */
  seeds: number;
  /** Ids of the challenges to draw from. */
  challenges: readonly string[];
  /** Version of this project that draws and runs the tests. */
  version: string;
  /** Version of the program that is tested instead of ours; null for ours. */
  program: string | null;
  /** Number of tests that are handed out together. */
  rangeSize: number;
  /** Time at which the swarm was defined, ms since 1970. */
  createdAt: number;
  /** True when all tests are counted. */
  isFinished: boolean;
}

/** Tests that are handed out together. */
export interface SeedRange {
  /** Number of the first test. */
  first: number;
  /** Number of the last test. `first <= last`. */
  last: number;
  /** True if some of them may have results already. */
  isRepeat: boolean;
}

/** Most tests of a range: some seconds of work for a core, so that a worker that dies loses little. */
const MAX_RANGE = 25;
/** Fewest ranges, if there are enough tests: every core of a small group of machines gets its share. */
const MIN_RANGES = 200;

/** True if a text can be the name of a swarm, and so a part of names on the server. */
export function isName(text: string): boolean {
  return /^[\w-]{1,60}$/.test(text);
}

/** Returns the number of tests to hand out together. */
export function rangeSizeFor(seeds: number): number {
  return Math.max(1, Math.min(MAX_RANGE, Math.floor(seeds / MIN_RANGES)));
}

/** Returns the number of ranges of a swarm. */
export function rangeCount({ seeds, rangeSize }: Pick<SwarmDefinition, "seeds" | "rangeSize">): number {
  return Math.ceil(seeds / rangeSize);
}

/**
 * Returns one range of a swarm.
 *
 * @param index Its position, from 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rangeAt } from "./definition.ts";
 *
 * assertEquals(rangeAt({ seeds: 60, rangeSize: 25 }, 2), { first: 51, last: 60, isRepeat: false });
 * ```
 */
export function rangeAt({ seeds, rangeSize }: Pick<SwarmDefinition, "seeds" | "rangeSize">, index: number): SeedRange {
  return { first: index * rangeSize + 1, last: Math.min(seeds, (index + 1) * rangeSize), isRepeat: false };
}

/**
 * Returns the ranges that cover all tests without a result.
 *
 * @param hasResult Returns true for the number of a test that has one.
 */
export function missingRanges(
  { seeds, rangeSize }: Pick<SwarmDefinition, "seeds" | "rangeSize">,
  hasResult: (number: number) => boolean,
): SeedRange[] {
  const ranges: SeedRange[] = [];
  for (let number = 1; number <= seeds; number++) {
    if (hasResult(number)) continue;
    const open = ranges.at(-1);
    if (open !== undefined && open.last === number - 1 && number - open.first < rangeSize) open.last = number;
    else ranges.push({ first: number, last: number, isRepeat: true });
  }
  return ranges;
}

/** Version of the project and of the program here, to compare with those of a swarm. */
export interface Versions {
  version: string;
  program: string | null;
}

/**
 * Explains why a process cannot take part in a swarm: it would run other tests.
 *
 * @returns Message for a person, or undefined if it can.
 */
export function refusalOf(
  { name, version, program }: Pick<SwarmDefinition, "name" | "version" | "program">,
  here: Versions,
): string | undefined {
  const refusal = `Cannot take part in the swarm ${name}:`;
  if (version !== here.version) {
    return `${refusal} it was begun with version ${version}, this is ${here.version}; expected the same files on ` +
      "every machine, as a seed names a test of one version only";
  }
  if (program === here.program) return undefined;
  if (program === null) return `${refusal} it tests our programs; expected no --bin`;
  return here.program === null
    ? `${refusal} it tests a program of its own; expected --bin with the same one`
    : `${refusal} it tests another program than --bin; expected the same files on every machine`;
}
