/**
 * `grade`: gives points for what a program does right.
 *
 * 1. The challenges' tables become claims, and tests to run (`request/claims.ts`, `plan.ts`). The longest time is known
 *    then, and said.
 * 2. Each test is run once with each seed, by this command line in a process of its own. A run that takes too long is
 *    killed. So nothing that a program does can end the grading.
 * 3. `outcome.ts` says if a run fulfils the claims that rest on it.
 * 4. After each run the report is written again: what was graded stays, whatever happens.
 *
 * @module
 */

import { UsageError } from "../../base/errors.ts";
import { formatExactJSON } from "../../base/json.ts";
import { counted } from "../../base/text.ts";
import type { Machine, ScriptOutcome } from "../../engines/machine.ts";
import { NO_STORE } from "../../engines/workbench_run.ts";
import { claimWords, type GradedClaim, type GradeDocument } from "../../report/grade/document.ts";
import { formatJUnit } from "../../report/grade/junit.ts";
import { formatPage } from "../../report/grade/page.ts";
import { formatGrade } from "../../report/grade/table.ts";
import { createLiveLine, type LiveLine, SILENT_LINE, textSource, withLiveLine } from "../../report/live_line.ts";
import { screenOf } from "../../report/screen.ts";
import { lengthOf } from "../../report/series_report.ts";
import { estimateTimeLeft, formatMinutesLeft } from "../../report/time_left.ts";
import { formatCommand } from "../../request/command_line.ts";
import { openInterruption } from "../../search/interruption.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";
import { type GradeOptions, parseGradeOptions } from "./options.ts";
import { isUnjudged, reasonAgainst } from "./outcome.ts";
import { type PlannedTest, planTests, timeLimitOf } from "./plan.ts";

