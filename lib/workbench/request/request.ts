/**
 * Request: everything an engine needs to know about the test to run.
 *
 * 1. Each flag has the value that the user gave, else that of the challenge's official command, else its default.
 * 2. The values become the options of the test, and the path of the program.
 * 3. Differences from the official test are recorded, and limits that do not apply to them are removed.
 * 4. The commands that repeat the test, here and with Maelstrom, are written.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../base/errors.ts";
import { SERVER_FAULTS } from "../run/nemesis/server_faults.ts";
import type { Decider, TargetLimit } from "../run/results.ts";
import { clientNodes, type TestOptions } from "../workloads/workload.ts";
import type { Variable } from "../world/hosts/process/environment.ts";
import { type Arguments, DEFAULTS, type FlagTexts, flagValues, parseArguments } from "./arguments.ts";
import type { Challenge } from "./challenges.ts";
import { maelstromFlags, repeatCommand, shellWord } from "./command_line.ts";
import type { Flag, KindValues } from "./flag.ts";
import { type FlagName, FLAGS, type FlagValues } from "./flags.ts";
import type { Files, MachineWithFiles } from "./files.ts";
import { nodeNames } from "./node_names.ts";

/** A test to run. */
export interface TestRequest {
  /** Null for a plain test. */
  challenge: Challenge | null;
  /** The workload's name. */
  workload: string;
  /** Absolute path of the program that runs a node. */
  bin: string;
  /** True if Deno runs `bin`: a module that is not executable, or has no `#!` line that says what else runs it. */
  isModule: boolean;
  /** The program's arguments. */
  args: string[];
  options: TestOptions;
  /** Limits of the figures. */
  limits: readonly TargetLimit[];
  /** Verdict that decides if the run has passed. */
  decidedBy: Decider;
  /** The folder that runs are stored in. */
  store: string;
  /** Limit on the size of a run's files, in bytes. */
  maxStore: number;
  /** Number of runs that the store keeps. */
  keepRuns: number;
  /** Seed of all random draws; null if the engine may choose one. */
  seed: string | null;
  /** Options of the simulation; null for real processes. */
  simulation: SimulationRequest | null;
  /** Variables that the nodes get besides the usual ones. */
  env: readonly Variable[];
  logStderr: boolean;
  logNetSend: boolean;
  logNetRecv: boolean;
  /** Differences from the official test, such as `--rate 50 (official 100)`. */
  deviations: string[];
  /** The same test as flags of Maelstrom's `test`, without the program. */
  flags: string[];
  /** The command that repeats the test, without its seed. */
  command: string[];
}

/** The name of a test for people: `3e broadcast`, or the workload alone. */
export function nameOfTest({ challenge, workload }: Pick<TestRequest, "challenge" | "workload">): string {
  return challenge === null ? workload : `${challenge.id} ${workload}`;
}

/** Options of a simulation. */
export interface SimulationRequest {
  /** True if the test is simulated twice, and the two runs compared. */
  checkDeterminism: boolean;
  /**
   * The runs that are stored. A `"repeat"` is stored, too: it repeats a run whose verdict is known, so a store that
   * cannot be written does not end it.
   */
  keep: "all" | "failing" | "repeat" | "none";
}

/**
 * Creates the request for a command line.
 *
 * @param challenge Null for a plain test.
 * @throws {UsageError} The arguments are bad, the program is missing or cannot be run, or a file cannot be read.
 */
export function createRequest(
  challenge: Challenge | null,
  args: Arguments,
  { root, files }: MachineWithFiles,
): TestRequest {
  rejectOtherWorkload(challenge, args);
  const official: FlagTexts = challenge === null ? new Map<string, string[]>() : officialTexts(challenge);
  const written = writtenTexts(challenge, args);
  const texts = new Map([...DEFAULTS, ...written]);
  const values = flagValues(texts);
  const simulation = simulationRequest(args.given);
  const isOwnProgram = challenge !== null && args.given.bin === undefined;
  const bin = isOwnProgram ? `${root}/challenges/bin/${challenge.program}` : values.bin;
  const options = testOptions(values, files);
  const limits = challenge === null ? [] : applicableLimits(challenge, official, options.nemesis);
  const areLimitsLifted = challenge !== null && limits.length < challenge.limits.length;
  return {
    challenge,
    workload: values.workload!,
    ...findProgram(bin, simulation !== null, { root, files }),
    args: args.program,
    options,
    limits,
    decidedBy: deciderOf(args.given, challenge !== null && simulation === null ? "maelstrom" : "strict"),
    store: values.store!,
    maxStore: values["max-store"]!,
    keepRuns: values["keep-runs"]!,
    seed: values.seed ?? null,
    simulation,
    env: values.env ?? [],
    logStderr: values["log-stderr"] ?? false,
    logNetSend: values["log-net-send"] ?? false,
    logNetRecv: values["log-net-recv"] ?? false,
    deviations: challenge === null ? [] : describeDeviations(official, texts, areLimitsLifted),
    flags: maelstromFlags(written, options.nodes),
    command: repeatCommand(args, challenge?.id ?? "test", root, files.inspect(".").path),
  };
}

