/**
 * Reads stored runs to compare them, ours or Maelstrom's, as far as their files go.
 *
 * @module
 */

import { FailedError, messageOf, UsageError } from "../../base/errors.ts";
import { counted, enumerated } from "../../base/text.ts";
import { latencies } from "../../checkers/latency.ts";
import { paceOf } from "../../checkers/pace.ts";
import { pairs } from "../../history/history.ts";
import type { Operation } from "../../history/operation.ts";
import { differingOptions, type Shape, shapeOf } from "../../request/shape.ts";
import type { Results } from "../../run/results.ts";
import { faultBands } from "../html/faults.ts";
import { indexer, microseconds } from "../html/operations.ts";
import { type FaultBand, OUTCOMES } from "../html/report_data.ts";
import { binLength } from "../page/series.js";
import { readLines } from "../stored/read_lines.ts";
import { findResults, readResults } from "../stored/run_results.ts";
import { readStoredRun, type StoredFiles, type StoredRun } from "../stored/stored_run.ts";
import { judgementOf } from "../judgement.ts";
import { nameOf } from "../summary.ts";
import type { Machine } from "../../engines/machine.ts";
import type { ComparedRun, Comparison } from "./comparison.ts";
import { compareFigures } from "./figures.ts";

/** Largest number of runs that are compared: there are as many colours. */
export const MOST_RUNS = 8;

/** The part of the machine that reads runs. */
export type CompareMachine = StoredFiles & Pick<Machine, "files" | "filesIn">;

/** Run as it was read. */
interface ReadRun {
  folder: string;
  results: Results;
  history: Operation[];
  /** Its options; undefined if they are not known. */
  shape: Shape | undefined;
  /** Time of the first operation since the test began, microseconds. The nodes start before it. */
  begin: number;
  /** Time of the last entry of the history since the first operation, microseconds. */
  end: number;
}

/**
 * Compares stored runs.
 *
 * @param folders Folders of the runs; the others are compared with the first.
 * @throws {UsageError} There are too few or too many, or one is not the folder of a run.
 * @throws {FailedError} A file cannot be read.
 */
export async function compareRuns(folders: readonly string[], machine: CompareMachine): Promise<Comparison> {
  if (folders.length < 2 || folders.length > MOST_RUNS) {
    const given = counted(folders.length, "run");
    throw new UsageError(`Cannot compare ${given}: expected 2 to ${MOST_RUNS} folders of runs`);
  }
  const runs: ReadRun[] = [];
  // One after another: each can be large.
  for (const folder of folders) runs.push(await readRun(folder, machine));
  const bin = binLength(runs.reduce((end, run) => Math.max(end, run.end), 0));
  const compared: ComparedRun[] = [];
  for (const run of runs) compared.push(await comparedRun(run, compared.length, bin, machine));
  return { runs: compared, notes: notesOn(runs), figures: compareFigures(runs.map(({ results }) => results)), bin };
}

async function readRun(path: string, machine: CompareMachine): Promise<ReadRun> {
  const { kind } = machine.files.inspect(path);
  if (kind === "file" || kind === "executable") {
    throw new UsageError(`Cannot compare ${path}: it is a file, expected the folder of a run, such as store/latest`);
  }
  const stored = await readStoredRun(path, machine);
  const folder = stored.folder!;
  const results = resultsOf(folder, stored, machine);
  const { history } = stored;
  const begin = microseconds(history.find(({ process }) => process !== "nemesis")?.time ?? 0);
  const end = history.reduce((last, { time }) => Math.max(last, microseconds(time) - begin), 0);
  const command = results.command ?? stored.command;
  return { folder, results, history, shape: command === undefined ? undefined : shapeOf(command), begin, end };
}

function resultsOf(folder: string, { results, flags, history }: StoredRun, machine: CompareMachine): Results {
  if (results !== undefined) return { ...paceOf(history), ...results };
  const file = findResults(folder, machine);
  const workload = flags.get("workload")?.[0];
  if (file === undefined || workload === undefined) {
    const lacking = file === undefined ? "it has no results.json and no results.edn" : "its workload is not known";
    throw new UsageError(`Cannot compare ${folder}: ${lacking}; to judge its history, use check`);
  }
  try {
    return readResults(file, workload, machine, { latency_ms: latencies(history), ...paceOf(history) });
  } catch (error) {
    throw new FailedError(`Cannot read ${file.path}: ${messageOf(error)}`);
  }
}

