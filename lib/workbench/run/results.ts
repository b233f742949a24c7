/**
 * The one JSON document that a run prints and stores (`results.json`, `--json`).
 *
 * @module
 */

import type { Anomaly, Validity, Verdict } from "../checkers/verdict.ts";

/** Counts of operations by what became of them. */
export interface OperationCounts {
  /** All that were completed. */
  count: number;
  /** Those that took effect. */
  ok: number;
  /** Those that did not. */
  fail: number;
  /** Those of which nobody knows. */
  info: number;
}

/** Counts of messages. */
export interface MessageCounts {
  /** Sends. */
  send_count: number;
  /** Receives. */
  recv_count: number;
  /** Distinct messages. */
  msg_count: number;
}

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

/** Something that went wrong outside of the operations: a node that crashed, printed a bad line, or answered with a malformed body. */
export interface TestException {
  /** `"node-crashed"`, `"bad-line"`, `"init-failed"`, `"malformed-reply"`, `"checker-crashed"` … */
  type: string;
  /** The node, where there is one. */
  node?: string;
  /** What happened, what was expected and what to do, for a person. */
  message: string;
  /** How often the same happened. */
  count: number;
  /** Whether it ended the test: then the result is invalid, and the exit status 255. */
  fatal?: boolean;
}

/** The type of the exception that not all of a test could be kept, as on a full disk. */
export const NOT_STORED = "not-stored";

/** Latencies, milliseconds, from invoke to ok. */
export interface Latencies {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

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
  net: {
    all: MessageCounts & { msgs_per_op: number | null };
    clients: MessageCounts;
    servers: MessageCounts & { msgs_per_op: number | null };
  } | null;
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
