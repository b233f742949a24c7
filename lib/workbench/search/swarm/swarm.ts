/**
 * The swarm: simulates random tests on all cores until one fails.
 *
 * 1. Draws a test from the swarm's seed (`draw.ts`).
 * 2. Runs it on a worker thread (`pool.ts`, `worker_thread.ts`, `task.ts`); each job runs one test at a time.
 * 3. Counts its result (`tally.ts`).
 * 4. Repeats until a test fails, ends without results or takes too long, or until time is up or a person presses
 *    Ctrl-C.
 * 5. Runs a test that failed again, to store, explain and shrink it (`explain.ts`).
 * 6. Prints the table.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012: tests that each leave out some features
 * find more than tests with all of them.
 *
 * @module
 */

import { EXIT_STATUS } from "../../base/exit_status.ts";
import type { Machine } from "../../engines/machine.ts";
import { createLiveLine } from "../../report/live_line.ts";
import { openInterruption } from "../interruption.ts";
import { type DrawnTest, drawTest } from "./draw.ts";
import { explainFailure, printTest } from "./explain.ts";
import { parseSwarmOptions, type SwarmOptions } from "./options.ts";
import type { Pool } from "./pool.ts";
import { addResult, createTally, formatTallyTable, type Tally, tallySource, verdictGaps } from "./tally.ts";
import { requestOf, taskOf } from "./task.ts";
import { measureTest, OVERDUE, type Overdue, type TestClock } from "./time_limits.ts";

/** Everything that a swarm uses of its surroundings. */
export interface SwarmResources {
  machine: Machine;
  clock: TestClock;
  cores: number;
  openPool(root: string, jobs: number): Pool;
}

/** State of a swarm. */
interface Swarm {
  options: SwarmOptions;
  machine: Machine;
  clock: TestClock;
  seed: string;
  tally: Tally;
  /** Time of the start, ms. */
  startedAt: number;
  /** Number of the next test to draw, from 1. */
  next: number;
  /** The test that each job is running, and a look at its limits. A job between two tests is not in the map. */
  running: Map<number, { test: DrawnTest; isOverdue: () => Overdue | undefined }>;
  /** Aborts when a person presses Ctrl-C. */
  signal: AbortSignal;
  /** The first test that failed. */
  failed?: DrawnTest;
  /** The first test that ended without results, and its error. */
  broken?: { test: DrawnTest; error: unknown };
  /** Tests that have exceeded a limit of time. */
  overdue: { test: DrawnTest; state: Overdue }[];
}

const MINUTE = 60_000;
/** Time between two looks for tests that take too long, ms. */
const LOOK_INTERVAL = 200;

/**
 * Carries out the command `swarm`.
 *
 * @param args The arguments after `swarm`.
 * @returns The exit status: 0 if no test failed; 1 if one failed or took too long; 2 if a challenge has no verdict, or
 *   the machine was too slow to judge a test.
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
    overdue: [],
  };
  try {
    // A wrong --bin shows here, before any thread starts.
    requestOf(taskOf(drawTest(swarm.seed, 1, options.challenges), options.testFlags), "none", machine);
    await runTests(swarm, resources.openPool(machine.root, options.jobs));
    return await report(swarm, clock.now() - swarm.startedAt);
  } finally {
    interruption.close();
  }
}

/** Steps 1 to 4. Closes the pool. */
async function runTests(swarm: Swarm, pool: Pool): Promise<void> {
  const { options, machine, signal } = swarm;
  const line = createLiveLine(machine);
  line.show(tallySource(swarm.seed, swarm.tally, () => {
    const elapsed = swarm.clock.now() - swarm.startedAt;
    return { elapsed, left: options.minutes * MINUTE - elapsed };
  }));
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stop(), { once: true });
  const stopLooking = machine.every(LOOK_INTERVAL, () => {
    swarm.overdue = findOverdue(swarm);
    if (swarm.overdue.length > 0) stop();
  });
  const jobs = Array.from({ length: options.jobs }, (_, job) => runJob(swarm, job, pool));
  try {
    await Promise.race([Promise.all(jobs), stopped]);
  } finally {
    stopLooking();
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
    running.set(job, { test, isOverdue: measureTest(clock, options.jobs) });
    try {
      const result = await pool.run(job, taskOf(test, options.testFlags));
      addResult(tally, test.challenge.id, result);
      if (!result.survived) swarm.failed ??= test;
    } catch (error) {
      swarm.broken ??= { test, error };
    }
    running.delete(job);
  }
}

function findOverdue({ running }: Swarm): Swarm["overdue"] {
  return [...running.values()].flatMap(({ test, isOverdue }) => {
    const state = isOverdue();
    return state === undefined ? [] : [{ test, state }];
  });
}

/** Steps 5 and 6; returns the exit status. */
async function report(swarm: Swarm, elapsed: number): Promise<number> {
  const { options, machine, seed, signal, tally, failed, broken, overdue } = swarm;
  const context = { seed, machine, signal, testFlags: options.testFlags };
  for (const { test, state } of overdue) printTest(test, OVERDUE[state], context);
  if (broken !== undefined) printTest(broken.test, "has ended without results", context);
  try {
    if (failed !== undefined) await explainFailure(failed, context);
  } finally {
    machine.stdout(`${formatTallyTable(options.challenges, tally, elapsed)}\n`);
  }
  if (broken !== undefined) throw broken.error;
  if (failed !== undefined || overdue.some(({ state }) => state === "stuck")) return EXIT_STATUS.failed;
  const { isUnknown, lines } = verdictGaps(tally);
  if (lines.length > 0) machine.stdout(`\n${lines.join("\n")}\n`);
  return isUnknown || overdue.length > 0 ? EXIT_STATUS.unknown : EXIT_STATUS.passed;
}
