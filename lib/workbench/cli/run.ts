/**
 * Running challenges and tests from the command line: which engine, what is shown meanwhile, and what is told in the end.
 *
 * @module
 */

import { formatJSON } from "../base/json.ts";
import { type Arguments, parseArguments } from "../request/arguments.ts";
import type { Challenge } from "../request/challenges.ts";
import { mergeValidity, type Validity } from "../checkers/verdict.ts";
import type { Machine } from "../engines/machine.ts";
import { screenOf } from "../report/screen.ts";
import type { Engine } from "../engines/engine.ts";
import { findMaelstrom, refusal } from "../engines/maelstrom_engine.ts";
import { UsageError } from "../base/errors.ts";
import { worstOf } from "../run/failure.ts";
import { type Flag, FLAGS, type FlagValues } from "../request/flags.ts";
import { formatFlagsHelp } from "./help.ts";
import { createProgressLine, createStatusLine, type ProgressLine, SILENT_STATUS } from "../report/progress.ts";
import { formatShrunk } from "../report/shrunk.ts";
import { formatSeeds, formatSummary, formatTable, formatVerdict, formatVerdictAndCommand } from "../report/terminal.ts";
import { visible } from "../base/text.ts";
import { createRequest, type TestRequest } from "../request/request.ts";
import type { Results, ShrunkRun } from "../run/results.ts";
import { shrinkRun, type Simulator } from "../search/shrink/shrink_run.ts";

/**
 * Runs challenges, or a plain test (null), and tells how they went.
 *
 * @param words The flags and arguments that were written.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} An engine gave no results.
 */
export async function runChallenges(
  challenges: readonly (Challenge | null)[],
  words: readonly string[],
  machine: Machine,
): Promise<number> {
  const args = parseArguments(words);
  if (args.given.help) {
    machine.stdout(`${formatFlagsHelp(screenOf(machine))}\n`);
    return 0;
  }
  // The challenges are our own commands: what is no flag must be a mistake there.
  if (challenges[0] !== null) forbidLoose(args);
  if (challenges.length > 1) forbidProgram(args);
  const requests = challenges.map((challenge) => createRequest(challenge, args, machine));
  const engine = chooseEngine(args, machine);
  noteIgnored(args, engine.name, machine);
  noteLoose(args, machine);
  if (engine.name !== "maelstrom") noteRefusals(requests, machine);
  const planned = requests.flatMap((request) => repeated(request, args.given, machine));
  const seeds = args.given.seeds ?? 1;
  const series: Series = { planned, runs: [], interrupted: false, seeds, failed: 0, shrinks: shrinks(args) };
  // As in Jepsen, the first of many tests that goes wrong is the last; of many challenges or seeds, each is run.
  await runSeries(series, engine.run, challenges.length === 1 && seeds === 1, args, machine);
  tellSeries(series, args, machine);
  return seriesStatus(series);
}

function forbidLoose({ loose: [word] }: Arguments): void {
  if (word === undefined) return;
  throw new UsageError(
    `Cannot use argument ${JSON.stringify(word)}: expected a flag; a node's own arguments go after --`,
  );
}

function forbidProgram({ texts, program }: Arguments): void {
  const flag = ["bin", "workload"].find((name) => texts.has(name));
  const what = flag === undefined ? "arguments after --" : `--${flag}`;
  if (flag !== undefined || program.length > 0) {
    throw new UsageError(`Cannot use ${what} with all: each challenge has its own program; name one challenge`);
  }
}

/** An engine, and what it is called. */
interface NamedEngine {
  name: "workbench" | "simulation" | "maelstrom";
  run: Engine;
}