function rejectOtherWorkload(challenge: Challenge | null, { given }: Arguments): void {
  if (challenge === null || given.workload === undefined) return;
  throw new UsageError(
    `Cannot use --workload with a challenge: ${challenge.id} is ${challenge.workload}; ` +
      "for another, use test -w NAME --bin FILE",
  );
}

/**
 * Returns the verdict that decides: the one that the flags ask for, else the default.
 *
 * By default, a challenge is decided as Maelstrom would, since its description asks for no more. Every other test is
 * decided strictly, and so is a simulated challenge: one simulates to find faults.
 *
 * @throws {UsageError} The flags ask for both.
 */
export function deciderOf(given: FlagValues, byDefault: Decider): Decider {
  if (given.strict && given["as-maelstrom"]) {
    throw new UsageError("Cannot use --strict with --as-maelstrom: expected one of them");
  }
  if (given.strict) return "strict";
  return given["as-maelstrom"] ? "maelstrom" : byDefault;
}

/** The options of a simulation. Of many runs, only failures are stored, unless the user names a store. */
function simulationRequest(given: FlagValues): SimulationRequest | null {
  if (given.sim) {
    if (given.env !== undefined) {
      throw new UsageError("Cannot use --env with --sim: a simulated program reads no environment");
    }
    const keep = (given.seeds ?? 1) > 1 && given.store === undefined ? "failing" : "all";
    return { checkDeterminism: given["check-determinism"] ?? false, keep };
  }
  for (const name of ["seeds", "check-determinism", "no-shrink"] as const) {
    if (given[name] !== undefined) {
      throw new UsageError(`Cannot use --${name} without --sim: only a simulation is determined by its seed`);
    }
  }
  return null;
}

/** The flags of a challenge's official command, by name. */
export function officialTexts(challenge: Challenge): FlagTexts {
  return parseArguments(["--workload", challenge.workload, ...challenge.flags.split(" ")]).texts;
}

/** The flags of a test that are not defaults: the official ones that hold, and those given. */
export function writtenTexts(challenge: Challenge | null, { given, texts }: Arguments): FlagTexts {
  const official: FlagTexts = challenge === null ? new Map<string, string[]>() : officialTexts(challenge);
  return new Map([...withoutOverridden(official, given), ...texts]);
}

/** Faults during which nodes, or the services that they ask, cannot answer. */
const SILENCING: readonly string[] = ["pause", "kill", ...Object.keys(SERVER_FAULTS)];

/**
 * Removes what the flags of the user make void:
 *
 * - The official number of nodes if the user names nodes. In Maelstrom, `--node-count` wins over names; that must hold
 *   only for a number that the user gave.
 * - The official availability if the user adds a fault during which nodes cannot answer.
 */
function withoutOverridden(official: FlagTexts, given: FlagValues): FlagTexts {
  const namesNodes = given.node ?? given.nodes ?? given["nodes-file"];
  const isSilenced = given.nemesis?.some((fault) => SILENCING.includes(fault));
  const isVoid = (name: string) => (namesNodes && name === "node-count") || (isSilenced && name === "availability");
  return new Map([...official].filter(([name]) => !isVoid(name)));
}

/**
 * Creates the options of a test.
 *
 * @param values The flags; those with a default must be there.
 * @throws {UsageError} Names of nodes are reserved or repeated, roles do not fit the nodes, or `none` is among faults
 *   or services.
 */
export function testOptions(values: FlagValues, files: Pick<Files, "readTextFile">): TestOptions {
  const nodes = nodeNames(values, files);
  const roles = rolesOf(values.role ?? [], nodes);
  const { count, perNode } = values.concurrency!;
  return {
    nodes,
    concurrency: perNode ? count * clientNodes({ nodes, roles }).length : count,
    timeLimitSeconds: values["time-limit"]!,
    rate: values.rate!,
    latency: {
      mean: values.latency!,
      distribution: values["latency-dist"] as TestOptions["latency"]["distribution"],
    },
    nemesis: parseNames("nemesis", values.nemesis!, "faults"),
    nemesisIntervalSeconds: values["nemesis-interval"]!,
    availability: values.availability,
    consistencyModels: values["consistency-models"]!,
    keyCount: values["key-count"],
    maxTxnLength: values["max-txn-length"]!,
    maxWritesPerKey: values["max-writes-per-key"]!,
    topology: values.topology!,
    roles,
    services: parseNames("services", values.services!, "services"),
    repeatAdds: values["repeat-adds"]!,
    failFast: values["fail-fast"] ?? false,
  };
}

/** The role of each node that has one. */
function rolesOf(given: readonly KindValues["role"][], nodes: readonly string[]): Record<string, string> {
  const roles = new Map<string, string>();
  for (const { name, nodes: named } of given) {
    for (const node of named) {
      if (!nodes.includes(node)) throw new UsageError(`Cannot use --role ${name}: ${expectedOneOf(node, nodes)}`);
      if (roles.has(node)) throw new UsageError(`Cannot give ${node} two roles: it is ${roles.get(node)} already`);
      roles.set(node, name);
    }
  }
  if (roles.size < nodes.length) return Object.fromEntries(roles);
  throw new UsageError("Cannot use --role: every node has a role, expected some without one, for the clients");
}