async function comparedRun(
  { folder, results, history, begin, end }: ReadRun,
  index: number,
  bin: number,
  machine: CompareMachine,
): Promise<ComparedRun> {
  return {
    letter: letterOf(index),
    name: nameOf(results),
    folder,
    judgement: judgementOf(results),
    workload: results.workload,
    facts: factsOf(results),
    end,
    operations: columnsOf(history, begin),
    faults: faultsSince(begin, faultBands(history, begin + end)),
    messages: await countMessages(`${folder}/messages.jsonl`, { begin, end, bin }, machine),
  };
}

function letterOf(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}

function factsOf({ engine, mode, seed, judged_by }: Results): string[] {
  const { nodes = null, concurrency = null } = judged_by ?? {};
  return [
    ...engine === "maelstrom" ? ["Maelstrom"] : mode === null ? [] : [mode],
    ...nodes === null ? [] : [counted(nodes.length, "node")],
    ...concurrency === null ? [] : [counted(concurrency, "worker")],
    ...seed === null ? [] : [`seed ${seed}`],
  ];
}

/** Faults that were in force from a time on; their times count from there. */
function faultsSince(begin: number, faults: readonly FaultBand[]): FaultBand[] {
  return faults.filter(({ end }) => end >= begin)
    .map((fault) => ({ ...fault, start: Math.max(0, fault.start - begin), end: fault.end - begin }));
}

function columnsOf(history: readonly Operation[], begin: number): ComparedRun["operations"] {
  const all = pairs(history);
  const names = indexer();
  return {
    f: all.map(({ invocation }) => names.positionOf(invocation.f)),
    outcome: all.map(({ completion }) => OUTCOMES.indexOf(completion?.type ?? "open")),
    start: all.map(({ invocation }) => microseconds(invocation.time) - begin),
    duration: all.map(({ invocation, completion }) =>
      completion === undefined ? -1 : microseconds(completion.time) - microseconds(invocation.time)
    ),
    functions: names.list,
  };
}

/** Matches the line of a message that is sent, as the store writes it. */
const SENT = /^\{"id":\d+,"time":(\d+),"type":"send"/;

/**
 * Counts the messages sent in each bin from the first operation on; null if they are not stored.
 *
 * @param times Microseconds.
 */
async function countMessages(
  path: string,
  { begin, end, bin }: { begin: number; end: number; bin: number },
  machine: CompareMachine,
): Promise<number[] | null> {
  if (machine.files.inspect(path).kind === "missing") return null;
  const counts = new Array<number>(Math.max(1, Math.ceil((end + 1) / bin))).fill(0);
  for await (const line of readLines(path, machine)) {
    const time = microseconds(Number(SENT.exec(line)?.[1])) - begin;
    if (time >= 0) counts[Math.min(counts.length - 1, Math.floor(time / bin))]!++;
  }
  return counts;
}

/** Flags that are told by what they amount to, where that is known. */
const AMOUNTS: readonly string[] = ["node-count", "node", "nodes", "nodes-file", "concurrency"];

/** Sentences on what the runs do not have in common. */
function notesOn(runs: readonly ReadRun[]): string[] {
  const differ = (what: string, of: (results: Results) => unknown) => {
    const values = runs.map(({ results }) => of(results)).map((value) => value ?? "unknown");
    return new Set(values).size === 1 ? [] : [`The runs have different ${what}: ${values.join(", ")}`];
  };
  return [
    ...differ("workloads", ({ workload }) => workload).map((note) => `${note}. Their figures do not mean the same`),
    ...differ("worlds", ({ engine, mode }) => engine === "maelstrom" ? engine : mode),
    ...differ("numbers of nodes", ({ judged_by }) => judged_by?.nodes?.length),
    ...differ("numbers of workers", ({ judged_by }) => judged_by?.concurrency),
    ...optionNotes(runs),
  ];
}

/** Sentences on the options that the runs do not have in common, and on runs whose options are not known. */
function optionNotes(runs: readonly ReadRun[]): string[] {
  const known = runs.flatMap(({ shape }, index) => shape === undefined ? [] : [{ shape, letter: letterOf(index) }]);
  const unknown = runs.flatMap(({ shape }, index) => shape === undefined ? [letterOf(index)] : []);
  const areCounted = runs.every(({ results: { judged_by } }) => judged_by?.nodes && judged_by.concurrency);
  const leftOut = ["workload", ...areCounted ? AMOUNTS : []];
  const lists = differingOptions(known.map(({ shape }) => shape), leftOut);
  const options = lists.map((texts, index) => `${known[index]!.letter} ${texts.join(", ")}`);
  return [
    ...lists.every(({ length }) => length === 0) ? [] : [`The runs have different options: ${options.join("; ")}`],
    ...unknown.length === 0 || known.length === 0 ? [] : [`The options of ${enumerated(unknown)} are not known`],
  ];
}
