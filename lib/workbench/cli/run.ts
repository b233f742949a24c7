/**
 * `test`, `all` and the challenges: run tests and show their results.
 *
 * 1. The arguments become one request for each test.
 * 2. An engine is chosen.
 * 3. Notes on stderr say which arguments do something else than the user may expect.
 * 4. {@linkcode runSeries} does the rest.
 *
 * @module
 */

import { FailedError, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { refusal } from "../engines/maelstrom_engine.ts";
import { type Arguments, beforeEnd, parseArguments } from "../request/arguments.ts";
import { type Challenge, CHALLENGES } from "../request/challenges.ts";
import type { Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { modelNotes } from "../request/model_notes.ts";
import { createRequest, deciderOf, type TestRequest } from "../request/request.ts";
import { planSeries } from "../request/series_plan.ts";
import type { Decider } from "../run/results.ts";
import { runSeries } from "../search/series.ts";
import { NO_CLUSTER } from "../world/cluster/state.ts";
import { chooseEngine } from "./choose_engine.ts";
import { seriesExitStatus } from "./exit_status.ts";
import { boundStore } from "./prune.ts";
import { reportErrors } from "./report_errors.ts";
import { watch } from "./watch/mod.ts";
import { openProgramFiles } from "./watch/program_files.ts";
import { runsHere, runsOnThreads } from "./watch/test_run.ts";

/**
 * Runs a test without a challenge: `test`.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 * @throws {FailedError} The engine gave no results.
 */
export async function runPlainTest(words: readonly string[], machine: Machine): Promise<number> {
  return await runTests([null], words, machine);
}

/** Runs one challenge. Arguments, result and errors are those of {@linkcode runPlainTest}. */
export async function runChallenge(challenge: Challenge, words: readonly string[], machine: Machine): Promise<number> {
  return await runTests([challenge], words, machine);
}

/** Runs all challenges: `all`. Arguments, result and errors are those of {@linkcode runPlainTest}. */
export async function runAllChallenges(words: readonly string[], machine: Machine): Promise<number> {
  return await runChallenges(CHALLENGES, words, machine);
}

/**
 * Runs some challenges, one after another. Other arguments, result and errors are those of {@linkcode runPlainTest}.
 *
 * @param byDefault Verdict that decides if no flag says so. By default, that of challenges.
 */
export async function runChallenges(
  challenges: readonly Challenge[],
  words: readonly string[],
  machine: Machine,
  byDefault?: Decider,
): Promise<number> {
  return await runTests(challenges, words, machine, byDefault);
}

async function runTests(
  challenges: readonly (Challenge | null)[],
  words: readonly string[],
  machine: Machine,
  byDefault?: Decider,
): Promise<number> {
  const args = withClusterNodes(parseArguments(words), machine);
  // Maelstrom's `test` passes positional arguments to the program. For our own commands they are mistakes.
  if (challenges[0] !== null) rejectPositional(args);
  if (challenges.length > 1) rejectOwnProgram(args);
  const requests = challenges.map((challenge) => createRequest(challenge, args, machine))
    .map((request) => ({ ...request, decidedBy: deciderOf(args.given, byDefault ?? request.decidedBy) }));
  const { name, engine } = chooseEngine(args.given, machine);
  const notes = [
    ...name === "maelstrom" ? maelstromNotes(args) : ignoredFlagNotes(args),
    ...name === "cluster" ? clusterNotes(requests) : [],
    ...modelNotes(requests.map(({ workload }) => workload), args.given["consistency-models"]),
    ...positionalNotes(args),
    ...name === "maelstrom" ? [] : incompatibilityNotes(requests),
  ];
  for (const note of notes) machine.stderr(`Note: ${note}\n`);
  if (args.given.watch) return await watchTest(requests, words, machine);
  const plan = planSeries(requests, args, machine.newSeed);
  const [{ store, keepRuns }] = requests as [TestRequest];
  if (name !== "maelstrom") boundStore(store, keepRuns, machine);
  return seriesExitStatus(await runSeries(plan, engine, machine));
}

/** Runs a test again whenever its program changes. The seed stays: a new verdict is due to the change. */
async function watchTest(
  [request, other]: readonly TestRequest[],
  words: readonly string[],
  machine: Machine,
): Promise<number> {
  if (other !== undefined) throw new UsageError("Cannot use --watch with several challenges: name one challenge");
  const { challenge, seed, simulation } = request!;
  const flags = beforeEnd(words);
  const again = flags.filter((word) => word !== "--watch" && word !== "--watch=true");
  if (simulation !== null && seed === null) again.push("--seed", machine.newSeed());
  const line = [...again, ...words.slice(flags.length)];
  const runs = simulation === null
    ? runsHere((machine) => reportErrors(() => runTests([challenge], line, machine), machine), machine)
    : runsOnThreads([challenge?.id ?? "test", ...line], machine);
  return await watch(runs, openProgramFiles(request!, machine), machine);
}

function rejectPositional({ positional: [word] }: Arguments): void {
  if (word === undefined) return;
  throw new UsageError(
    `Cannot use argument ${JSON.stringify(word)}: expected a flag; a node's own arguments go after --`,
  );
}

function rejectOwnProgram({ texts, program }: Arguments): void {
  const flag = ["bin", "workload"].find((name) => texts.has(name));
  if (flag === undefined && program.length === 0) return;
  const what = flag === undefined ? "arguments after --" : `--${flag}`;
  throw new UsageError(`Cannot use ${what} with several challenges: each has its own program; name one challenge`);
}

function ignoredFlagNotes({ texts }: Arguments): string[] {
  const given = (FLAGS as readonly Flag[]).filter(({ name, ignored }) => ignored !== undefined && texts.has(name));
  return given.map(({ name, ignored }) => `--${name} does nothing here: ${ignored}`);
}

/** Flags that the real Maelstrom has no counterpart for. */
function maelstromNotes({ given }: Arguments): string[] {
  const names = (["max-store", "keep-runs"] as const).filter((name) => given[name] !== undefined);
  return names.map((name) => `--${name} does nothing here: the real Maelstrom stores everything`);
}

/**
 * With `--engine cluster`, the nodes are those of the cluster, unless flags name some.
 *
 * @throws {FailedError} No cluster runs.
 */
function withClusterNodes(args: Arguments, { clusters }: Machine): Arguments {
  const { given, texts } = args;
  if (given.engine !== "cluster" || given.sim) return args;
  const state = clusters.state();
  if (state === undefined) throw new FailedError(NO_CLUSTER);
  if (["node-count", "node", "nodes", "nodes-file"].some((name) => texts.has(name))) return args;
  const { length: count } = state.nodes;
  const areNumbered = state.nodes.every((name, index) => name === `n${index}`);
  const [flag, value] = areNumbered ? ["node-count", count] as const : ["nodes", [...state.nodes]] as const;
  return {
    ...args,
    given: { ...given, [flag]: value },
    texts: new Map([...texts, [flag, [String(value)]]]),
  };
}

function clusterNotes(requests: readonly TestRequest[]): string[] {
  const hasLatency = requests.some(({ options: { latency } }) => latency.mean > 0);
  return hasLatency ? ["--latency does nothing here: messages take the time that the real network takes"] : [];
}

function positionalNotes({ positional }: Arguments): string[] {
  if (positional.length === 0) return [];
  const words = positional.map((word) => JSON.stringify(word)).join(", ");
  return [`nodes get ${words} as arguments, as with Maelstrom; flags begin with --`];
}

/** Tests that run here, but not under Maelstrom. */
function incompatibilityNotes(requests: readonly TestRequest[]): string[] {
  return requests.map(refusal).filter((problem) => problem !== undefined);
}
