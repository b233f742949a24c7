/**
 * Errors that end a command with one line for a person, without a stack trace.
 *
 * @module
 */

import { textOf } from "../../log.ts";
import { nearMatch } from "./near_match.ts";

/** Mistake in a command: a flag, a value or a file. Exit status 254. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Failure of a command that was right: no network, no results. Exit status 255. */
export class FailedError extends Error {
  override name = "FailedError";
}

/** Returns the message of an error; anything else that was thrown as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : textOf(thrown);
}

/**
 * Lists the allowed words, and suggests the one that was probably meant.
 *
 * @param word Word that is not allowed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expectedOneOf } from "./errors.ts";
 *
 * assertEquals(expectedOneOf("gird", ["grid", "line"]), "expected one of grid, line; did you mean grid?");
 * assertEquals(expectedOneOf("gird", []), "expected none");
 * ```
 */
export function expectedOneOf(word: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return "expected none";
  const near = nearMatch(word, allowed);
  const list = allowed.length === 1 ? `expected ${allowed[0]}` : `expected one of ${allowed.join(", ")}`;
  return near === undefined ? list : `${list}; did you mean ${near}?`;
}

/** Returns the message of an error of the operating system without its number and the path. */
export function reasonOf({ message }: Error): string {
  return message.replace(/ \(os error \d+\).*/s, "");
}

/**
 * True for an error of the operating system that says that something has run out: space on the disk, open files,
 * processes, memory. What was asked for is not a mistake then.
 */
export function isExhaustion({ message }: Error): boolean {
  return EXHAUSTIONS.some((text) => message.includes(text));
}

const EXHAUSTIONS = [
  "No space left",
  "quota exceeded",
  "File too large",
  "Input/output error",
  "Too many open files",
  "Resource temporarily unavailable",
  "Cannot allocate memory",
];
