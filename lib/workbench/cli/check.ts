/**
 * `check`: checks a recorded history.
 *
 * 1. {@linkcode readStoredRun} reads the history and everything else that was stored of the run.
 * 2. The flags given by the user override the stored ones, and say which workload it is and how to check it.
 * 3. {@linkcode judge} checks it, as it does at the end of a run.
 * 4. What a history cannot show is taken from the stored results, or removed.
 *
 * @module
 */

import { expectedOneOf, FailedError, UsageError } from "../base/errors.ts";
import { formatExactJSON } from "../base/json.ts";
import type { TestException } from "../base/test_exception.ts";
import { show } from "../base/text.ts";
import { seconds } from "../checkers/explain.ts";
import { requiredOrder } from "../checkers/consistency_model.ts";
import { type Machine, STDIN } from "../engines/machine.ts";
import { lacksInvocations } from "../history/lone_completions.ts";
import type { Operation } from "../history/operation.ts";
import { screenOf } from "../report/screen.ts";
import { formatSummary } from "../report/summary.ts";
import { type Arguments, DEFAULTS, type FlagTexts, flagValues, parseArguments } from "../request/arguments.ts";
import type { Flag } from "../request/flag.ts";
import { FLAGS, type FlagValues } from "../request/flags.ts";
import { workloadOf } from "../request/infer_workload.ts";
import { modelNotes } from "../request/model_notes.ts";
import { deciderOf, testOptions } from "../request/request.ts";
import { judge, type TestRecord } from "../run/judge.ts";
import { NOT_STORED, type Results, type TargetLimit } from "../run/results.ts";
import type { TestOptions, Workload } from "../workloads/workload.ts";
import { exitStatus } from "./exit_status.ts";
import { readStoredRun, type StoredRun } from "../report/stored/stored_run.ts";

/** Flags that `check` takes: those that matter to a checker or to the output. */
export const CHECK_FLAGS: readonly Flag[] = (FLAGS as readonly Flag[]).filter(({ check }) => check !== undefined);

const CHECK = { name: "check", flags: CHECK_FLAGS };

/** Flags that name the nodes. */
const NODE_FLAGS: readonly string[] = ["node-count", "nodes", "node", "nodes-file"] satisfies (keyof FlagValues)[];

/** Other names of the standard input, which Deno opens only with all permissions. */
const STDIN_FILES = ["/dev/stdin", "/dev/fd/0"];

/**
 * Checks a recorded history and shows the results.
 *
 * @param words What was written after `check`.
 * @returns The exit status, as for a run.
 * @throws {UsageError} The arguments are bad, there is no history, or its workload is not clear.
 * @throws {FailedError} The history cannot be read.
 */
export async function check(words: readonly string[], machine: Machine): Promise<number> {
  return await showJudged(parseArguments(words), machine);
}

/** Judges a stored run and shows the results. Parameters and errors are those of {@linkcode judgeStoredRun}. */
export async function showJudged(args: Arguments, machine: Machine, command = CHECK): Promise<number> {
  const { results } = await judgeStoredRun(args, machine, command);
  const notes = { deviations: [], command: [], interrupted: results.interrupted ?? false };
  const text = args.given.json ? formatExactJSON(results, 2) : formatSummary(results, notes, screenOf(machine));
  machine.stdout(`${text}\n`);
  return exitStatus(results);
}

/**
 * Reads the stored run that the arguments name, and judges it. Result and errors are those of {@linkcode check}.
 *
 * @param command Name and flags of the command. `@default` those of `check`
 */
export async function judgeStoredRun(
  args: Arguments,
  machine: Machine,
  command = CHECK,
): Promise<{ stored: StoredRun; results: Results }> {
  const stored = await readStoredRun(parsePath(args, command), machine);
  return { stored, results: judgeStored(stored, args, machine) };
}

function parsePath({ texts, positional, program }: Arguments, { name, flags }: typeof CHECK): string {
  const accepted = flags.map((flag) => flag.name);
  const refused = [...texts.keys()].find((flag) => !accepted.includes(flag));
  if (refused !== undefined) {
    const expected = expectedOneOf(`--${refused}`, accepted.map((flag) => `--${flag}`));
    throw new UsageError(`Cannot use --${refused} with ${name}: it has no effect there; ${expected}`);
  }
  if (program.length > positional.length) {
    throw new UsageError(`Cannot use arguments after -- with ${name}: no node is run`);
  }
  const [path, second] = positional;
  if (path === "") throw new UsageError("Cannot check a path that is empty: expected a history or the folder of a run");
  if (path === undefined) throw new UsageError(`Missing PATH: expected ${name} PATH, a history or the folder of a run`);
  if (second !== undefined) throw new UsageError(`Cannot check ${path} and ${second}: expected one path`);
  return STDIN_FILES.includes(path) ? STDIN : path;
}

function judgeStored(stored: StoredRun, args: Arguments, machine: Machine): Results {
  const texts = new Map([...storedFlags(stored, args.given), ...args.texts]);
  const namesNodes = NODE_FLAGS.some((name) => texts.has(name));
  const workload = workloadOfStored(stored, texts.get("workload")?.[0], args.positional[0]!);
  const notes = modelNotes([workload.name], args.given["consistency-models"]);
  if (lacksInvocations(stored.history)) notes.push(withoutInvocations(workload, texts));
  for (const note of notes) machine.stderr(`Note: ${note}\n`);
  const results = judge({
    ...recordOf(stored),
    decidedBy: deciderOf(args.given, stored.results?.decided_by ?? "strict"),
    workload,
    options: optionsOf(texts, namesNodes, machine),
  });
  return withStoredProblems(withoutUnknown(results, stored, namesNodes), stored);
}

