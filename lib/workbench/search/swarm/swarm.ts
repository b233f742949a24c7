/**
 * The swarm: simulates random tests on all cores until one fails.
 *
 * 1. Draws a test from the swarm's seed (`draw.ts`).
 * 2. Runs it on a worker thread (`pool.ts`, `worker_thread.ts`, `task.ts`); each job runs one test at a time.
 * 3. Counts its result (`tally.ts`).
 * 4. Repeats until a test fails, ends without results or takes too long, or until time is up or a person presses
 *    Ctrl-C.
 * 5. Runs a test that failed again, to store, explain and shrink it.
 * 6. Prints the table.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012: tests that each leave out some features
 * find more than tests with all of them.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import { createStatusLine } from "../../report/progress.ts";
import { screenOf } from "../../report/screen.ts";
import { formatShrunk } from "../../report/shrunk.ts";
import { formatSummary, labelledLines, repeatLines } from "../../report/summary.ts";
import { formatCommand } from "../../request/command_line.ts";
import { isSurvived } from "../../run/survives.ts";
import type { Clock } from "../../world/clock.ts";
import { openInterruption } from "../interruption.ts";
import { shrinkRun } from "../shrink/shrink_run.ts";
import { type DrawnTest, drawTest } from "./draw.ts";
import { parseSwarmOptions, type SwarmOptions } from "./options.ts";
import type { Pool } from "./pool.ts";
import { addResult, createTally, formatTally, formatTallyTable, type Tally, verdictGaps } from "./tally.ts";
import { requestOf, type Task } from "./task.ts";

/** Everything that a swarm uses of its surroundings. */
export interface SwarmResources {
  machine: Machine;
  clock: Pick<Clock, "now">;
  cores: number;
  openPool(root: string, jobs: number): Pool;
}

/** State of a swarm. */
interface Swarm {
  options: SwarmOptions;
  machine: Machine;
  clock: Pick<Clock, "now">;
  seed: string;
  tally: Tally;
  /** Time of the start, ms. */
  startedAt: number;
  /** Number of the next test to draw, from 1. */
  next: number;
  /** The test that each job is running. A job between two tests is not in the map. */
  running: Map<number, { test: DrawnTest; startedAt: number }>;
  /** Aborts when a person presses Ctrl-C. */
  signal: AbortSignal;
  /** The first test that failed. */
  failed?: DrawnTest;
  /** The first test that ended without results, and its error. */
  broken?: { test: DrawnTest; error: unknown };
  /** Tests that exceed {@linkcode TEST_LIMIT}. */
  stuck: DrawnTest[];
}

const MINUTE = 60_000;
/** Time between two updates of the status line, ms. */
const REDRAW = 200;
/** Real time that a test may take, ms. Most take less than a second; a longer one may never end. */
const TEST_LIMIT = 2 * MINUTE;

/**
 * Carries out the command `swarm`.
 *
 * @param args The arguments after `swarm`.
 * @returns The exit status: 0 if no test failed, 1 if one failed or took too long, 2 if a challenge has no verdict.
 * @throws {UsageError} An argument is bad, or the program cannot be simulated.
 * @throws {FailedError} A worker thread has ended.
 */
export async function runSwarm(args: readonly string[], resources: SwarmResources): Promise<number> {
  const { machine, clock } = resources;
  const options = parseSwarmOptions(args, resources.cores);
  const interruption = openInterruption("Ending the swarm; Ctrl-C again ends at once", machine);
  const swarm: Swarm = {
    options,
    machine,
    clock,
    seed: options.seed ?? machine.newSeed(),
    tally: createTally(options.challenges),
    startedAt: clock.now(),
    next: 1,
    running: new Map(),
    signal: interruption.signal,
    stuck: [],
  };
  try {
    // A wrong --bin shows here, before any thread starts.
    requestOf(taskOf(drawTest(swarm.seed, 1, options.challenges), options), "none", machine);
    await runTests(swarm, resources.openPool(machine.root, options.jobs));
    return await report(swarm, clock.now() - swarm.startedAt);
  } finally {
    interruption.close();
  }
}

