/**
 * Judgement: turns the record of a test into its {@linkcode Results}. Pure: the same record gives the same results.
 *
 * 1. Run the checkers: the workload's, then statistics, availability and convergence.
 * 2. Merge their verdicts, and those of exceptions: once strictly, and once without what Maelstrom does not look for.
 * 3. Compare the figures with the limits of the challenge.
 *
 * @module
 */

import { checkAvailability } from "../checkers/availability.ts";
import { explainCases, withNodes } from "../checkers/explain.ts";
import { latencies } from "../checkers/latency.ts";
import { netStatistics } from "../checkers/net.ts";
import { paceOf } from "../checkers/pace.ts";
import type { NetCounts } from "../world/network/journal.ts";
import { checkStats, crashReplies, errorReplies } from "../checkers/stats.ts";
import { asMaelstrom, validityOfException, viewOfAnomaly, viewOfException } from "../checkers/finding_types.ts";
import { mergeValidity, type Validity, type Verdict } from "../checkers/verdict.ts";
import {
  type Converged,
  type Decider,
  type Results,
  type RunVerdict,
  stableLatency,
  type Target,
  type TargetLimit,
} from "./results.ts";
import type { Operation } from "../history/operation.ts";
import type { TestException } from "../base/test_exception.ts";
import { clientNodes, RECOVERY, type TestOptions, type Workload } from "../workloads/workload.ts";
import { messageOf } from "../base/errors.ts";

/** Record of a test: everything that its results are made from. */
export interface TestRecord {
  /** Number of the challenge, or null for a plain test. */
  challenge: string | null;
  workload: Workload;
  mode: Results["mode"];
  seed: string | null;
  /** Command that repeats the test; left out if unknown. */
  command?: string;
  options: TestOptions;
  /** Limits of the challenge. */
  limits: readonly TargetLimit[];
  /** Verdict that decides. `@default "strict"` */
  decidedBy?: Decider;
  history: readonly Operation[];
  /** Counts of the network's journal; null for a history without them. */
  counts: NetCounts | null;
  /** Left out if convergence was not measured. */
  convergence?: Converged;
  exceptions: readonly TestException[];
  /**
   * True if a person ended the test early. It cannot be valid then, and what only a final phase could settle stays
   * unknown.
   */
  interrupted?: boolean;
  /** Path of the stored run, or null. */
  store: string | null;
}

/** Runs every checker over a record and merges their verdicts. */
export function judge(record: TestRecord): Results {
  const { workload, history, options, command, decidedBy = "strict", interrupted = false } = record;
  const counted = workload.final?.uncounted ? history.filter(({ final }) => !final) : history;
  const { verdicts, exceptions } = runCheckers(record, counted);
  const [{ anomalies: _, ...checked }, { count, ok, fail, info, by_f }, availability] = verdicts;
  const result = workload.convergence === undefined
    ? checked
    : { ...checked, convergence_ms: record.convergence?.time ?? null };
  const net = record.counts === null ? null : netStatistics(record.counts, counted);
  const targets = record.limits.map((limit) => judgeTarget(limit, { net, result }));
  const found = verdicts.flatMap((verdict) => verdict.anomalies ?? []);
  const anomalies = withNodes(found, history, { nodes: clientNodes(options), concurrency: options.concurrency });
  const [crash_replies, error_replies] = [crashReplies(history), errorReplies(history)];
  return {
    schema: 1,
    challenge: record.challenge,
    workload: workload.name,
    engine: "workbench",
    mode: record.mode,
    seed: record.seed,
    ...command === undefined ? {} : { command },
    ...passedBy(mergeVerdicts("strict", verdicts, exceptions, record), targets),
    maelstrom: passedBy(mergeVerdicts("maelstrom", verdicts, exceptions, record), targets),
    decided_by: decidedBy,
    operations: { count, ok, fail, info, by_f },
    ...crash_replies === undefined ? {} : { crash_replies },
    ...error_replies.length === 0 ? {} : { error_replies },
    availability: { valid: availability.valid, ok_fraction: availability.ok_fraction },
    net,
    latency_ms: latencies(counted),
    ...paceOf(history),
    result,
    anomalies: anomalies.map((anomaly) => ({ ...anomaly, maelstrom: viewOfAnomaly(anomaly, workload.name) })),
    targets,
    judged_by: judgedBy(options),
    exceptions: exceptions.map((each) => ({ ...each, maelstrom: viewOfException(each, workload.name) })),
    interrupted,
    store: record.store,
  };
}

