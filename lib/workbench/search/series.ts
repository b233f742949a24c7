/**
 * A series: the runs of one command line, one after another.
 *
 * 1. Runs each planned test with the engine, shows its results, and writes its exports and its report. Ctrl-C ends the
 *    test under way and the series.
 * 2. Shrinks one failure of each test: the first of the worst.
 * 3. Prints the table or the JSON document of all runs.
 *
 * @module
 */

import type { Engine } from "../engines/engine.ts";
import type { Machine } from "../engines/machine.ts";
import { exportResults } from "../report/export/mod.ts";
import { reportRun } from "../report/run_report.ts";
import { SeriesReport } from "../report/series_report.ts";
import { formatCommand } from "../request/command_line.ts";
import type { TestRequest } from "../request/request.ts";
import type { SeriesPlan } from "../request/series_plan.ts";
import { worstOf } from "../run/failure.ts";
import { decisionOf, type Results } from "../run/results.ts";
import { openInterruption } from "./interruption.ts";
import { relateRuns, storeAgain } from "./shrink/relate_runs.ts";
import { shrinkRun } from "./shrink/shrink_run.ts";

/** Outcome of a series. */
export interface SeriesOutcome {
  /** Results: `runs[i]` is the outcome of `plan.requests[i]`. */
  runs: readonly Results[];
  /** True if Ctrl-C ended a run, or kept some from running. Ctrl-C while a failure is shrunk changes nothing. */
  isInterrupted: boolean;
}

/** State of a series. */
interface Series {
  plan: SeriesPlan;
  engine: Engine;
  machine: Machine;
  report: SeriesReport;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  /** Results so far: `runs[i]` is the outcome of `plan.requests[i]`. */
  runs: Results[];
}

/**
 * Runs a series and shows its results.
 *
 * @throws {UsageError} The engine cannot do what was asked for.
 * @throws {FailedError} The engine gave no results.
 */
export async function runSeries(plan: SeriesPlan, engine: Engine, machine: Machine): Promise<SeriesOutcome> {
  const report = new SeriesReport(plan, machine);
  const notice = "Ending the test, then checking; Ctrl-C again ends at once";
  const interruption = openInterruption(notice, report.machine);
  const { signal } = interruption;
  const series: Series = { plan, engine, machine: report.machine, report, signal, runs: [] };
  let isInterrupted = false;
  try {
    await runAll(series);
    isInterrupted = signal.aborted;
    if (plan.shrinks && !signal.aborted) await shrinkFailures(series);
  } finally {
    interruption.close();
    report.close();
  }
  const { runs } = series;
  const isCutShort = signal.aborted && runs.length < plan.requests.length;
  report.showEnd(runs, isCutShort);
  return { runs, isInterrupted };
}

async function runAll(series: Series): Promise<void> {
  const { plan, report, machine, signal, runs } = series;
  for (const [index, request] of plan.requests.entries()) {
    // The runs of one test follow one another, one for each seed.
    if (index % plan.seeds === 0) report.showSeed(request);
    const results = await runOne(request, index, series);
    if (signal.aborted && !isCounted(results, plan)) return;
    runs.push(results);
    report.showResults(results, request, signal.aborted);
    report.showExports(await exportResults(results, plan.exports, machine));
    if (plan.reports) report.showReport(await reportRun(results, machine));
    if (signal.aborted || (plan.stopsAtFailure && !decisionOf(results).passed)) return;
  }
}

/**
 * True if the results of the run that was under way at Ctrl-C count. With one seed they do. With many, only a run that
 * was not cut short and failed counts: any other can be repeated by its seed, and a run may pass only because Ctrl-C
 * came before its convergence was measured.
 */
function isCounted(results: Results, { seeds }: SeriesPlan): boolean {
  return seeds === 1 || (!results.interrupted && !decisionOf(results).passed);
}

async function runOne(request: TestRequest, index: number, { engine, report, signal }: Series): Promise<Results> {
  return await engine(request, { signal, ...report.beginRun(request, index) });
}

/** Shrinks one failed run of each test: the first of those that failed worst. */
async function shrinkFailures(series: Series): Promise<void> {
  for (const runs of Map.groupBy(series.runs, ({ challenge }) => challenge).values()) {
    const worst = worstOf(runs);
    if (worst !== undefined && !isSmall(worst)) await shrinkFailure(worst, series);
  }
}

/** True for a run of a few operations, such as one whose nodes did not start: there is nothing to leave out. */
function isSmall({ operations }: Results): boolean {
  return (operations?.count ?? 0) < SMALL;
}

/** Number of operations from which on a failing run is shrunk. */
const SMALL = 10;

async function shrinkFailure(results: Results, { plan, engine, machine, report, signal, runs }: Series): Promise<void> {
  const index = runs.indexOf(results);
  const request = plan.requests[index]!;
  const progress = (tried: number) => report.showShrinking(request, tried);
  const failed = { args: plan.args, request, results };
  const shrunk = await shrinkRun(failed, { engine, machine, signal, progress });
  runs[index] = { ...results, shrunk };
  report.showShrunk(shrunk);
  if (shrunk.changes.length > 0) await exportResults(shrunk.results, plan.exports, machine);
  for (const each of relateRuns(results, formatCommand(request.command, results.seed), shrunk)) {
    storeAgain(each, machine);
    if (plan.reports) await reportRun(each, machine);
  }
}