/** `auto` is the real Maelstrom where it can be used, and the workbench otherwise. */
function chooseEngine({ given }: Arguments, machine: Machine): NamedEngine {
  const wanted = given.engine ?? "auto";
  if (given.sim) {
    if (wanted !== "maelstrom") return { name: "simulation", run: machine.engines.simulation };
    throw new UsageError("Cannot use --sim with --engine maelstrom: only the workbench simulates");
  }
  const workbench: NamedEngine = { name: "workbench", run: machine.engines.processes };
  if (wanted === "workbench") return workbench;
  const found = findMaelstrom(machine);
  if (wanted === "auto") {
    if (found === undefined) return workbench;
    if (given.seed !== undefined) {
      machine.stderr("Note: the workbench runs this, since the real Maelstrom takes no --seed\n");
      return workbench;
    }
  }
  if (found === undefined) {
    throw new UsageError(
      "Cannot use --engine maelstrom: $MAELSTROM names none and ./maelstrom.sh install has not installed it; expected one of both",
    );
  }
  if ("problem" in found) throw new UsageError(`Cannot use Maelstrom: ${found.problem}, or use --engine workbench`);
  if (given.seed !== undefined) {
    throw new UsageError("Cannot use --seed with --engine maelstrom: only the workbench takes one");
  }
  return { name: "maelstrom", run: machine.engines.maelstrom(found.executable) };
}

function noteIgnored({ texts }: Arguments, engine: NamedEngine["name"], machine: Machine): void {
  if (engine === "maelstrom") return;
  for (const { name, ignored } of FLAGS as readonly Flag[]) {
    if (ignored !== undefined && texts.has(name)) machine.stderr(`Note: --${name} does nothing here: ${ignored}\n`);
  }
}

/** Maelstrom gives the nodes what is no flag; it may have been meant for one. */
function noteLoose({ loose }: Arguments, machine: Machine): void {
  if (loose.length === 0) return;
  const words = loose.map((word) => JSON.stringify(word)).join(", ");
  machine.stderr(`Note: nodes get ${words} as arguments, as with Maelstrom; flags begin with --\n`);
}

function noteRefusals(requests: readonly TestRequest[], machine: Machine): void {
  for (const request of requests) {
    const problem = refusal(request);
    if (problem !== undefined) machine.stderr(`Note: ${problem}\n`);
  }
}

/** The same test several times over, each with a seed of its own: from one seed S come S, S-2, S-3 and so on. */
function repeated(request: TestRequest, given: FlagValues, machine: Machine): TestRequest[] {
  if (given.seeds !== undefined && given["test-count"] !== undefined) {
    throw new UsageError("Cannot use --seeds with --test-count: expected one of both");
  }
  const first = request.seed ?? (given.seeds === undefined ? null : machine.newSeed());
  return Array.from({ length: given.seeds ?? given["test-count"] ?? 1 }, (_, index) => {
    const seed = first === null ? machine.newSeed() : index === 0 ? first : `${first}-${index + 1}`;
    return { ...request, seed };
  });
}

/** Tests to run, and those that have been run. */
interface Series {
  planned: readonly TestRequest[];
  runs: Results[];
  interrupted: boolean;
  /** How many runs there are of each test. */
  seeds: number;
  /** How many runs were not passed so far. */
  failed: number;
  /** Whether those that fail are shrunk. */
  shrinks: boolean;
}

function shrinks({ given }: Arguments): boolean {
  return given.sim === true && given["no-shrink"] !== true;
}

/** So many runs of each series are told of where they go wrong; of further ones less. */
const TOLD = 3;

