/**
 * Failures: why a run failed, in so few words that two runs can be compared.
 *
 * @module
 */

import { NOT_STORED, type Results } from "./results.ts";
import { SAY_NOTHING } from "./survives.ts";

/** Why a run failed. */
export interface Failure {
  /**
   * The worst that can be said of it: a node or the like ended the test, what clients saw is invalid, it cannot be judged, or a limit
   * was missed.
   */
  kind: "ended" | "invalid" | "unknown" | "missed";
  /** The types of the exceptions or anomalies, or the names of the limits; what stands first comes first. */
  what: readonly string[];
}

/** The kinds of failures, the worst first. */
const KINDS: readonly Failure["kind"][] = ["ended", "invalid", "unknown", "missed"];

/**
 * Why a run failed: only the worst, for what is less bad may well be its consequence. That nothing came about counts only where there is
 * nothing else: a run of which that is all is survived, as `isSurvived` has it, and no other failure is the same.
 *
 * @returns Nothing if it passed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failureOf } from "./failure.ts";
 *
 * const run = { exceptions: [], targets: [], passed: false };
 * const lost = { type: "lost", count: 2, explanation: "Element 7 …" };
 * assertEquals(failureOf({ ...run, valid: false, anomalies: [lost] }), { kind: "invalid", what: ["lost"] });
 * ```
 */
export function failureOf(
  { valid, passed, anomalies, exceptions, targets }: Pick<
    Results,
    "valid" | "passed" | "anomalies" | "exceptions" | "targets"
  >,
): Failure | undefined {
  if (passed) return undefined;
  const types = (found: readonly { type: string }[]) => [...new Set(found.map(({ type }) => type))];
  const fatal = exceptions.filter(({ fatal }) => fatal);
  if (fatal.length > 0) return { kind: "ended", what: types(fatal) };
  if (valid !== true) {
    const kind = valid === false ? "invalid" : "unknown";
    const forbidden = types(anomalies.filter(({ allowed }) => !allowed));
    const wrong = forbidden.filter((type) => !SAY_NOTHING.includes(type));
    // Where no anomaly tells why, such as when two runs of a seed differ, an exception does.
    const thrown = types(exceptions).filter((type) => type !== NOT_STORED);
    return { kind, what: [wrong, thrown, forbidden].find((what) => what.length > 0) ?? [] };
  }
  return { kind: "missed", what: targets.filter(({ met }) => !met).map(({ name }) => name) };
}

/**
 * Whether a run fails for the same reason as another: it is as bad, what stands first in the other is wrong with it too, and nothing is
 * wrong with it that is not wrong with the other.
 *
 * @param failure The run's failure; none if it passed.
 * @param other That of the run which it is compared to.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { type Failure, isSameFailure } from "./failure.ts";
 *
 * const original: Failure = { kind: "invalid", what: ["lost-write", "unseen"] };
 * assert(isSameFailure({ kind: "invalid", what: ["lost-write"] }, original));
 * assert(!isSameFailure({ kind: "invalid", what: ["unseen"] }, original));
 * assert(!isSameFailure({ kind: "missed", what: ["max_latency_ms"] }, original));
 * ```
 */
export function isSameFailure(failure: Failure | undefined, other: Failure): boolean {
  if (failure === undefined || failure.kind !== other.kind) return false;
  const [first] = other.what;
  return (first === undefined || failure.what.includes(first)) &&
    failure.what.every((type) => other.what.includes(type));
}

/**
 * Of several runs that which failed worst; of those equally bad the first.
 *
 * @returns Nothing if all passed, or are such that too little is known of them to say what failed.
 */
export function worstOf<R extends Parameters<typeof failureOf>[0]>(runs: readonly R[]): R | undefined {
  const failed = runs.map((run) => ({ run, failure: failureOf(run) }));
  const says = ({ kind, what }: Failure) => kind !== "unknown" || what.length > 0;
  for (const kind of KINDS) {
    const worst = failed.find(({ failure }) => failure?.kind === kind && says(failure));
    if (worst !== undefined) return worst.run;
  }
  return undefined;
}
