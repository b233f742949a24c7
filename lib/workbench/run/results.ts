/**
 * Results of a run: the JSON document that it prints (`--json`) and stores (`results.json`). Others read it, so keys
 * are never renamed or removed.
 *
 * @module
 */

import type { Anomaly, MaelstromView, Validity, Verdict } from "../checkers/verdict.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Latencies } from "../checkers/latency.ts";
import type { Pace } from "../checkers/pace.ts";
import type { CrashReplies, ErrorReplies, OperationCounts } from "../checkers/stats.ts";
import type { NetStatistics } from "../checkers/net.ts";

/** Limit that a figure of the results must stay below. */
export interface TargetLimit {
  /** Name of the figure. */
  name: "msgs_per_op" | "median_latency_ms" | "max_latency_ms";
  limit: number;
}

/** Limit, compared with the measured figure. */
export interface Target {
  /** Name of the figure, as in {@linkcode TargetLimit}. */
  name: string;
  /** The figure must be below this. */
  limit: number;
  /** Measured figure; null if it could not be measured. */
  value: number | null;
  met: boolean;
}

/** Type of the exception for files that are missing or incomplete, because of a full disk or `--max-store`. */
export const NOT_STORED = "not-stored";

/** Options that the checkers use besides the history. */
export interface JudgedBy {
  /** Names of the nodes; null if not known. */
  nodes: string[] | null;
  /** Number of workers; worker i talked to node i mod n. Null if not known. */
  concurrency: number | null;
  /** `"total"`, or the least fraction of operations that must succeed; null if availability is not checked. */
  availability: "total" | number | null;
  /** Consistency models by Elle's names; only workloads with transactions use them. */
  consistency_models: string[];
}

/**
 * Verdict that decides if a run has passed. The strict one counts every finding; that of Maelstrom only those that
 * Maelstrom looks for, too.
 */
export type Decider = "strict" | "maelstrom";

/** Verdict on a run. */
export interface RunVerdict {
  valid: Validity;
  /** True if the run is valid and meets every target. */
  passed: boolean;
}

/** Results of one run. Fields that an engine cannot know are null. */
export interface Results {
  schema: 1;
  /** Number of the challenge, such as `"3e"`; null for a plain `test`. */
  challenge: string | null;
  workload: string;
  engine: "workbench" | "maelstrom";
  /** World in which the nodes ran; null for a history from elsewhere. */
  mode: "process" | "simulation" | "cluster" | null;
  /** Value for `--seed` that repeats the run; null if it cannot be repeated. */
  seed: string | null;
  /** Command that repeats the run, with its seed if it has one; left out if unknown. */
  command?: string;
  /** Strict verdict: that of all checkers together. */
  valid: Validity;
  /** True if the run is valid and meets every target. */
  passed: boolean;
  /** Verdict that Maelstrom would reach: without the findings that it does not look for. */
  maelstrom: RunVerdict;
  /** Verdict that decides exit status, marks and colours. */
  decided_by: Decider;
  operations: (OperationCounts & { by_f: Record<string, OperationCounts> }) | null;
  /** Left out if there are none. */
  crash_replies?: CrashReplies;
  /** Error replies that suggest a mistake in the program, by function and error. Left out if there are none. */
  error_replies?: ErrorReplies[];
  availability: { valid: Validity; ok_fraction: number } | null;
  net: NetStatistics | null;
  latency_ms: Record<string, Latencies> | null;
  /** Time of the last operation, ms since the test began. Results of an earlier version lack it. */
  duration_ms?: Pace["duration_ms"];
  /** Completed operations a second, without those of a final phase. Results of an earlier version lack it. */
  ops_per_second?: Pace["ops_per_second"];
  /** Verdict and figures of the workload's checker. */
  result: Verdict;
  /** Each with Maelstrom's view of it. */
  anomalies: Anomaly[];
  targets: Target[];
  /** Options of the checkers; `check` needs them to judge the stored history in the same way. */
  judged_by?: JudgedBy;
  /** Each with Maelstrom's view of it. */
  exceptions: (TestException & { maelstrom?: MaelstromView })[];
  /** True if a person ended the run early. */
  interrupted?: boolean;
  /** True if a second run with the same seed was equal line by line; left out if none was compared. */
  deterministic?: boolean;
  /** Smallest run found that fails for the same reason; left out if none was looked for. */
  shrunk?: ShrunkRun;
  /** The smaller run that fails for the same reason, or the original of this one. Only stored results have it. */
  related?: RelatedRun;
  /** Path of the folder with the stored run; null if it was not stored. */
  store: string | null;
}

/**
 * Returns the verdict that decides.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decisionOf } from "./results.ts";
 *
 * const run = { valid: false, passed: false, maelstrom: { valid: true, passed: true } };
 * assertEquals(decisionOf({ ...run, decided_by: "strict" }).passed, false);
 * assertEquals(decisionOf({ ...run, decided_by: "maelstrom" }).passed, true);
 * ```
 */
export function decisionOf(
  { valid, passed, maelstrom, decided_by }: RunVerdict & Partial<Pick<Results, "maelstrom" | "decided_by">>,
): RunVerdict {
  return decided_by === "maelstrom" && maelstrom !== undefined ? maelstrom : { valid, passed };
}

/** Smallest run found that fails for the same reason as another one. */
export interface ShrunkRun {
  /** Command that repeats it. */
  command: string;
  /** Flags that make it smaller, such as `--node-count 2 (was 25)`; empty if no smaller run fails. */
  changes: string[];
  /** Number of smaller runs that were tried. */
  tried: number;
  results: Results;
}

/** Run that fails for the same reason as the one whose results name it. */
export interface RelatedRun {
  /** Says what it is: the result of shrinking this run, or the run that was shrunk to this one. */
  role: "smaller" | "original";
  /** Its folder, relative to that of this run; null if it is not stored. */
  folder: string | null;
  /** Command that repeats it. */
  command: string;
  /** Flags that make the smaller of the two smaller, as in {@linkcode ShrunkRun}. */
  changes: string[];
}

/** Result of measuring convergence: the time until every node had everything, or the data they lacked after 10 s. */
export interface Converged {
  /**
   * Milliseconds until every node answered with everything; null if they did not. Counted from the end of the last
   * fault or from the last write, whichever was later, but nodes are not asked before the end of the main phase. Too
   * high by at most `LOOK_INTERVAL` and the time of one answer.
   */
  time: number | null;
  /** Data that nodes lacked in the end: a phrase for each node or each key. Empty if `time` is a number. */
  lacking: readonly string[];
  /**
   * Exceptions that ended the measurement early, such as nodes that answer each other without end while no time
   * passes.
   */
  exceptions?: readonly TestException[];
}

/**
 * Returns a quantile of the stable latencies that a set checker measured, ms.
 *
 * @param result Verdict of the workload's checker.
 * @param quantile Name of the quantile: `"0.5"`, `"1"` …
 * @returns Undefined if the checker did not measure it.
 */
export function stableLatency({ stable_latencies }: Verdict, quantile: string): unknown {
  return (stable_latencies as Record<string, unknown> | undefined)?.[quantile];
}
