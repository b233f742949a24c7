/**
 * The swarm: simulates tests that are drawn from a seed, one after another on each core, until one fails or the time is over.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012: tests that each leave out some features find more than tests
 * with all of them.
 *
 * @module
 */

import type { Clock } from "../../world/clock.ts";
import type { Machine } from "../../engines/machine.ts";
import { screenOf } from "../../report/screen.ts";
import { createStatusLine } from "../../report/progress.ts";
import { formatShrunk } from "../../report/shrunk.ts";
import { formatCommand, formatSummary, noteLine, repeatLines } from "../../report/terminal.ts";
import { shrinkRun } from "../shrink/shrink_run.ts";
import { isSurvived } from "../../run/survives.ts";
import { type DrawnTest, drawTest } from "./draw.ts";
import { formatSwarmHelp, parseOptions, type SwarmOptions } from "./options.ts";
import type { Pool } from "./pool.ts";
import { requestOf, type Task } from "./task.ts";
import { count, createTally, formatTally, formatTallyTable, type Tally, unknownLines } from "./tally.ts";

/** What a swarm needs of the machine. */
export interface SwarmResources {
  machine: Machine;
  clock: Pick<Clock, "now">;
  cores: number;
  openPool(root: string, jobs: number): Pool;
}

/** A swarm under way. */
interface Swarm {
  options: SwarmOptions;
  seed: string;
  tally: Tally;
  /** When it began, ms. */
  started: number;
  /** The number of the test that is drawn next. */
  next: number;
  /** What each job is at, and since when, ms. */
  running: Map<number, { test: DrawnTest; began: number }>;
  /** Ends it: a person has pressed Ctrl-C. */
  signal: AbortSignal;
  /** The first test that failed. */
  failed?: DrawnTest;
  /** The first test that ended without results, and why. */
  broken?: { test: DrawnTest; error: unknown };
  /** Tests that take too long. */
  stuck: DrawnTest[];
}

const MINUTE = 60_000;
/** How often the line of progress changes, ms. */
const REDRAW = 200;
/** How long a test may take, ms; most take less than a second, and one that takes longer than this may never end. */
const LIMIT = 2 * MINUTE;

/**
 * Carries out `deno task swarm`.
 *
 * @param args What was written after it.
 * @returns The exit status: 0 where nothing failed, 1 where something did or did not end, 2 where of some challenge nothing is known.
 * @throws {UsageError} An argument is bad, or the program cannot be simulated.
 * @throws {FailedError} A worker has ended.
 */
export async function runSwarm(args: readonly string[], resources: SwarmResources): Promise<number> {
  const { machine, clock } = resources;
  const options = parseOptions(args, resources.cores);
  if (options === undefined) {
    machine.stdout(`${formatSwarmHelp()}\n`);
    return 0;
  }
  const interruption = new AbortController();
  const swarm: Swarm = {
    options,
    seed: options.seed ?? machine.newSeed(),
    tally: createTally(options.challenges),
    started: clock.now(),
    next: 1,
    running: new Map(),
    signal: interruption.signal,
    stuck: [],
  };
  // A mistake shows before anything starts.
  requestOf(taskOf(drawTest(swarm.seed, 1, options.challenges), options), "none", machine);
  const stopListening = machine.onInterrupt(() => {
    if (swarm.signal.aborted) return machine.exit(130);
    machine.stderr("\nEnding the swarm; Ctrl-C again ends at once\n");
    interruption.abort(new Error("Interrupted"));
  });
  try {
    await runTests(swarm, resources);
    return await tellSwarm(swarm, clock.now() - swarm.started, machine);
  } finally {
    stopListening();
  }
}

/** Runs tests until it is over. */
async function runTests(swarm: Swarm, { machine, clock, openPool }: SwarmResources): Promise<void> {
  const { options, seed, tally, started, running, signal } = swarm;
  const deadline = started + options.minutes * MINUTE;
  const pool = openPool(machine.root, options.jobs);
  const stopped = Promise.withResolvers<void>();
  const line = createStatusLine(machine);
  signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  const stopShowing = machine.every(REDRAW, () => {
    const now = clock.now();
    line.show(formatTally(seed, tally, now - started));
    swarm.stuck = running.values().filter(({ began }) => now - began > LIMIT).map(({ test }) => test).toArray();
    if (swarm.stuck.length > 0) stopped.resolve();
  });
  const goesOn = () => swarm.failed === undefined && swarm.broken === undefined && clock.now() < deadline;
  const jobs = Array.from({ length: options.jobs }, (_, job) => work(swarm, job, pool, goesOn, clock));
  try {
    await Promise.race([Promise.all(jobs), stopped.promise]);
  } finally {
    stopShowing();
    line.stop();
    pool.close();
  }
}

