/**
 * Checking a recorded history from the command line.
 *
 * @module
 */

import { type Arguments, DEFAULTS, flagValues, parseArguments } from "../request/arguments.ts";
import { seconds } from "../checkers/explain.ts";
import { show } from "../base/text.ts";
import type { Machine } from "../engines/machine.ts";
import { screenOf } from "../report/screen.ts";
import { expectedOneOf, FailedError, UsageError } from "../base/errors.ts";
import { type Flag, FLAGS, type FlagValues } from "../request/flags.ts";
import { formatCheckHelp } from "./help.ts";
import { workloadOf } from "../request/infer_workload.ts";
import { formatJSON } from "../base/json.ts";
import { judge, type TestRecord } from "../run/judge.ts";
import type { Operation } from "../history/operation.ts";
import { formatSummary } from "../report/terminal.ts";
import { testOptions } from "../request/request.ts";
import { NOT_STORED, type Results, type TargetLimit } from "../run/results.ts";
import type { TestException } from "../base/test_exception.ts";
import { exitStatus } from "./run.ts";
import { readStoredRun, type StoredRun } from "./stored_run.ts";
import type { TestOptions, Workload } from "../workloads/workload.ts";

/** What `check` takes: the flags of `test` that matter to a checker, and those that say how to show its results. */
const ACCEPTED = (FLAGS as readonly Flag[]).filter(({ check }) => check !== undefined).map(({ name }) => name);

/**
 * Judges a history that was recorded by whatever test, and tells what was found.
 *
 * @param words What was written after `check`.
 * @returns The exit status, as for a run.
 * @throws {UsageError} The arguments are bad, there is no history, or nobody can tell what it is of.
 * @throws {FailedError} The history cannot be read.
 */
export async function checkHistory(words: readonly string[], machine: Machine): Promise<number> {
  const args = parseArguments(words);
  if (args.given.help) {
    machine.stdout(`${formatCheckHelp(screenOf(machine))}\n`);
    return 0;
  }
  const results = judgeStored(await readStoredRun(pathOf(args), machine), args, machine);
  const notes = { deviations: [], command: [], interrupted: results.interrupted ?? false };
  machine.stdout(`${args.given.json ? formatJSON(results, 2) : formatSummary(results, notes, screenOf(machine))}\n`);
  return exitStatus(results);
}

function pathOf({ texts, loose, program }: Arguments): string {
  const strange = [...texts.keys()].find((name) => !ACCEPTED.includes(name));
  if (strange !== undefined) {
    const expected = expectedOneOf(`--${strange}`, ACCEPTED.map((name) => `--${name}`));
    throw new UsageError(`Cannot use --${strange} with check, to which it does not matter: ${expected}`);
  }
  if (program.length > loose.length) throw new UsageError("Cannot use arguments after -- with check: no node is run");
  const [path, second] = loose;
  if (path === "") throw new UsageError("Cannot check a path that is empty: expected a history or the folder of a run");
  if (path === undefined) throw new UsageError("Missing PATH: expected check PATH, a history or the folder of a run");
  if (second !== undefined) throw new UsageError(`Cannot check ${path} and ${second}: expected one path`);
  if (STDIN.includes(path)) {
    throw new UsageError(`Cannot check ${path}: expected a path; <(COMMAND) is one of what a command prints`);
  }
  return path;
}

/** Deno lets only those open it by name who may do everything. */
const STDIN = ["-", "/dev/stdin", "/dev/fd/0"];

function judgeStored(stored: StoredRun, args: Arguments, machine: Machine): Results {
  const texts = new Map([...withoutStoredNodes(stored.flags, args.given), ...args.texts]);
  const namesNodes = NODE_FLAGS.some((name) => texts.has(name));
  const results = judge({
    ...recordOf(stored),
    workload: knownWorkload(stored.history, texts.get("workload")?.[0], args.loose[0]!),
    options: optionsOf(texts, namesNodes, machine),
  });
  if (!namesNodes) results.judged_by = { ...results.judged_by!, nodes: null, concurrency: null };
  if (stored.results !== undefined) return withUnseen(results, stored.results);
  return stored.history.some(({ time }) => time !== 0) ? results : withoutTimes(results);
}

