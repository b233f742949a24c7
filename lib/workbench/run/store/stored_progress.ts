/**
 * Content of `progress.json`, which is in the folder of a test that runs.
 *
 * @module
 */

import type { ProgressPhase } from "../progress.ts";
import type { Results } from "../results.ts";

/** Facts about a test that do not change while it runs. */
export interface TestFacts {
  /** Number of the challenge, or null for a plain test. */
  challenge: string | null;
  workload: string;
  /** World in which the nodes run. */
  mode: Results["mode"];
  seed: string;
}

/** Content of the file. */
export interface StoredProgress extends TestFacts {
  schema: 1;
  /** Step of the test. */
  phase: ProgressPhase;
  /** Time since the main phase began, and its length. */
  elapsed_ms: number;
  total_ms: number;
  /** Time until the recovery is over; null in other steps. */
  recovery_left_ms: number | null;
  /** Operations and messages so far. */
  ok: number;
  fail: number;
  info: number;
  messages: number;
  /** Rates and latency of the last seconds. */
  ops_per_second: number;
  messages_per_second: number;
  p99_ms: number | null;
  /** Names of the active faults. */
  faults: readonly string[];
  /** Number of kinds of exceptions so far. */
  exceptions: number;
}