async function runSeries(
  series: Series,
  engine: Engine,
  untilOneFails: boolean,
  args: Arguments,
  machine: Machine,
): Promise<void> {
  const controller = new AbortController();
  const stopListening = machine.onInterrupt(() => {
    if (series.interrupted) return machine.exit(130);
    series.interrupted = true;
    machine.stderr("\nEnding the nodes, and checking what was recorded; Ctrl-C again ends at once\n");
    controller.abort(new Error("Interrupted"));
  });
  try {
    for (const [index, request] of series.planned.entries()) {
      // Whatever becomes of this process, the runs can be had again.
      if (index % series.seeds === 0) tellSeed(request, series, args, machine);
      const results = await runOne(request, engine, controller.signal, series, args, machine);
      // A seed that was cut short can be had again, whole; it counts as one that was not run. So does one that has passed as far as it
      // was looked at: its convergence may not be measured. What has failed has failed.
      if (series.seeds > 1 && series.interrupted && (results.interrupted || results.passed)) break;
      series.runs.push(results);
      if (!results.passed) series.failed++;
      tellOne(results, request, series, args, machine);
      if (series.interrupted || (untilOneFails && !results.passed)) break;
    }
    if (series.shrinks && !series.interrupted) await shrinkWorst(series, engine, controller.signal, args, machine);
  } finally {
    stopListening();
  }
}

/** Tells the seed of a simulation before it is run, or of the first of many, but not to a person who has given it to the only one. */
function tellSeed(request: TestRequest, { planned, seeds }: Series, { given }: Arguments, machine: Machine): void {
  const known = planned.length === 1 && given.seed !== undefined;
  if (!given.sim || given.quiet || known) return;
  machine.stderr(`${nameOf(request)}  seed ${request.seed}${seeds > 1 ? `, ${request.seed}-2, …` : ""}\n`);
}

async function runOne(
  request: TestRequest,
  engine: Engine,
  signal: AbortSignal,
  { planned, runs, seeds }: Series,
  { given }: Arguments,
  machine: Machine,
): Promise<Results> {
  const name = nameOf(request);
  const title = seeds === 1 ? name : `${name}  ${runs.length + 1} of ${planned.length}`;
  const line = given.quiet ? SILENT : createProgressLine(machine, title, request.options.timeLimitSeconds);
  // What was asked for is shown even where progress is not; of many runs, nothing else.
  const asked = request.logStderr || request.logNetSend || request.logNetRecv;
  const log = asked ? logOf(line, machine) : seeds === 1 ? line.log : SILENT.log;
  const output = given.json ? line.output : machine.stdout;
  try {
    return await engine(request, { signal, log, output, progress: line.show });
  } finally {
    line.stop();
  }
}

function nameOf({ challenge, workload }: TestRequest): string {
  return challenge === null ? workload : `${challenge.id} ${workload}`;
}

/** Shrinks, of the runs of each test, the first of those that failed worst. */
async function shrinkWorst(
  { planned, runs, seeds }: Series,
  engine: Engine,
  signal: AbortSignal,
  args: Arguments,
  machine: Machine,
): Promise<void> {
  for (const group of Map.groupBy(runs, ({ challenge }) => challenge).values()) {
    const results = worstOf(group);
    if (results === undefined) continue;
    const request = planned[runs.indexOf(results)]!;
    const line = args.given.quiet ? SILENT_STATUS : createStatusLine(machine);
    const simulator: Simulator = {
      engine,
      machine,
      signal,
      progress: (tried) => line.show(`${nameOf(request)}  shrinking: ${tried} smaller runs tried`),
    };
    try {
      results.shrunk = await shrinkRun({ challenge: request.challenge, args, request, results }, simulator);
    } finally {
      line.stop();
    }
    tellShrunk(results.shrunk, planned.length > 1, seeds > 1, args, machine);
  }
}

function tellShrunk(shrunk: ShrunkRun, several: boolean, brief: boolean, { given }: Arguments, machine: Machine): void {
  if (given.json) {
    if (!given.quiet && shrunk.changes.length > 0) machine.stderr(`Shrunk, and stored in ${shrunk.results.store}\n`);
    return;
  }
  const text = formatShrunk(shrunk, !brief, screenOf(machine));
  machine.stdout(several ? `${text}\n\n` : `\n${text}\n`);
}

const SILENT: ProgressLine = { show() {}, log() {}, output() {}, stop() {} };

function logOf(line: ProgressLine, machine: Machine): (text: string) => void {
  return line === SILENT ? (text) => machine.stderr(`${visible(text)}\n`) : line.log;
}