/** What is known of a test but for its workload and its options: nothing but the history, where it is not a run of ours. */
function recordOf({ history, results, folder, net }: StoredRun): Omit<TestRecord, "workload" | "options"> {
  return {
    challenge: results?.challenge ?? null,
    mode: results?.mode ?? null,
    seed: results?.seed ?? null,
    targets: (results?.targets ?? []) as TargetLimit[],
    history,
    counts: net,
    convergence: { time: (results?.result.convergence_ms ?? null) as number | null, lacking: [] },
    exceptions: results === undefined ? clientExceptions(history) : results.exceptions.filter(isOfTheRun),
    interrupted: results?.interrupted ?? false,
    store: folder,
  };
}

/** The workload; where there are no operations that could tell it, somebody must have said it. */
function knownWorkload(history: readonly Operation[], name: string | undefined, path: string): Workload {
  if (history.length > 0 || name !== undefined) return workloadOf(history, name);
  throw new FailedError(
    `Cannot check ${path}: it is empty, expected operations, or -w with the workload that it is of`,
  );
}

/** The options of the test; who names no nodes tells nothing of them. */
function optionsOf(texts: Map<string, string[]>, namesNodes: boolean, machine: Machine): TestOptions {
  const options = testOptions(flagValues(new Map([...DEFAULTS, ...texts])), machine.files);
  return namesNodes ? options : { ...options, nodes: [], concurrency: Infinity };
}

/** What the checkers tell of how long something took. */
const TIMES = ["stable_latencies", "lost_latencies", "worst_realtime_lag"];

/** Where a history has no times, nobody knows how long anything took. */
function withoutTimes(results: Results): Results {
  const unknown = TIMES.filter((name) => name in results.result).map((name) => [name, null]);
  return { ...results, latency_ms: null, result: { ...results.result, ...Object.fromEntries(unknown) } };
}

/** Adds what no history shows: that nodes never got to have everything, and that two runs of the same seed differed. */
function withUnseen(results: Results, earlier: Results): Results {
  const unseen = earlier.anomalies.filter(({ type }) => type === "not-converged");
  const differed = earlier.exceptions.some(({ type }) => type === "nondeterminism");
  if (unseen.length === 0 && !differed) return results;
  return { ...results, valid: false, passed: false, anomalies: [...results.anomalies, ...unseen] };
}

/** The flags that name the nodes. */
const NODE_FLAGS = ["node-count", "nodes", "node", "nodes-file"] as const;

/** Who names nodes, names all of them. */
function withoutStoredNodes(flags: ReadonlyMap<string, string[]>, given: FlagValues): Map<string, string[]> {
  const named = NODE_FLAGS.some((name) => given[name] !== undefined);
  return new Map([...flags].filter(([name]) => !named || !(NODE_FLAGS as readonly string[]).includes(name)));
}

/** What a checker has noted is noted again. */
function isOfTheRun({ type }: TestException): boolean {
  return type !== "checker-crashed" && type !== NOT_STORED;
}

/** What Jepsen's clients threw stands in the history; each class of exceptions once. */
function clientExceptions(history: readonly Operation[]): TestException[] {
  const thrown = history.filter(({ exception }) => typeof exception === "object" && exception !== null);
  return [...Map.groupBy(thrown, classOf)].map(([name, operations]) => {
    const { f, process, time, error } = operations[0]!;
    const what = `${f} of process ${process}, at ${seconds(time)}: ${show(error ?? null, 300)}`;
    return { type: "client-crashed", message: `A client threw ${name}, first in ${what}`, count: operations.length };
  });
}

function classOf({ exception }: Operation): string {
  const { via } = exception as { via?: { type?: unknown }[] };
  return Array.isArray(via) && typeof via[0]?.type === "string" ? via[0].type : "an exception";
}
