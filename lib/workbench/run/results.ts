/**
 * The one JSON document that a run prints and stores (`results.json`, `--json`).
 *
 * @module
 */

import type { Anomaly, Validity, Verdict } from "../checkers/verdict.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Latencies } from "../checkers/latency.ts";
import type { OperationCounts } from "../checkers/stats.ts";
import type { NetStatistics } from "../checkers/net.ts";

/** One figure against its limit. */
export interface Target {
  /** Which figure: `"msgs_per_op"`, `"median_latency_ms"`, `"max_latency_ms"` … */
  name: string;
  /** The limit. The value must be below it. */
  limit: number;
  /** What was measured; null where it could not be. */
  value: number | null;
  met: boolean;
}

/** A limit that a figure of the results must stay below. */
export interface TargetLimit {
  /** Which figure; {@linkcode Target} has the same. */
  name: "msgs_per_op" | "median_latency_ms" | "max_latency_ms";
  limit: number;
}

/** The type of the exception that not all of a test could be kept, as on a full disk. */
export const NOT_STORED = "not-stored";

/** What the checkers are told of a test besides its history. */
export interface JudgedBy {
  /** The nodes, and how many workers there were: worker i talked to node i mod n. Null where nobody knows. */
  nodes: string[] | null;
  concurrency: number | null;
  /** `"total"`, the least fraction of operations that must succeed, or null where nothing was asked for. */
  availability: "total" | number | null;
  /** In Elle's words; of workloads without transactions it says nothing. */
  consistency_models: string[];
}

/** The result of one run. Fields that an engine cannot know are null. */
export interface Results {
  schema: 1;
  /** `"3e"`, or null for a plain `test`. */
  challenge: string | null;
  workload: string;
  engine: "workbench" | "maelstrom";
  /** How the nodes ran; null for a history of which nobody knows. */
  mode: "process" | "simulation" | null;
  /** What to pass to `--seed` to repeat it. */
  seed: string | null;
  /** All checkers merged. */
  valid: Validity;
  /** Valid, and every target met. */
  passed: boolean;
  operations: (OperationCounts & { by_f: Record<string, OperationCounts> }) | null;
  availability: { valid: Validity; ok_fraction: number } | null;
  net: NetStatistics | null;
  latency_ms: Record<string, Latencies> | null;
  /** The workload's checker. */
  result: Verdict;
  anomalies: Anomaly[];
  targets: Target[];
  /** What the checkers were told of the test: with that, `check` judges its history in the same way. */
  judged_by?: JudgedBy;
  exceptions: TestException[];
  /** Whether a person ended the run early. */
  interrupted?: boolean;
  /** Whether a second run with the same seed was the same, line by line; only where the two were compared. */
  deterministic?: boolean;
  /** The smallest run that was found to fail for the same reason; only where one was looked for. */
  shrunk?: ShrunkRun;
  /** Where it was stored. */
  store: string | null;
}

/** The smallest run that was found to fail for the same reason as another. */
export interface ShrunkRun {
  /** The command that repeats it. */
  command: string;
  /** In what it is smaller, such as `--node-count 2 (was 25)`; empty where it is the other run itself. */
  changes: string[];
  /** How many smaller runs were tried. */
  tried: number;
  results: Results;
}

/** Whether all nodes got to have everything within 10 s of peace. */
export interface Converged {
  /**
   * Milliseconds until every node answered with everything: from the end of the last fault, or from the last write if that was later, or
   * if there was no fault. It is too high by {@linkcode LOOK_INTERVAL} and the time that an answer takes, at most; and nobody looks
   * before the main phase is over. Null where they did not.
   */
  time: number | null;
  /** What was lacking in the end, where they did not: a phrase for each node, or for each key. */
  lacking: readonly string[];
  /** What has ended it early: nodes that answer each other without end while no time passes. */
  exceptions?: readonly TestException[];
}