/**
 * Chooses consistency models for a history without invocations: by default, serializable.
 *
 * @throws {UsageError} They depend on an order that is not known then.
 * @returns A note on them.
 */
function withoutInvocations({ name }: Workload, texts: Map<string, readonly string[]>): string {
  const reason = "the history has no invocations, so real time and the order within processes are unknown";
  if (!name.startsWith("txn-")) throw new UsageError(`Cannot check ${name}: ${reason}`);
  const models = texts.get("consistency-models") ?? ["serializable"];
  const names = models.flatMap((text) => text.split(",")).map((model) => model.trim());
  const ordered = names.filter((model) => requiredOrder([model]) !== undefined);
  if (ordered.length > 0) {
    throw new UsageError(`Cannot check ${ordered.join(", ")}: ${reason}; expected a model such as serializable`);
  }
  texts.set("consistency-models", models);
  return `${reason}; it is checked as ${models.join(", ")}`;
}

/** The stored flags. If the user names nodes, the stored names do not count. */
function storedFlags({ flags }: StoredRun, given: FlagValues): [string, readonly string[]][] {
  const namesNodes = NODE_FLAGS.some((name) => given[name as keyof FlagValues] !== undefined);
  return [...flags].filter(([name]) => !namesNodes || !NODE_FLAGS.includes(name));
}

/** The stored parts of a test's record. A history without our results has few of them. */
function recordOf({ history, results, folder, net, command }: StoredRun): Omit<TestRecord, "workload" | "options"> {
  return {
    challenge: results?.challenge ?? null,
    mode: results?.mode ?? null,
    seed: results?.seed ?? null,
    command: results?.command ?? command,
    limits: (results?.targets ?? []) as TargetLimit[],
    history,
    counts: net,
    convergence: { time: (results?.result.convergence_ms ?? null) as number | null, lacking: [] },
    exceptions: results === undefined ? clientExceptions(history) : results.exceptions.filter(isOfTheRun),
    interrupted: results?.interrupted ?? false,
    store: folder,
  };
}

/** True for exceptions of the run itself. Those of checkers and of the store belong to the earlier check. */
function isOfTheRun({ type }: TestException): boolean {
  return type !== "checker-crashed" && type !== NOT_STORED;
}

/** Exceptions of Jepsen's clients, as the history records them: one for each class, and one for malformed replies. */
function clientExceptions(history: readonly Operation[]): TestException[] {
  const thrown = history.filter(({ exception }) => typeof exception === "object" && exception !== null);
  return [...Map.groupBy(thrown, exceptionClass)].map(([name, operations]) => {
    const { f, process, time, error } = operations[0]!;
    const what = `${f} of process ${process}, at ${seconds(time)}: ${show(error ?? null, 300)}`;
    const count = operations.length;
    return name === MALFORMED
      ? { type: "malformed-reply", message: `A node sent a malformed reply, first to ${what}`, count }
      : { type: "client-crashed", message: `A client threw ${name}, first in ${what}`, count };
  });
}

/** Maelstrom's type of the exception for a malformed reply. */
const MALFORMED = "malformed-rpc-response";

function exceptionClass({ exception }: Operation): string {
  const { via } = exception as { via?: { type?: unknown; data?: { type?: unknown } | null }[] };
  const [thrown] = Array.isArray(via) ? via : [];
  if (thrown?.data?.type === MALFORMED) return MALFORMED;
  return typeof thrown?.type === "string" ? thrown.type : "an exception";
}

/** The workload of a history: the named one, else one that fits its operations. An empty history fits none. */
function workloadOfStored({ history }: StoredRun, name: string | undefined, path: string): Workload {
  if (history.length > 0 || name !== undefined) return workloadOf(history, name);
  throw new FailedError(`Cannot check ${path}: it is empty, expected operations, or -w with its workload`);
}

/** The options of the test. Without names, the number of nodes and workers is unknown. */
function optionsOf(texts: FlagTexts, namesNodes: boolean, { files }: Machine): TestOptions {
  const options = testOptions(flagValues(new Map([...DEFAULTS, ...texts])), files);
  return namesNodes ? options : { ...options, nodes: [], concurrency: Infinity };
}

/** Removes what the history does not show: nodes without names, and durations without times. */
function withoutUnknown(results: Results, { history, results: stored }: StoredRun, namesNodes: boolean): Results {
  const judgedBy = namesNodes ? results.judged_by : { ...results.judged_by!, nodes: null, concurrency: null };
  const known = { ...results, judged_by: judgedBy };
  return stored === undefined && history.every(({ time }) => time === 0) ? withoutDurations(known) : known;
}

/** Fields of the checkers' results that are durations. */
const DURATIONS = ["stable_latencies", "lost_latencies", "worst_realtime_lag"];

function withoutDurations(results: Results): Results {
  const unknown = DURATIONS.filter((name) => name in results.result).map((name) => [name, null]);
  return { ...results, latency_ms: null, result: { ...results.result, ...Object.fromEntries(unknown) } };
}

/** Adds stored problems that no history shows: nodes that never converged, or two runs of one seed that differed. */
function withStoredProblems(results: Results, { results: stored }: StoredRun): Results {
  if (stored === undefined) return results;
  const unseen = stored.anomalies.filter(({ type }) => type === "not-converged");
  const differed = stored.exceptions.some(({ type }) => type === "nondeterminism");
  if (unseen.length === 0 && !differed) return results;
  return { ...results, valid: false, passed: false, anomalies: [...results.anomalies, ...unseen] };
}
