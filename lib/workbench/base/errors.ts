/**
 * Errors that end a command with one line for a person, never with a stack trace.
 *
 * @module
 */

import { nearMatch } from "./near_match.ts";

/** A mistake in what was asked for: a flag, a value, a file. The exit status is 254. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Something that could not be done although it was rightly asked for: no network, no results. The exit status is 255. */
export class FailedError extends Error {
  override name = "FailedError";
}

/**
 * What to tell a person who wrote a word that is not one of those expected: all of them, and the one that was probably meant.
 *
 * @param word What was written.
 * @param allowed What could have been written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expectedOneOf } from "./errors.ts";
 *
 * assertEquals(expectedOneOf("gird", ["grid", "line"]), "expected one of grid, line; did you mean grid?");
 * ```
 */
export function expectedOneOf(word: string, allowed: readonly string[]): string {
  const near = nearMatch(word, allowed);
  const list = allowed.length === 1 ? `expected ${allowed[0]}` : `expected one of ${allowed.join(", ")}`;
  return near === undefined ? list : `${list}; did you mean ${near}?`;
}