/** Grading under way. */
interface Grading {
  readonly options: GradeOptions;
  readonly machine: Machine;
  readonly tests: readonly PlannedTest[];
  /** Grows with each run. */
  readonly document: GradeDocument;
  readonly line: LiveLine;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Grades a program and writes the report.
 *
 * @param words What was written after `grade`.
 * @returns The exit status: 0 for all points, 1 for less, 130 after Ctrl-C.
 * @throws {UsageError} The arguments are bad, or the report or the store cannot be written.
 */
export async function grade(words: readonly string[], screen: Machine): Promise<number> {
  const options = parseGradeOptions(words, screen);
  const line = options.isQuiet ? SILENT_LINE : createLiveLine(screen);
  const machine = withLiveLine(screen, line);
  const tests = planTests(options, machine);
  const document = createDocument(options, tests);
  writeReport(document, options, machine);
  showLimit(document, tests, options, machine);
  const interruption = openInterruption("Ending the test under way; what was graded is in the report", machine);
  const grading: Grading = { options, machine, tests, document, line, signal: interruption.signal };
  try {
    document.complete = await runTests(grading);
  } finally {
    interruption.close();
    line.stop();
  }
  writeReport(document, options, machine);
  showDocument(document, options, machine);
  if (!document.complete) return EXIT_STATUS.interrupted;
  return document.points === document.max_points ? EXIT_STATUS.passed : EXIT_STATUS.failed;
}

function createDocument(options: GradeOptions, tests: readonly PlannedTest[]): GradeDocument {
  const claims = tests.flatMap(({ challenge, claims, problem }) =>
    claims.map((claim): GradedClaim => ({
      id: claim.id,
      challenge: challenge.id,
      title: challenge.title,
      claim: claimWords(claim),
      status: problem === null ? "not-graded" : "failed",
      points: 0,
      max_points: options.pointsOf(claim.id),
      seeds_passed: 0,
      seeds_run: 0,
      reason: problem ?? "It was not run to its end",
      command: null,
    }))
  );
  return {
    schema: 1,
    points: 0,
    max_points: sumOf(claims.map(({ max_points }) => max_points)),
    complete: false,
    bin: options.bin ?? null,
    mode: options.isSimulated ? "simulation" : "process",
    seeds: options.seeds,
    hidden_seeds: options.secret !== undefined,
    time_limit_seconds: timeLimitOf(tests, options.seeds),
    claims,
  };
}

/** Adds up points, which have at most two digits after the point. */
function sumOf(points: readonly number[]): number {
  return Math.round(points.reduce((sum, each) => sum + each, 0) * 100) / 100;
}

function showLimit(
  { time_limit_seconds }: GradeDocument,
  tests: readonly PlannedTest[],
  { seeds, isQuiet }: GradeOptions,
  { stderr }: Machine,
): void {
  if (isQuiet) return;
  const runs = tests.filter(({ words }) => words !== null).length * seeds;
  const minutes = Math.ceil(time_limit_seconds / 60);
  stderr(`${runs === 1 ? "1 run" : `${runs} runs`}: at most ${minutes} min in all; Ctrl-C keeps what was graded\n`);
}

/** Runs all tests. Returns false if Ctrl-C kept some from running to their end. */
async function runTests(grading: Grading): Promise<boolean> {
  const { options: { seeds }, signal } = grading;
  const tests = grading.tests.filter(({ words }) => words !== null);
  const showRun = createRunLine(tests, grading);
  for (const test of tests) {
    for (let index = 0; index < seeds; index++) {
      showRun(test);
      const seed = await seedOf(test, index, grading);
      if (signal.aborted) return false;
      const outcome = await runOnce(test, seed, grading);
      if (signal.aborted) return false;
      // The teacher's mistake, which must not cost the points of a student.
      if (outcome.stderr.startsWith(NO_STORE)) throw new UsageError(outcome.stderr.trim());
      addOutcome(test, { seed, index, outcome }, grading);
    }
  }
  return true;
}

/** Creates a function that is called before each run, and shows it on the line until the next. */
function createRunLine(
  tests: readonly PlannedTest[],
  { options: { seeds, isSimulated }, machine: { now }, document, line }: Grading,
): (test: PlannedTest) => void {
  const lengths = tests.flatMap(({ request }) => new Array<number>(seeds).fill(lengthOf(request!)));
  const timeLeft = estimateTimeLeft(lengths, !isSimulated, now);
  let run = -1;
  return ({ claims }) => {
    timeLeft.begin(++run);
    const begunAt = now();
    line.show(textSource(({ pink }) => {
      const failed = document.claims.filter(({ seeds_run, seeds_passed }) => seeds_passed < seeds_run).length;
      const left = timeLeft.read(Math.min(1, (now() - begunAt) / lengths[run]!));
      return [
        `run ${run + 1} of ${lengths.length}`,
        claims[0]!.id,
        left === undefined ? "" : `${formatMinutesLeft(left)} left`,
        failed === 0 ? "" : [`${counted(failed, "claim")} failed`, pink],
        counted(document.points, "point"),
      ];
    }));
  };
}

/** The seed of a run: derived from the secret and the name of the test, or a new one. */
async function seedOf({ id }: PlannedTest, index: number, { options: { secret }, machine }: Grading): Promise<string> {
  if (secret === undefined) return machine.newSeed();
  return (await machine.hmac(secret, `${id} ${index + 1}`)).slice(0, 16);
}

/** More runs than a grading has: it removes none of its own. */
const KEPT_RUNS = "1000000";

async function runOnce(
  { words, limitSeconds }: PlannedTest,
  seed: string,
  { options: { isSimulated }, machine, signal }: Grading,
): Promise<ScriptOutcome> {
  const [challenge, ...rest] = words!;
  const flags = ["--seed", seed, "--json", "--quiet", "--engine", "workbench", "--keep-runs", KEPT_RUNS];
  if (isSimulated) flags.push("--no-shrink");
  return await machine.runScript([challenge!, ...flags, ...rest], { limitSeconds, signal });
}

/** Adds a run to the claims that rest on it, and writes the report. */
function addOutcome(
  { claims, request, limitSeconds }: PlannedTest,
  { seed, index, outcome }: { seed: string; index: number; outcome: ScriptOutcome },
  { options, machine, document }: Grading,
): void {
  for (const claim of claims) {
    const graded = document.claims.find(({ id }) => id === claim.id)!;
    const reason = reasonAgainst(claim, outcome, limitSeconds);
    graded.seeds_run++;
    if (reason === undefined) graded.seeds_passed++;
    else if (graded.status !== "failed") {
      graded.status = isUnjudged(outcome, options.isSimulated) ? "not-graded" : "failed";
      graded.reason = options.seeds === 1 ? reason : `Run ${index + 1} of ${options.seeds}: ${reason}`;
      graded.command = document.hidden_seeds ? null : formatCommand(request!.command, seed);
    }
    if (graded.seeds_passed < options.seeds) continue;
    graded.status = "passed";
    graded.points = graded.max_points;
    graded.reason = null;
  }
  document.points = sumOf(document.claims.map(({ points }) => points));
  writeReport(document, options, machine);
  if (!options.isQuiet) machine.stderr(`${claims[0]!.id}: run ${index + 1} of ${options.seeds} has ended\n`);
}

function writeReport(document: GradeDocument, { report }: GradeOptions, machine: Machine): void {
  machine.replaceFile(`${report}/grade.json`, `${formatExactJSON(document, 2)}\n`);
  machine.replaceFile(`${report}/junit.xml`, formatJUnit(document));
  machine.replaceFile(`${report}/grade.html`, formatPage(document));
}

function showDocument(document: GradeDocument, { report, isJSON }: GradeOptions, machine: Machine): void {
  if (isJSON) return machine.stdout(`${formatExactJSON(document, 2)}\n`);
  const text = formatGrade(document, screenOf(machine));
  machine.stdout(`${text}\n\n  report  ${report}/grade.html, grade.json, junit.xml\n`);
}
