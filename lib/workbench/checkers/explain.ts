/**
 * Words for anomalies: what the checkers share when they tell a person what went wrong. All of it is bounded, however
 * long the history.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import type { Anomaly, Verdict } from "./verdict.ts";
import { show } from "../base/text.ts";

/** How many cases of one anomaly are told in full. */
export const EXAMPLES = 8;

/**
 * Sums up the cases of one anomaly: all are counted, the first few are told, one a line.
 *
 * @param type The anomaly's name.
 * @param cases What was found, the worst or the first in time at the front; at least one.
 * @param tell One case as a sentence; its first letter is made a capital.
 */
export function explain<Case>(type: string, cases: readonly Case[], tell: (example: Case) => string): Anomaly {
  const lines = cases.slice(0, EXAMPLES).map(tell).map((line) => line[0]!.toUpperCase() + line.slice(1));
  if (cases.length > EXAMPLES) lines.push(`… and ${cases.length - EXAMPLES} more`);
  return { type, count: cases.length, explanation: lines.join("\n") };
}

/** As {@linkcode explain}, for cases there may be none of: a list of one anomaly, or of none. */
export function found<Case>(type: string, cases: readonly Case[], tell: (example: Case) => string): Anomaly[] {
  return cases.length === 0 ? [] : [explain(type, cases, tell)];
}

/** Nanoseconds since the test began as seconds, to the millisecond: `3.214 s`. */
export function seconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e9).toFixed(3)} s`;
}

/**
 * What became of an operation and when: `acknowledged at 3.214 s`, `failed at 3.214 s with txn-conflict, root has
 * moved`.
 */
export function outcome({ type, time, error }: Operation): string {
  const reason = Array.isArray(error) ? error.join(", ") : show(error, 80);
  const why = error === undefined || error === null ? "" : ` with ${reason}`;
  if (type === "ok") return `acknowledged at ${seconds(time)}`;
  if (type === "fail") return `failed at ${seconds(time)}${why}`;
  if (type === "info") return `given up at ${seconds(time)}${why}, so that nobody knows its outcome`;
  return `begun at ${seconds(time)} and never completed`;
}

/**
 * Runs a check over a history that may hold anything: what does not have the shape it should have makes the verdict
 * unknown.
 *
 * @param check The check; throws a {@linkcode TypeError} whose message names what is malformed.
 */
export function checkOrUnknown(check: () => Verdict): Verdict {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      valid: "unknown",
      anomalies: [{ type: "malformed-history", count: 1, explanation: error.message }],
    };
  }
}
