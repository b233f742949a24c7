/**
 * Plan of a grading: its tests, the words that run each, and the longest time.
 *
 * @module
 */

import { UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { parseArguments } from "../../request/arguments.ts";
import type { Challenge } from "../../request/challenges.ts";
import { type ClaimTest, claimTests } from "../../request/claims.ts";
import { createRequest, type TestRequest } from "../../request/request.ts";
import type { GradeOptions } from "./options.ts";

/** Test that is run once with each seed. */
export interface PlannedTest extends ClaimTest {
  /** Words after `maelstrom.sh` that run it, without a seed; null if it has no program. */
  words: readonly string[] | null;
  /** The request of these words. */
  request: TestRequest | null;
  /** Reason why it cannot be run; null if it can. */
  problem: string | null;
  /** Longest time of one run, in seconds. After that, it is killed. */
  limitSeconds: number;
}

/**
 * Time of a run besides its main phase, in seconds: nodes that start slowly, recovery, the last reads, the checks, and
 * the end of the processes.
 */
const OVERHEAD_SECONDS = 57;

/** Time to kill a run, and to go on, in seconds. */
const END_SECONDS = 3;

/** Endings of programs in a folder. */
const ENDINGS = ["", ".sh", ".py", ".rb", ".js", ".ts", ".mjs"];

/**
 * Plans the tests of all challenges.
 *
 * @throws {UsageError} The program cannot be run, or a flag is bad. In a folder of programs, one that cannot be run is
 *   the problem of its tests.
 */
export function planTests(options: GradeOptions, machine: Machine): PlannedTest[] {
  const isFolder = options.bin !== undefined && machine.files.inspect(options.bin).kind === "folder";
  return options.challenges.flatMap((challenge) => {
    const bin = isFolder ? programIn(options.bin!, challenge, machine) : options.bin;
    return claimTests(challenge, options.faults).map((test) => planTest(test, bin, { options, machine, isFolder }));
  });
}

function planTest(
  test: ClaimTest,
  bin: string | undefined,
  { options, machine, isFolder }: { options: GradeOptions; machine: Machine; isFolder: boolean },
): PlannedTest {
  const { challenge } = test;
  const limitSeconds = (request: TestRequest | null) => (request?.options.timeLimitSeconds ?? 0) + OVERHEAD_SECONDS;
  if (isFolder && bin === undefined) {
    const problem = `There is no program: expected ${options.bin}/${challenge.id} or ${options.bin}/${challenge.name}`;
    return { ...test, words: null, request: null, problem, limitSeconds: 0 };
  }
  const flags = [...test.flags, ...bin === undefined ? [] : ["--bin", bin], ...options.testFlags];
  const words = [challenge.id, ...flags, ...options.program.length === 0 ? [] : ["--", ...options.program]];
  try {
    const request = createRequest(challenge, parseArguments(words.slice(1)), machine);
    return { ...test, words, request, problem: null, limitSeconds: limitSeconds(request) };
  } catch (error) {
    if (!isFolder || !(error instanceof UsageError)) throw error;
    return { ...test, words: null, request: null, problem: error.message, limitSeconds: 0 };
  }
}

/** The program of a challenge in a folder: by its number, else by its name. */
function programIn(folder: string, { id, name }: Challenge, { files }: Machine): string | undefined {
  const paths = [id, name].flatMap((stem) => ENDINGS.map((ending) => `${folder}/${stem}${ending}`));
  return paths.find((path) => ["file", "executable"].includes(files.inspect(path).kind));
}

/** Longest time of a grading, in seconds. */
export function timeLimitOf(tests: readonly PlannedTest[], seeds: number): number {
  const runs = tests.filter(({ words }) => words !== null);
  return runs.reduce((sum, { limitSeconds }) => sum + (limitSeconds + END_SECONDS) * seeds, 0);
}
