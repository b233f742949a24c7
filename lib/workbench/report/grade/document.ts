/**
 * Document of a grading: points, and the reason for each point that is missing. `grade.json` is this document; page,
 * JUnit file and table are made from it.
 *
 * @module
 */

import type { Claim } from "../../request/claims.ts";
import { TARGET_LABELS } from "../summary.ts";

/** Result of a grading. Others read it, so keys are never renamed or removed. */
export interface GradeDocument {
  schema: 1;
  /** Sum over the claims. */
  points: number;
  max_points: number;
  /** False while the grading is under way, and after it was ended early. */
  complete: boolean;
  /** Path of the program, as it was given; null for our own programs. */
  bin: string | null;
  mode: "process" | "simulation";
  /** Runs of each test, each with a seed of its own. */
  seeds: number;
  /** True if the seeds are derived from a secret. */
  hidden_seeds: boolean;
  /** Longest time that the grading may take. */
  time_limit_seconds: number;
  claims: GradedClaim[];
}

/** Claim with its points. */
export interface GradedClaim {
  /** Name, such as `3c/partition`. */
  id: string;
  /** Number of the challenge. */
  challenge: string;
  /** Title of the challenge. */
  title: string;
  /** Claim in words: `valid under partition`. */
  claim: string;
  /** `"passed"` if all runs fulfil it, `"failed"` if one does not, `"not-graded"` if runs are missing or not judged. */
  status: "passed" | "failed" | "not-graded";
  points: number;
  max_points: number;
  /** Runs so far that fulfil it; `0 <= seeds_passed <= seeds_run`. */
  seeds_passed: number;
  seeds_run: number;
  /** Reason of the first run that does not fulfil it, or why it was not graded; null if it passed. */
  reason: string | null;
  /** Command that repeats the first failed run; null without one, or if its seed is hidden. */
  command: string | null;
}

/** Writes a claim in words. */
export function claimWords({ fault, limit }: Pick<Claim, "fault" | "limit">): string {
  if (limit === null) return fault === null ? "valid without faults" : `valid under ${fault}`;
  const { label, unit } = TARGET_LABELS[limit.name]!;
  return `${label} below ${limit.limit}${unit}`;
}