/** Merges the verdicts of checkers and exceptions into one of the two on the run. */
function mergeVerdicts(
  decider: Decider,
  verdicts: readonly Verdict[],
  exceptions: readonly TestException[],
  { workload, interrupted }: TestRecord,
): Validity {
  const isStrict = decider === "strict";
  const counted = exceptions.filter((exception) =>
    isStrict || exception.fatal || viewOfException(exception, workload.name) !== "overlooks"
  );
  return mergeValidity([
    ...verdicts.map((verdict) => isStrict ? verdict.valid : asMaelstrom(verdict, workload.name)),
    ...counted.map(validityOfException),
    interrupted ? "unknown" : true,
  ]);
}

/** Adds to a validity if the run has passed. */
export function passedBy(valid: Validity, targets: readonly Target[]): RunVerdict {
  return { valid, passed: valid === true && targets.every(({ met }) => met) };
}

function judgedBy(options: TestOptions): Results["judged_by"] {
  return {
    nodes: clientNodes(options),
    concurrency: options.concurrency,
    availability: options.availability ?? null,
    consistency_models: options.consistencyModels,
  };
}

/**
 * Runs the checkers.
 *
 * @param counted Operations that count for statistics: all but those of a final phase that Maelstrom does not have.
 * @returns Their verdicts, and the exceptions of the record with that of a checker that crashed.
 */
function runCheckers(record: TestRecord, counted: readonly Operation[]) {
  const { workload, history, options } = record;
  const { verdict, crash } = checkWorkload(record);
  const verdicts = [
    verdict,
    checkStats(counted, workload.mayNeverSucceed),
    judgeAvailability(history, counted, options.availability),
    checkConvergence(record.convergence, options.nodes),
  ] as const;
  return { verdicts, exceptions: crash === undefined ? [...record.exceptions] : [...record.exceptions, crash] };
}

/** Checks availability. Total availability includes a final phase that Maelstrom does not have. */
function judgeAvailability(
  history: readonly Operation[],
  counted: readonly Operation[],
  expected: TestOptions["availability"],
): ReturnType<typeof checkAvailability> {
  const verdict = checkAvailability(expected === "total" ? history : counted, expected);
  if (verdict.valid === true || checkAvailability(counted, expected).valid === false) return verdict;
  return { ...verdict, anomalies: verdict.anomalies?.map((anomaly) => ({ ...anomaly, maelstrom: "overlooks" })) };
}

/** Runs the workload's checker. If it crashes, the history stays unjudged and the crash is reported. */
function checkWorkload(record: TestRecord): { verdict: Verdict; crash?: TestException } {
  const { workload, history, options, interrupted } = record;
  try {
    const verdict = workload.check(history, { ...options, nodes: clientNodes(options) });
    const unsettled = interrupted && workload.final !== undefined;
    return { verdict: unsettled ? { ...verdict, valid: "unknown" } : verdict };
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
    const crash = { type: "checker-crashed", message: `Cannot check the history: ${message}`, count: 1 };
    return { verdict: { valid: "unknown" }, crash };
  }
}

/** Checks that the nodes converged. Slow convergence is not an anomaly. */
function checkConvergence(
  { lacking }: Converged = { time: null, lacking: [] },
  nodes: readonly string[],
): Verdict {
  const explain = (missing: string) => `After ${RECOVERY / 1000} s without faults, ${missing}`;
  const named = (missing: string) => missing.split(/[^\w.:@-]+/).filter((word) => nodes.includes(word));
  const anomalies = explainCases("not-converged", lacking, explain, (missing) => ({ nodes: named(missing) }));
  return { valid: lacking.length === 0, anomalies };
}

const FIGURES: Record<TargetLimit["name"], (results: Pick<Results, "net" | "result">) => unknown> = {
  msgs_per_op: ({ net }) => net?.servers.msgs_per_op,
  median_latency_ms: ({ result }) => stableLatency(result, "0.5"),
  max_latency_ms: ({ result }) => stableLatency(result, "1"),
};

/**
 * Compares one figure of the results with its limit.
 *
 * @returns Target that is met if the figure is known and below the limit.
 */
export function judgeTarget({ name, limit }: TargetLimit, results: Pick<Results, "net" | "result">): Target {
  const figure = FIGURES[name](results);
  const value = typeof figure === "number" ? figure : null;
  return { name, limit, value, met: value !== null && value < limit };
}
