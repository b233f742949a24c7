/**
 * A history as a list of attempts: what each client asked for, and what came of it.
 *
 * @module
 */

import { pairs } from "../history/history.ts";
import type { Operation } from "../history/operation.ts";

/** One operation of a client from invocation to completion. */
export interface Attempt {
  /** The client process. */
  process: number;
  /** The function. */
  f: string;
  /** What became of it; info where no completion is on record. */
  type: "ok" | "fail" | "info";
  invocation: Operation;
  /** The completion; the invocation itself where there is none. */
  completion: Operation;
  /** Index of the completion; infinite where there is none. */
  end: number;
}

/**
 * Pairs the clients' invocations with their completions. The nemesis is left out.
 *
 * @param history In order of time.
 * @returns In order of completion; those that were never completed come last.
 */
export function attempts(history: readonly Operation[]): Attempt[] {
  return pairs(history).map(({ invocation, completion }): Attempt => ({
    process: invocation.process as number,
    f: invocation.f,
    type: completion?.type ?? "info",
    invocation,
    completion: completion ?? invocation,
    end: completion?.index ?? Infinity,
  })).sort((a, b) => a.end - b.end || a.invocation.index - b.invocation.index);
}