/** What one job does: one test after another. */
async function work(
  swarm: Swarm,
  job: number,
  pool: Pool,
  goesOn: () => boolean,
  clock: SwarmResources["clock"],
): Promise<void> {
  const { options, seed, tally, running } = swarm;
  while (goesOn()) {
    const test = drawTest(seed, swarm.next++, options.challenges);
    running.set(job, { test, began: clock.now() });
    try {
      const outcome = await pool.run(job, taskOf(test, options));
      count(tally, test.challenge.id, outcome);
      if (!outcome.survived) swarm.failed ??= test;
    } catch (error) {
      swarm.broken ??= { test, error };
    }
    running.delete(job);
  }
}

/** Tells what has become of it; the exit status. */
async function tellSwarm(swarm: Swarm, elapsed: number, machine: Machine): Promise<number> {
  const { options, tally, failed, broken, stuck } = swarm;
  for (const test of stuck) tellTest(test, `has not ended after ${LIMIT / 1000} s`, swarm, machine);
  if (broken !== undefined) tellTest(broken.test, "has ended without results", swarm, machine);
  try {
    if (failed !== undefined) await tellFailure(failed, swarm, machine);
  } finally {
    machine.stdout(`${formatTallyTable(options.challenges, tally, elapsed)}\n`);
  }
  if (broken !== undefined) throw broken.error;
  if (failed !== undefined || stuck.length > 0) return 1;
  const unknown = unknownLines(tally);
  if (unknown.length === 0) return 0;
  machine.stdout(`\n${unknown.join("\n")}\n`);
  return 2;
}

function taskOf({ challenge, words }: DrawnTest, options: SwarmOptions): Task {
  return { challenge: challenge.id, words: [...options.words, ...words] };
}

/** Tells which test it is of which something is to be said: all that was drawn, and the command that repeats it. */
function tellTest(test: DrawnTest, what: string, { seed, options }: Swarm, machine: Machine): void {
  const { request: { command, deviations, seed: own } } = requestOf(
    taskOf(test, options),
    "none",
    machine,
  );
  const screen = screenOf(machine);
  const lines = [
    ...deviations.length === 0 ? [] : noteLine("not official", deviations.join(", "), screen),
    ...repeatLines(null, formatCommand(command, own), screen),
  ];
  machine.stdout(`Run ${test.number} of the swarm with seed ${seed} ${what}\n\n${lines.join("\n")}\n\n`);
}

/** Tells of a test that failed, then runs it again, to keep it and to tell what is wrong, and shrinks it. */
async function tellFailure(test: DrawnTest, swarm: Swarm, machine: Machine): Promise<void> {
  const { engines: { simulation: engine } } = machine;
  const { options, signal } = swarm;
  tellTest(test, "has failed", swarm, machine);
  if (signal.aborted) return;
  const { challenge, args, request } = requestOf(taskOf(test, options), "all", machine);
  const screen = screenOf(machine);
  const results = await engine(request, { signal, log() {}, output() {}, progress() {} });
  // Of a run that was cut short there is nothing to tell.
  if (results.interrupted) return;
  const told = { deviations: [], command: [], interrupted: false };
  machine.stdout(`${formatSummary(results, told, screen)}\n\n`);
  if (isSurvived(results)) {
    machine.stdout("It has not failed again: the same seed gave another run; run it with --check-determinism\n\n");
    return;
  }
  const line = createStatusLine(machine);
  const progress = (tried: number) => line.show(`shrinking: ${tried} smaller runs tried`);
  const simulator = { engine, machine, signal, progress };
  const shrunk = await shrinkRun({ challenge, args, request, results }, simulator).finally(() => line.stop());
  machine.stdout(`${formatShrunk(shrunk, true, screen)}\n\n`);
}
