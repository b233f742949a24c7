/**
 * Failures: the reason why a run failed, short enough to compare two runs.
 *
 * @module
 */

import { decisionOf, NOT_STORED, type Results } from "./results.ts";
import { INCONCLUSIVE } from "./survives.ts";

/** Reason why a run failed. */
export interface Failure {
  /**
   * Kind of the failure, worst first: an exception ended the test, the verdict is invalid, the verdict is unknown, or
   * a limit was missed.
   */
  kind: "ended" | "invalid" | "unknown" | "missed";
  /** Types of the exceptions or anomalies, or names of the limits, in the order of the results. */
  causes: readonly string[];
}

/** Kinds of failures, worst first. */
const KINDS: readonly Failure["kind"][] = ["ended", "invalid", "unknown", "missed"];

/** Part of the results that shows why a run failed. */
export type FailureEvidence =
  & Pick<Results, "valid" | "passed" | "anomalies" | "exceptions" | "targets">
  & Partial<Pick<Results, "maelstrom" | "decided_by">>;

/**
 * Returns the reason why a run failed, by the verdict that decides. Only the worst counts, because lesser ones may be
 * its consequence. {@linkcode INCONCLUSIVE} anomalies count only if there are no others.
 *
 * @returns Undefined if the run passed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failureOf } from "./failure.ts";
 *
 * const run = { exceptions: [], targets: [], passed: false };
 * const lost = { type: "lost", count: 2, explanation: "Element 7 …" };
 * assertEquals(failureOf({ ...run, valid: false, anomalies: [lost] }), { kind: "invalid", causes: ["lost"] });
 * ```
 */
export function failureOf(results: FailureEvidence): Failure | undefined {
  const { valid, passed } = decisionOf(results);
  if (passed) return undefined;
  const isCounted = ({ maelstrom }: { maelstrom?: string }) =>
    results.decided_by !== "maelstrom" || maelstrom !== "overlooks";
  const anomalies = results.anomalies.filter(isCounted);
  const exceptions = results.exceptions.filter((each) => each.fatal || isCounted(each));
  const types = (found: readonly { type: string }[]) => [...new Set(found.map(({ type }) => type))];
  const fatal = exceptions.filter(({ fatal }) => fatal);
  if (fatal.length > 0) return { kind: "ended", causes: types(fatal) };
  if (valid !== true) {
    const kind = valid === false ? "invalid" : "unknown";
    const forbidden = types(anomalies.filter(({ allowed }) => !allowed));
    const wrong = forbidden.filter((type) => !INCONCLUSIVE.includes(type));
    // If there is no anomaly, as when two runs of a seed differ, an exception is the cause.
    const thrown = types(exceptions).filter((type) => type !== NOT_STORED);
    return { kind, causes: [wrong, thrown, forbidden].find((causes) => causes.length > 0) ?? [] };
  }
  return { kind: "missed", causes: results.targets.filter(({ met }) => !met).map(({ name }) => name) };
}

/**
 * Returns true if a run fails for the same reason as another: the kind is the same, it has the other's first cause,
 * and all its causes are among the other's.
 *
 * @param failure Failure of the run; undefined if it passed.
 * @param other Failure of the run that it is compared with.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { type Failure, isSameFailure } from "./failure.ts";
 *
 * const original: Failure = { kind: "invalid", causes: ["lost-write", "unseen"] };
 * assert(isSameFailure({ kind: "invalid", causes: ["lost-write"] }, original));
 * assert(!isSameFailure({ kind: "invalid", causes: ["unseen"] }, original));
 * assert(!isSameFailure({ kind: "missed", causes: ["max_latency_ms"] }, original));
 * ```
 */
export function isSameFailure(failure: Failure | undefined, other: Failure): boolean {
  if (failure === undefined || failure.kind !== other.kind) return false;
  const [first] = other.causes;
  return (first === undefined || failure.causes.includes(first)) &&
    failure.causes.every((cause) => other.causes.includes(cause));
}

/**
 * Returns the run that failed worst; the first one if several are equally bad.
 *
 * @returns Undefined if no run failed, except for unknown verdicts without a cause.
 */
export function worstOf<R extends FailureEvidence>(runs: readonly R[]): R | undefined {
  const failed = runs.map((run) => ({ run, failure: failureOf(run) }));
  const isExplained = ({ kind, causes }: Failure) => kind !== "unknown" || causes.length > 0;
  for (const kind of KINDS) {
    const worst = failed.find(({ failure }) => failure?.kind === kind && isExplained(failure));
    if (worst !== undefined) return worst.run;
  }
  return undefined;
}
