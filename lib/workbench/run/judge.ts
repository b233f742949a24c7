/**
 * Judgement: from what was recorded of a test to its {@linkcode Results}. Pure: the same record gives the same results.
 *
 * @module
 */

import { checkAvailability } from "../checkers/availability.ts";
import { found } from "../checkers/explain.ts";
import { latencies } from "../checkers/latency.ts";
import { netStatistics } from "../checkers/net.ts";
import type { NetCounts } from "../world/network/journal.ts";
import { checkStats } from "../checkers/stats.ts";
import { mergeValidity, type Verdict } from "../checkers/verdict.ts";
import type { Converged, Results, Target, TargetLimit } from "./results.ts";
import type { Operation } from "../history/operation.ts";
import type { TestException } from "../base/test_exception.ts";
import { RECOVERY, type TestOptions, type Workload } from "../workloads/workload.ts";

/** What was recorded of a test. */
export interface TestRecord {
  challenge: string | null;
  workload: Workload;
  mode: Results["mode"];
  seed: string | null;
  options: TestOptions;
  targets: readonly TargetLimit[];
  history: readonly Operation[];
  /** The journal's counts; null for a history whose messages nobody counted. */
  counts: NetCounts | null;
  /** Whether, and when, every node had everything; nothing where nobody looked. */
  convergence?: Converged;
  exceptions: readonly TestException[];
  /** Whether a person ended the test early: then it cannot be valid, and what only its final phase could settle is not known. */
  interrupted?: boolean;
  store: string | null;
}

/** Runs every checker over a record, and merges what they say. */
export function judge(record: TestRecord): Results {
  const { workload, history, options } = record;
  const exceptions = [...record.exceptions];
  const counted = workload.final?.uncounted ? history.filter(({ final }) => !final) : history;
  const verdicts = [
    checkWorkload(record, exceptions),
    checkStats(counted, workload.mayNeverSucceed),
    // Total means to the very end.
    checkAvailability(options.availability === "total" ? history : counted, options.availability),
    checkConvergence(record.convergence),
  ] as const;
  const valid = mergeValidity([
    ...verdicts.map((verdict) => verdict.valid),
    !exceptions.some(({ fatal }) => fatal),
    record.interrupted ? "unknown" : true,
  ]);
  const [{ anomalies: _, ...result }, { count, ok, fail, info, by_f }, availability] = verdicts;
  if (workload.convergence !== undefined) result.convergence_ms = record.convergence?.time ?? null;
  const results: Results = {
    schema: 1,
    challenge: record.challenge,
    workload: workload.name,
    engine: "workbench",
    mode: record.mode,
    seed: record.seed,
    valid,
    passed: false,
    operations: { count, ok, fail, info, by_f },
    availability: { valid: availability.valid, ok_fraction: availability.ok_fraction },
    net: record.counts === null ? null : netStatistics(record.counts, counted),
    latency_ms: latencies(counted),
    result,
    anomalies: verdicts.flatMap(({ anomalies }) => anomalies ?? []),
    targets: [],
    judged_by: {
      nodes: options.nodes,
      concurrency: options.concurrency,
      availability: options.availability ?? null,
      consistency_models: options.consistencyModels,
    },
    exceptions,
    interrupted: record.interrupted ?? false,
    store: record.store,
  };
  results.targets = record.targets.map((limit) => judgeTarget(limit, results));
  results.passed = valid === true && results.targets.every(({ met }) => met);
  return results;
}

/** A checker that crashes has found nothing out: the history stays unjudged, and the crash is reported. */
function checkWorkload(record: TestRecord, exceptions: TestException[]): Verdict {
  const { workload, history, options, interrupted } = record;
  try {
    const verdict = workload.check(history, options);
    return interrupted && workload.final !== undefined ? { ...verdict, valid: "unknown" } : verdict;
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    exceptions.push({ type: "checker-crashed", message: `Cannot check the history: ${message}`, count: 1 });
    return { valid: "unknown" };
  }
}

/** Being late, no matter how, is what a test forgives; that nodes never get there it does not. */
function checkConvergence({ lacking }: Converged = { time: null, lacking: [] }): Verdict {
  const tell = (what: string) => `After ${RECOVERY / 1000} s without faults, ${what}`;
  return { valid: lacking.length === 0, anomalies: found("not-converged", lacking, tell) };
}

const FIGURES: Record<TargetLimit["name"], (results: Results) => unknown> = {
  msgs_per_op: ({ net }) => net?.servers.msgs_per_op,
  median_latency_ms: ({ result }) => stableLatency(result, "0.5"),
  max_latency_ms: ({ result }) => stableLatency(result, "1"),
};

/**
 * Holds one figure of the results against its limit.
 *
 * @returns A target which is met where the figure is known and below the limit.
 */
export function judgeTarget({ name, limit }: TargetLimit, results: Results): Target {
  const figure = FIGURES[name](results);
  const value = typeof figure === "number" ? figure : null;
  return { name, limit, value, met: value !== null && value < limit };
}

function stableLatency({ stable_latencies }: Verdict, quantile: string): unknown {
  return (stable_latencies as Record<string, unknown> | undefined)?.[quantile];
}
