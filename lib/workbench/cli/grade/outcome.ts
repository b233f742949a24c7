/**
 * Outcome of one graded run: the reason why it does not fulfil a claim.
 *
 * The run is a process of its own, so anything may have become of it. No outcome is an error of the grader.
 *
 * @module
 */

import type { ScriptOutcome } from "../../engines/machine.ts";
import { decidingProblem } from "../../report/problems.ts";
import { TARGET_LABELS } from "../../report/summary.ts";
import { figure } from "../../report/numbers.ts";
import type { Claim } from "../../request/claims.ts";
import { decisionOf, type Results } from "../../run/results.ts";

/** Longest reason, in characters. It is cut at the end of a line, if possible. */
const MAX_REASON = 600;

/**
 * True for a simulation that had not ended in time. Its time is virtual, so real time is no verdict on the program: the
 * machine may have been too slow. A node that computes without end does not get here, as the simulation ends itself.
 */
export function isUnjudged({ isTimeout }: ScriptOutcome, isSimulated: boolean): boolean {
  return isTimeout && isSimulated;
}

/**
 * Returns the reason why a run does not fulfil a claim; undefined if it does.
 *
 * @param limitSeconds Time that the run had.
 */
export function reasonAgainst(
  { limit }: Pick<Claim, "limit">,
  outcome: ScriptOutcome,
  limitSeconds: number,
): string | undefined {
  const reason = reasonOf(limit, outcome, limitSeconds);
  if (reason === undefined || reason.length <= MAX_REASON) return reason;
  const end = reason.lastIndexOf("\n", MAX_REASON);
  return end > 0 ? `${reason.slice(0, end)}\n…` : `${reason.slice(0, MAX_REASON)}…`;
}

function reasonOf(limit: Claim["limit"], outcome: ScriptOutcome, limitSeconds: number): string | undefined {
  if (outcome.isTimeout) return `The test had not ended after ${limitSeconds} s, and was killed`;
  const results = resultsOf(outcome);
  if (results === undefined) return lastWords(outcome);
  const problem = problemOf(results);
  if (problem !== undefined || limit === null) return problem;
  const target = results.targets.find(({ name }) => name === limit.name);
  if (target?.met) return undefined;
  const { label, unit } = TARGET_LABELS[limit.name]!;
  const value = target?.value ?? null;
  return value === null ? `${label}: not measured` : `${label}: ${figure(value)}${unit}, limit ${limit.limit}${unit}`;
}

/** The results that a run has printed; undefined if that is anything else. */
function resultsOf({ stdout }: ScriptOutcome): Results | undefined {
  try {
    const results = JSON.parse(stdout);
    return results?.schema === 1 && Array.isArray(results.targets) ? results : undefined;
  } catch {
    return undefined;
  }
}

/** Last lines on stderr of a run that has printed no results. */
function lastWords({ status, stderr }: ScriptOutcome): string {
  const lines = stderr.trim().split("\n").slice(-3).join("\n");
  return lines === "" ? `The test gave no results, and ended with status ${status}` : lines;
}

/** The finding that decides, as the summary of the run shows it first; undefined if the run is valid. */
function problemOf(results: Results): string | undefined {
  const { valid } = decisionOf(results);
  const isFatal = results.exceptions.some(({ fatal }) => fatal);
  if (valid === true && !isFatal) return undefined;
  const problem = decidingProblem(
    results,
    ({ maelstrom }) => results.decided_by === "strict" || maelstrom !== "overlooks",
  );
  if (problem !== undefined) return problem;
  return valid === false ? "The run is invalid" : "Unknown: the operations of the run do not decide it";
}
