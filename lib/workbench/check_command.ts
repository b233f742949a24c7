/**
 * Checking a recorded history from the command line.
 *
 * @module
 */

import { type Arguments, DEFAULTS, flagValues, parseArguments } from "./arguments.ts";
import { seconds, show } from "./checkers/explain.ts";
import { type Edge, screenOf } from "./edge.ts";
import { expectedOneOf, FailedError, UsageError } from "./errors.ts";
import { type Flag, FLAGS, type FlagValues } from "./flags.ts";
import { formatCheckHelp } from "./help.ts";
import { workloadOf } from "./infer_workload.ts";
import { formatJson } from "./json.ts";
import { judge } from "./judge.ts";
import type { Operation } from "./operation.ts";
import { formatSummary } from "./report/terminal.ts";
import { testOptions } from "./request.ts";
import type { Results, TargetLimit, TestException } from "./results.ts";
import { exitStatus } from "./run_command.ts";
import { readStoredRun, type StoredRun } from "./stored_run.ts";

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
export async function checkHistory(words: readonly string[], edge: Edge): Promise<number> {
  const args = parseArguments(words);
  if (args.given.help) {
    edge.stdout(`${formatCheckHelp(screenOf(edge))}\n`);
    return 0;
  }
  const results = judgeStored(await readStoredRun(pathOf(args), edge), args, edge);
  const notes = { deviations: [], command: [], interrupted: results.interrupted ?? false };
  edge.stdout(`${args.given.json ? formatJson(results, 2) : formatSummary(results, notes, screenOf(edge))}\n`);
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
  if (path === undefined) throw new UsageError("Missing PATH: expected check PATH, a history or the folder of a run");
  if (second !== undefined) throw new UsageError(`Cannot check ${path} and ${second}: expected one path`);
  return path;
}

function judgeStored(stored: StoredRun, args: Arguments, edge: Edge): Results {
  const { history, results: earlier, folder, net } = stored;
  const texts = new Map([...withoutOverridden(stored.flags, args.given), ...args.texts]);
  if (history.length === 0 && earlier === undefined) {
    throw new FailedError(`Cannot check ${args.loose[0]}: it is empty, expected operations`);
  }
  const workload = workloadOf(history, texts.get("workload")?.[0]);
  const options = testOptions(flagValues(new Map([...DEFAULTS, ...texts])), edge.files);
  const namesNodes = NODE_FLAGS.some((name) => texts.has(name));
  const results = judge({
    challenge: earlier?.challenge ?? null,
    workload,
    mode: earlier?.mode ?? null,
    seed: earlier?.seed ?? null,
    options: namesNodes ? options : { ...options, nodes: [], concurrency: Infinity },
    targets: (earlier?.targets ?? []) as TargetLimit[],
    history,
    counts: net,
    convergence: { time: (earlier?.result.convergence_ms ?? null) as number | null, lacking: [] },
    exceptions: earlier === undefined ? clientExceptions(history) : earlier.exceptions.filter(isOfTheRun),
    interrupted: earlier?.interrupted ?? false,
    store: folder,
  });
  if (!namesNodes) results.judged_by = { ...results.judged_by!, nodes: null, concurrency: null };
  if (earlier !== undefined) return withUnseen(results, earlier);
  return history.some(({ time }) => time !== 0) ? results : withoutLatencies(results);
}

/** Where a history has no times, nobody knows how long anything took. */
function withoutLatencies(results: Results): Results {
  const figures = Object.entries(results.result).map(([name, value]) => [name, /latenc/.test(name) ? null : value]);
  return { ...results, latency_ms: null, result: Object.fromEntries(figures) };
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
function withoutOverridden(flags: ReadonlyMap<string, string[]>, given: FlagValues): Map<string, string[]> {
  const named = NODE_FLAGS.some((name) => given[name] !== undefined);
  return new Map([...flags].filter(([name]) => !named || !(NODE_FLAGS as readonly string[]).includes(name)));
}

/** What a checker has noted is noted again. */
function isOfTheRun({ type }: TestException): boolean {
  return type !== "checker-crashed" && type !== "not-stored";
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
