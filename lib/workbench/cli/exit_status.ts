/**
 * The exit status for results. It follows the verdict that decides: the strict one, or that of Maelstrom.
 *
 * @module
 */

import { EXIT_STATUS } from "../base/exit_status.ts";
import type { SeriesOutcome } from "../search/series.ts";
import { decisionOf, type Results } from "../run/results.ts";

/** The exit statuses that results can have, the worst first. */
const WORST_FIRST = [EXIT_STATUS.error, EXIT_STATUS.failed, EXIT_STATUS.unknown, EXIT_STATUS.passed];

/**
 * The exit status for the results of one run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exitStatus } from "./exit_status.ts";
 *
 * const maelstrom = { valid: true, passed: true };
 * const wrong = { valid: false, passed: false, maelstrom, exceptions: [] };
 * assertEquals(exitStatus({ ...wrong, decided_by: "strict" }), 1);
 * assertEquals(exitStatus({ ...wrong, decided_by: "maelstrom" }), 0);
 * ```
 */
export function exitStatus(
  results: Pick<Results, "valid" | "passed" | "maelstrom" | "decided_by" | "exceptions">,
): number {
  if (results.exceptions.some(({ fatal }) => fatal)) return EXIT_STATUS.error;
  const { valid, passed } = decisionOf(results);
  if (valid === "unknown") return EXIT_STATUS.unknown;
  return passed ? EXIT_STATUS.passed : EXIT_STATUS.failed;
}

/** The exit status of a series: the worst of its runs, unless a person has ended it early. */
export function seriesExitStatus({ runs, isInterrupted }: SeriesOutcome): number {
  if (isInterrupted) return EXIT_STATUS.interrupted;
  const statuses = [...runs.map(exitStatus), EXIT_STATUS.passed];
  return WORST_FIRST.find((status) => statuses.includes(status))!;
}
