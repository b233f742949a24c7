/**
 * Rows of the list of runs, as the server sends them to the page.
 *
 * @module
 */

import type { StoredProgress } from "../../run/store/stored_progress.ts";
import type { Judgement } from "../judgement.ts";

/** State of a run: its verdict; or it runs, has no results, or has results that cannot be read. */
export type RunState = Judgement | "running" | "unfinished" | "unreadable";

/** Run in the list. */
export interface RunRow {
  /** Path in the store, such as `broadcast/20261129T120000`. It identifies the run. */
  path: string;
  state: RunState;
  /** Number of the challenge, such as `"3e"`; null for a plain test. */
  challenge: string | null;
  workload: string;
  /** World in which the nodes ran: `"process"`, `"simulation"` or `"maelstrom"`; null if unknown. */
  world: string | null;
  seed: string | null;
  /** Time of the run, ms since 1970. */
  started: number;
  durationMs: number | null;
  operationsPerSecond: number | null;
  /** Latencies of the slowest function, ms. */
  p50: number | null;
  p99: number | null;
  /** Messages between servers for each operation. */
  messagesPerOperation: number | null;
  /** Share of operations that succeeded. */
  okFraction: number | null;
  /** Number of types of anomalies. */
  anomalies: number | null;
  /** Types of anomalies, or the reason why the results cannot be read. */
  findings: string;
  hasReport: boolean;
  /** Figures of the last seconds; null unless it runs. */
  progress: StoredProgress | null;
}

/** Change of the list, as an event has it. */
export interface RunChange {
  /** True for the first event: what the page had before is void. */
  all: boolean;
  rows: RunRow[];
  /** Paths of runs that are gone. */
  removed: string[];
}
