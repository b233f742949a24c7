/**
 * The swarm: simulates tests that are drawn from a seed, one after another on each core, until one fails or the time is over.
 *
 * Source: Groce, Zhang, Eide, Chen and Regehr, "Swarm Testing", ISSTA 2012: tests that each leave out some features find more than tests
 * with all of them.
 *
 * @module
 */

import type { Clock } from "../clock.ts";
import { type Edge, screenOf } from "../edge.ts";
import { createStatusLine } from "../report/progress.ts";
import { formatShrunk } from "../report/shrunk.ts";
import { formatCommand, formatSummary } from "../report/terminal.ts";
import { shrinkRun } from "../shrink_run.ts";
import { isSurvived } from "../survives.ts";
import { type DrawnTest, drawTest } from "./draw.ts";
import { formatSwarmHelp, parseOptions, type SwarmOptions } from "./options.ts";
import type { Pool } from "./pool.ts";
import { requestOf, type Task } from "./run.ts";
import { count, formatTally, formatTallyTable, openTally, type Tally } from "./tally.ts";

/** What a swarm needs of the machine. */
export interface SwarmMachine {
  edge: Edge;
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
  /** What each job is at. */
  running: Map<number, DrawnTest>;
  /** The first test that failed. */
  failed?: DrawnTest;
}

const MINUTE = 60_000;
/** How often the line of progress changes, ms. */
const REDRAW = 200;
/** How long the last tests may take when the time is over, ms; one that takes longer may never end. */
const GRACE = MINUTE;

/**
 * Carries out `deno task swarm`.
 *
 * @param args What was written after it.
 * @returns The exit status: 0 where nothing failed, 1 where something did.
 * @throws {UsageError} An argument is bad, or the program cannot be simulated.
 * @throws {FailedError} A worker has ended.
 */
export async function runSwarm(args: readonly string[], machine: SwarmMachine): Promise<number> {
  const { edge, clock } = machine;
  const options = parseOptions(args, machine.cores);
  if (options === undefined) {
    edge.stdout(`${formatSwarmHelp()}\n`);
    return 0;
  }
  const swarm: Swarm = {
    options,
    seed: options.seed ?? edge.newSeed(),
    tally: openTally(options.challenges),
    started: clock.now(),
    next: 1,
    running: new Map(),
  };
  // A mistake shows before anything starts.
  requestOf(taskOf(drawTest(swarm.seed, 1, options.challenges), options), "none", edge.root, edge.files);
  const ended = await runTests(swarm, machine);
  const elapsed = clock.now() - swarm.started;
  const stuck = ended ? [] : [...swarm.running.values()];
  for (const test of stuck) edge.stdout(`Has not ended: ${commandOf(test, swarm, edge)}\n\n`);
  if (swarm.failed !== undefined) await tellFailure(swarm.failed, swarm, edge);
  edge.stdout(`${formatTallyTable(options.challenges, swarm.tally, elapsed)}\n`);
  return swarm.failed === undefined && stuck.length === 0 ? 0 : 1;
}

/** Runs tests until it is over; says whether all have ended that a person has not broken off. */
async function runTests(swarm: Swarm, { edge, clock, openPool }: SwarmMachine): Promise<boolean> {
  const { options, seed, tally, started } = swarm;
  const deadline = started + options.minutes * MINUTE;
  const pool = openPool(edge.root, options.jobs);
  const stopped = Promise.withResolvers<boolean>();
  const line = createStatusLine(edge);
  const stopListening = edge.onInterrupt(() => stopped.resolve(true));
  const stopShowing = edge.every(REDRAW, () => {
    line.show(formatTally(seed, tally, clock.now() - started));
    if (clock.now() > deadline + GRACE) stopped.resolve(false);
  });
  const goesOn = () => swarm.failed === undefined && clock.now() < deadline;
  const jobs = Array.from({ length: options.jobs }, (_, job) => work(swarm, job, pool, goesOn));
  try {
    return await Promise.race([Promise.all(jobs).then(() => true), stopped.promise]);
  } finally {
    stopListening();
    stopShowing();
    line.stop();
    pool.close();
  }
}

/** What one job does: one test after another. */
async function work(swarm: Swarm, job: number, pool: Pool, goesOn: () => boolean): Promise<void> {
  const { options, seed, tally, running } = swarm;
  while (goesOn()) {
    const test = drawTest(seed, swarm.next++, options.challenges);
    running.set(job, test);
    const outcome = await pool.run(job, taskOf(test, options));
    running.delete(job);
    count(tally, test.challenge.id, outcome);
    if (!outcome.survived) swarm.failed ??= test;
  }
}

function taskOf({ challenge, words }: DrawnTest, options: SwarmOptions): Task {
  return { challenge: challenge.id, words: [...options.words, ...words] };
}

function commandOf(test: DrawnTest, { options }: Swarm, { root, files }: Edge): string {
  const { request } = requestOf(taskOf(test, options), "none", root, files);
  return formatCommand(request.command, request.seed);
}

/** Runs a test that failed again, to keep it and to tell what is wrong, and shrinks it. */
async function tellFailure(test: DrawnTest, { seed, options }: Swarm, edge: Edge): Promise<void> {
  const { engines: { simulation: engine }, root, files } = edge;
  const { challenge, args, request } = requestOf(taskOf(test, options), "all", root, files);
  const { signal } = new AbortController();
  const screen = screenOf(edge);
  const results = await engine(request, { signal, log() {}, output() {}, progress() {} });
  const notes = { deviations: request.deviations, command: request.command, interrupted: false };
  edge.stdout(
    `Run ${test.number} of the swarm with seed ${seed} has failed\n\n${formatSummary(results, notes, screen)}\n\n`,
  );
  if (isSurvived(results)) {
    edge.stdout("It has not failed again: the same seed gave another run; run it with --check-determinism\n\n");
    return;
  }
  const line = createStatusLine(edge);
  const progress = (tried: number) => line.show(`shrinking: ${tried} smaller runs tried`);
  const simulator = { engine, programs: `${root}/challenges/bin`, files, signal, progress };
  const shrunk = await shrinkRun({ challenge, args, request, results }, simulator);
  line.stop();
  edge.stdout(`${formatShrunk(shrunk, true, screen)}\n\n`);
}