/** The names without repetitions; empty for `none`. */
function parseNames(flag: FlagName, words: readonly string[], what: string): string[] {
  if (words.length > 1 && words.includes("none")) {
    throw new UsageError(`Cannot use --${flag} ${words.join()}: expected either none alone or a list of ${what}`);
  }
  return [...new Set(words)].filter((word) => word !== "none");
}

/** Names of files that Deno runs as modules. */
const MODULE = /\.[cm]?[jt]sx?$/;

/**
 * Finds a program; returns its absolute path. A simulation imports it, and Deno runs a module: these need not be
 * executable.
 *
 * @param bin What `--bin` says.
 * @throws {UsageError} There is no program, or it cannot be run.
 */
export function findProgram(
  bin: string | undefined,
  isSimulated: boolean,
  { root, files }: MachineWithFiles,
): Pick<TestRequest, "bin" | "isModule"> {
  const expected = isSimulated ? "the module that exports a node's program" : "the program that runs a node";
  if (bin === undefined) throw new UsageError(`Missing --bin: expected --bin FILE, ${expected}`);
  const { kind, path } = files.inspect(bin);
  if (kind === "missing") throw new UsageError(`Cannot find --bin ${bin}: expected ${expected}${tildeHint(bin)}`);
  if (kind === "folder") throw new UsageError(`Cannot run --bin ${bin}: it is a folder, expected ${expected}`);
  // The system would give a module without #! to the shell.
  const isModule = MODULE.test(path) && (kind === "file" || readText(bin, files)?.startsWith("#!") === false);
  if (kind === "file" && !isModule && !isSimulated) {
    throw new UsageError(`Cannot run --bin ${bin}: it is not executable; try chmod +x ${shellWord(bin)}`);
  }
  if (isSimulated && !MODULE.test(path) && !path.startsWith(`${root}/challenges/bin/`)) rejectScript(bin, files);
  return { bin: path, isModule };
}

/** Says what to write instead of `--bin=~/node`, whose tilde the shell leaves as it is. */
function tildeHint(bin: string): string {
  return bin.startsWith("~/") ? `; the shell does not replace ~ after =, write --bin ${bin}` : "";
}

/** Rejects a script that is to be simulated, unless Deno runs it. If it seems to run a module, that is named. */
function rejectScript(bin: string, files: Files): void {
  const text = readText(bin, files) ?? "";
  const [, interpreter] = /^#!\s*(.*\S)/.exec(text) ?? [];
  if (interpreter === undefined || /\bdeno\b/.test(interpreter)) return;
  const isShell = /\bsh\b/.test(interpreter);
  const [module] = isShell && /[\w./-]*\w\.[cm]?[jt]sx?\b/.exec(text) || [];
  const what = isShell ? "a shell script" : `a script for ${interpreter}`;
  const advice = module === undefined ? "; without --sim, it runs as a process" : `; it seems to run ${module}`;
  throw new UsageError(
    `Cannot simulate --bin ${bin}: it is ${what}, expected the module that exports a node's program${advice}`,
  );
}

/** Reads a file. What cannot be read is undefined: to run or import it fails as well, and says why. */
function readText(path: string, files: Files): string | undefined {
  try {
    return files.readTextFile(path);
  } catch {
    return undefined;
  }
}

/**
 * The limits that apply. A fault that the official test does not have, such as a partition, delays values for as long
 * as it lasts, whatever the program does: then latency limits do not apply, message limits still do.
 */
function applicableLimits(
  { limits }: Challenge,
  official: FlagTexts,
  nemesis: readonly string[],
): readonly TargetLimit[] {
  const officialFaults: readonly string[] = flagValues(official).nemesis ?? [];
  const hasOtherFaults = nemesis.some((fault) => !officialFaults.includes(fault));
  return hasOtherFaults ? limits.filter(({ name }) => name === "msgs_per_op") : limits;
}

function describeDeviations(official: FlagTexts, texts: FlagTexts, areLimitsLifted: boolean): string[] {
  const names = (FLAGS as readonly Flag[]).filter(({ shapesTest }) => shapesTest).map(({ name }) => name as FlagName);
  return names.flatMap((name) => {
    const expected = official.get(name) ?? DEFAULTS.get(name);
    const actual = texts.get(name);
    if (isSameValue(name, expected, actual)) return [];
    const written = actual === undefined ? `no --${name}` : [`--${name}`, ...actual].join(" ");
    const consequence = name === "nemesis" && areLimitsLifted ? "; limits on latency do not apply" : "";
    return [`${written} (official ${expected?.join(" ") ?? "none"}${consequence})`];
  });
}

/** True if two texts of a flag mean the same: `10` and `10.0`. */
function isSameValue(name: FlagName, a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  const [first, second] = [a, b].map((words) => words && JSON.stringify(flagValues(new Map([[name, words]]))));
  return first === second;
}