/** Tells how a run went: in full where it is the only one or went wrong; else a line will do until the table comes. */
function tellOne(
  results: Results,
  { deviations, command }: TestRequest,
  { planned, interrupted, seeds, failed, shrinks }: Series,
  { given }: Arguments,
  machine: Machine,
): void {
  const several = planned.length > 1;
  const notes = { deviations, command, interrupted };
  if (several && (given.json || results.passed)) {
    // Of many seeds, only those that matter are told of.
    const silent = given.quiet || (seeds > 1 && results.passed);
    if (!silent) machine.stderr(`${formatVerdict(results, { ...screenOf(machine), colour: false })}\n`);
  }
  if (given.json && !given.quiet && results.mode === "simulation" && results.store !== null) {
    machine.stderr(`Stored in ${results.store}\n`);
  }
  if (given.json || (several && results.passed)) return;
  // Of many seeds one will be told in full, when it has been shrunk; the table names the rest.
  if (seeds > 1 && shrinks && failed > TOLD) return;
  const brief = seeds > 1 && (shrinks || failed > TOLD);
  const text = brief
    ? formatVerdictAndCommand(results, notes, screenOf(machine))
    : formatSummary(results, notes, screenOf(machine));
  machine.stdout(`${text}\n${several ? "\n" : ""}`);
}

function tellSeries(series: Series, { given }: Arguments, machine: Machine): void {
  const several = series.planned.length > 1 || given.seeds !== undefined;
  if (given.json) machine.stdout(`${formatJSON(several ? documentOf(series) : printed(series.runs[0]!), 2)}\n`);
  else if (series.seeds > 1) machine.stdout(`${formatSeeds(series.runs, series.planned.length, screenOf(machine))}\n`);
  else if (several) machine.stdout(`${formatTable(series.runs, series.planned.length, screenOf(machine))}\n`);
}

/** The results as they are printed: a simulation prints the same whenever it is run. */
function printed(results: Results): Results {
  if (results.mode !== "simulation") return results;
  const { shrunk } = results;
  if (shrunk === undefined) return { ...results, store: null };
  return { ...results, store: null, shrunk: { ...shrunk, results: printed(shrunk.results) } };
}

/** Whether tests are left that an interruption has kept from running. */
function isCutShort({ planned, runs, interrupted }: Series): boolean {
  return interrupted && runs.length < planned.length;
}

/** The results of several runs, as one document. */
function documentOf(series: Series): { schema: 1; valid: Validity; passed: boolean; runs: Results[] } {
  const { runs } = series;
  const cutShort = isCutShort(series);
  const valid = mergeValidity([...runs.map(({ valid }) => valid), cutShort ? "unknown" : true]);
  return { schema: 1, valid, passed: !cutShort && runs.every(({ passed }) => passed), runs: runs.map(printed) };
}

/** The exit statuses, the worst first. */
const STATUSES = [255, 1, 2, 0];

function seriesStatus(series: Series): number {
  const statuses = [...series.runs.map(exitStatus), isCutShort(series) ? 2 : 0];
  return STATUSES.find((status) => statuses.includes(status))!;
}

/**
 * The exit status that results come to: Maelstrom's, and 1 too for a valid run that is not within its limits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exitStatus } from "./run.ts";
 *
 * assertEquals(exitStatus({ valid: true, passed: true, exceptions: [] }), 0);
 * assertEquals(exitStatus({ valid: true, passed: false, exceptions: [] }), 1);
 * assertEquals(exitStatus({ valid: "unknown", passed: false, exceptions: [] }), 2);
 * ```
 */
export function exitStatus({ valid, passed, exceptions }: Pick<Results, "valid" | "passed" | "exceptions">): number {
  if (exceptions.some(({ fatal }) => fatal)) return 255;
  if (valid === "unknown") return 2;
  return passed ? 0 : 1;
}
