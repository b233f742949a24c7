/**
 * `demo`: a self-test, as in Maelstrom. Runs each of our programs once, in a short version of its last challenge.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { type Challenge, CHALLENGES } from "../request/challenges.ts";
import { runChallenges } from "./run.ts";

/** Length of the main phase of each test, unless the user gives another. */
const TIME_LIMIT_SECONDS = 5;

/**
 * Runs all of our programs. Arguments, result and errors are those of `all`. A self-test is strict, so every finding
 * counts.
 */
export async function demo(words: readonly string[], machine: Machine): Promise<number> {
  const flags = ["--time-limit", String(TIME_LIMIT_SECONDS), ...words];
  return await runChallenges(demoChallenges(), flags, machine, "strict");
}

/** For each program, the last challenge that it solves. */
export function demoChallenges(): Challenge[] {
  return CHALLENGES.filter(({ program }, index) =>
    CHALLENGES.findLastIndex((other) => other.program === program) === index
  );
}