/** Steps 1 to 4. Closes the pool. */
async function runTests(swarm: Swarm, pool: Pool): Promise<void> {
  const { options, machine, signal } = swarm;
  const line = createStatusLine(machine);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stop(), { once: true });
  const stopShowing = machine.every(REDRAW, () => {
    line.show(formatTally(swarm.seed, swarm.tally, swarm.clock.now() - swarm.startedAt));
    swarm.stuck = findStuck(swarm);
    if (swarm.stuck.length > 0) stop();
  });
  const jobs = Array.from({ length: options.jobs }, (_, job) => runJob(swarm, job, pool));
  try {
    await Promise.race([Promise.all(jobs), stopped]);
  } finally {
    stopShowing();
    line.stop();
    pool.close();
  }
}

/** Runs one test after another on one thread. */
async function runJob(swarm: Swarm, job: number, pool: Pool): Promise<void> {
  const { options, clock, seed, tally, running } = swarm;
  const deadline = swarm.startedAt + options.minutes * MINUTE;
  while (swarm.failed === undefined && swarm.broken === undefined && clock.now() < deadline) {
    const test = drawTest(seed, swarm.next++, options.challenges);
    running.set(job, { test, startedAt: clock.now() });
    try {
      const result = await pool.run(job, taskOf(test, options));
      addResult(tally, test.challenge.id, result);
      if (!result.survived) swarm.failed ??= test;
    } catch (error) {
      swarm.broken ??= { test, error };
    }
    running.delete(job);
  }
}

function findStuck({ running, clock }: Swarm): DrawnTest[] {
  const now = clock.now();
  return running.values().filter(({ startedAt }) => now - startedAt > TEST_LIMIT).map(({ test }) => test).toArray();
}

/** Steps 5 and 6; returns the exit status. */
async function report(swarm: Swarm, elapsed: number): Promise<number> {
  const { options, machine, tally, failed, broken, stuck } = swarm;
  for (const test of stuck) printTest(test, `has not ended after ${TEST_LIMIT / 1000} s`, swarm);
  if (broken !== undefined) printTest(broken.test, "has ended without results", swarm);
  try {
    if (failed !== undefined) await explainFailure(failed, swarm);
  } finally {
    machine.stdout(`${formatTallyTable(options.challenges, tally, elapsed)}\n`);
  }
  if (broken !== undefined) throw broken.error;
  if (failed !== undefined || stuck.length > 0) return 1;
  const gaps = verdictGaps(tally);
  if (gaps.length === 0) return 0;
  machine.stdout(`\n${gaps.join("\n")}\n`);
  return 2;
}

function taskOf({ challenge, flags }: DrawnTest, { testFlags }: SwarmOptions): Task {
  return { challenge: challenge.id, flags: [...testFlags, ...flags] };
}

/** Prints a sentence about a test, everything drawn for it, and the command that repeats it. */
function printTest(test: DrawnTest, predicate: string, { seed, options, machine }: Swarm): void {
  const { request } = requestOf(taskOf(test, options), "none", machine);
  const screen = screenOf(machine);
  const lines = [
    ...request.deviations.length === 0 ? [] : labelledLines("not official", request.deviations.join(", "), screen),
    ...repeatLines(null, formatCommand(request.command, request.seed), screen),
  ];
  machine.stdout(`Run ${test.number} of the swarm with seed ${seed} ${predicate}\n\n${lines.join("\n")}\n\n`);
}

/** Prints a test that failed, then runs it again to store and explain it, and shrinks it. */
async function explainFailure(test: DrawnTest, swarm: Swarm): Promise<void> {
  const { options, machine, signal } = swarm;
  const engine = machine.engines.simulation;
  printTest(test, "has failed", swarm);
  if (signal.aborted) return;
  const { args, request } = requestOf(taskOf(test, options), "repeat", machine);
  const screen = screenOf(machine);
  const results = await engine(request, { signal, log() {}, output() {}, progress() {} });
  // A run that was cut short need not show the failure.
  if (results.interrupted) return;
  machine.stdout(`${formatSummary(results, { deviations: [], command: [], interrupted: false }, screen)}\n\n`);
  if (isSurvived(results)) {
    machine.stdout(
      "The second run with the same seed has not failed: the program is not deterministic. " +
        "--check-determinism shows where its runs differ\n\n",
    );
    return;
  }
  const line = createStatusLine(machine);
  const progress = (tried: number) => line.show(`shrinking: ${tried} smaller runs tried`);
  const failed = { args, request, results };
  const shrunk = await shrinkRun(failed, { engine, machine, signal, progress }).finally(() => line.stop());
  machine.stdout(`${formatShrunk(shrunk, true, screen)}\n\n`);
}
