/**
 * Requests: from a command line to everything an engine needs to know of the test to run.
 *
 * @module
 */

import { type Arguments, DEFAULTS, flagValues, parseArguments } from "./arguments.ts";
import type { Challenge } from "./challenges.ts";
import { type Flag, type FlagName, FLAGS, type FlagValues } from "./flags.ts";
import type { TargetLimit } from "../run/results.ts";
import { UsageError } from "../base/errors.ts";
import { isReservedName } from "../world/services/mod.ts";
import type { TestOptions } from "../workloads/workload.ts";

/** A test to run. */
export interface TestRequest {
  /** Which challenge, or null for a plain test. */
  challenge: Challenge | null;
  /** The workload's name. */
  workload: string;
  /** The program of a node: an absolute path. */
  bin: string;
  /** The program's arguments. */
  args: string[];
  options: TestOptions;
  /** What the figures are judged by. */
  limits: readonly TargetLimit[];
  /** Where a run is kept. */
  store: string;
  /** What to draw from; null where the engine may choose. */
  seed: string | null;
  /** How to simulate it; null where it runs with processes. */
  simulation: SimulationRequest | null;
  logStderr: boolean;
  logNetSend: boolean;
  logNetRecv: boolean;
  /** How the test differs from the challenge's official one, in words such as `--rate 50 (official 100)`. */
  deviations: string[];
  /** The flags of Maelstrom's `test` that were given or are official, as one would write them, without the binary. */
  flags: string[];
  /** The command that runs it again, without its seed. */
  command: string[];
}

/** The name of a test for people: `3e broadcast`, or the workload alone. */
export function nameOfTest({ challenge, workload }: Pick<TestRequest, "challenge" | "workload">): string {
  return challenge === null ? workload : `${challenge.id} ${workload}`;
}

/** What is asked of a simulation. */
export interface SimulationRequest {
  /** Whether to run it twice, and compare. */
  checkDeterminism: boolean;
  /** Which runs go to the store. */
  keep: "all" | "failing" | "none";
}

/** What a request may ask of the world. */
export interface Files {
  /** The text of a file. */
  readTextFile(path: string): string;
  /** What a path leads to, and where that is: absolute, links resolved. */
  inspect(path: string): { kind: "missing" | "folder" | "file" | "executable"; path: string };
}

/** The part of the machine that creating a request needs. */
export interface MachineWithFiles {
  /** The project's folder. */
  root: string;
  files: Files;
}

/**
 * Makes a request of a command line.
 *
 * @param challenge Which challenge, or null for `test`.
 * @param args What was written after the command.
 * @throws {UsageError} The arguments are bad, the binary is missing or does not run, or a file cannot be read.
 */
export function createRequest(
  challenge: Challenge | null,
  args: Arguments,
  { root, files }: MachineWithFiles,
): TestRequest {
  const official = challenge === null ? new Map<string, string[]>() : officialTexts(challenge);
  if (challenge !== null && args.given.workload !== undefined) {
    throw new UsageError(
      `Cannot use --workload with a challenge: ${challenge.id} is ${challenge.workload}; for another, use test -w NAME --bin FILE`,
    );
  }
  const texts = new Map([...DEFAULTS, ...withoutOverridden(official, args.given), ...args.texts]);
  const values = flagValues(texts);
  const simulation = simulationRequest(args.given);
  const own = challenge !== null && args.given.bin === undefined;
  const bin = own ? `${root}/challenges/bin/${challenge.program}` : values.bin;
  const options = testOptions(values, files);
  const limits = challenge === null ? [] : applicableLimits(challenge, official, options.nemesis);
  return {
    challenge,
    workload: values.workload!,
    bin: checkBinary(bin, simulation !== null, files),
    args: args.program,
    options,
    limits,
    store: values.store!,
    seed: values.seed ?? null,
    simulation,
    logStderr: values["log-stderr"] ?? false,
    logNetSend: values["log-net-send"] ?? false,
    logNetRecv: values["log-net-recv"] ?? false,
    deviations: challenge === null ? [] : deviations(official, texts, limits.length < challenge.limits.length),
    flags: maelstromFlags(new Map([...withoutOverridden(official, args.given), ...args.texts]), options.nodes),
    command: repeatCommand(launcher(root, files), challenge, args),
  };
}

/** Without `--store`, of many runs only those that went wrong are kept. */
function simulationRequest(given: FlagValues): SimulationRequest | null {
  if (given.sim) {
    const keep = (given.seeds ?? 1) > 1 && given.store === undefined ? "failing" : "all";
    return { checkDeterminism: given["check-determinism"] ?? false, keep };
  }
  for (const name of ["seeds", "check-determinism", "no-shrink"] as const) {
    if (given[name] !== undefined) {
      throw new UsageError(`Cannot use --${name} without --sim: only a simulation follows from its seed`);
    }
  }
  return null;
}

/** What is written in a challenge's official command, by the names of the flags. */
export function officialTexts(challenge: Challenge): Map<string, string[]> {
  return parseArguments(["--workload", challenge.workload, ...challenge.flags.split(" ")]).texts;
}

/** Maelstrom lets `--node-count` win over nodes that are named; names that a person gives win over an official count. */
function withoutOverridden(official: ReadonlyMap<string, string[]>, given: FlagValues): Map<string, string[]> {
  const texts = new Map(official);
  if (given.node ?? given.nodes ?? given["nodes-file"]) texts.delete("node-count");
  return texts;
}

/**
 * The options of a test.
 *
 * @param values All that have a default must be there.
 * @throws {UsageError} Nodes have the same or other strange names, or no test can have these faults.
 */
export function testOptions(values: FlagValues, files: Pick<Files, "readTextFile">): TestOptions {
  const nodes = nodeNames(values, files);
  const { count, perNode } = values.concurrency!;
  return {
    nodes,
    concurrency: perNode ? count * nodes.length : count,
    timeLimitSeconds: values["time-limit"]!,
    rate: values.rate!,
    latency: {
      mean: values.latency!,
      distribution: values["latency-dist"] as TestOptions["latency"]["distribution"],
    },
    nemesis: faults(values.nemesis!),
    nemesisIntervalSeconds: values["nemesis-interval"]!,
    availability: values.availability,
    consistencyModels: values["consistency-models"]!,
    keyCount: values["key-count"],
    maxTxnLength: values["max-txn-length"]!,
    maxWritesPerKey: values["max-writes-per-key"]!,
    topology: values.topology!,
  };
}

/** Each fault once, as none is not one. */
function faults(words: readonly string[]): string[] {
  if (words.length > 1 && words.includes("none")) {
    throw new UsageError(`Cannot use --nemesis ${words.join()}: expected none, or faults`);
  }
  return [...new Set(words)].filter((word) => word !== "none");
}

/** Jepsen's names where none are given. */
const JEPSEN_NODES = ["n1", "n2", "n3", "n4", "n5"];
/** As in Jepsen: a count wins; else files, lists and single names are joined; else there are five. */
function nodeNames(values: FlagValues, files: Pick<Files, "readTextFile">): string[] {
  const count = values["node-count"];
  if (count !== undefined) return Array.from({ length: count }, (_, index) => `n${index}`);
  const file = values["nodes-file"];
  const named = [...file === undefined ? [] : readNames(file, files), ...values.nodes ?? [], ...values.node ?? []];
  const nodes = named.length === 0 ? JEPSEN_NODES : named;
  const reserved = nodes.find((node) => isReservedName(node) || isClientOfMaelstrom(node));
  if (reserved !== undefined) {
    throw new UsageError(
      `Cannot name a node ${reserved}: expected a name that does not begin with c, as clients' do, and is no service's`,
    );
  }
  const twice = nodes.find((node, index) => nodes.indexOf(node) !== index);
  if (twice !== undefined) throw new UsageError(`Cannot name two nodes ${twice}: expected different names`);
  return nodes;
}

/** Returns true if Maelstrom takes a name for a client's: it looks at the first letter only. */
function isClientOfMaelstrom(name: string): boolean {
  return name.startsWith("c");
}

function readNames(path: string, files: Pick<Files, "readTextFile">): string[] {
  let text: string;
  try {
    text = files.readTextFile(path);
  } catch {
    throw new UsageError(`Cannot read --nodes-file ${path}: expected a file with the nodes' names, one a line`);
  }
  const names = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (names.length === 0) {
    throw new UsageError(`Cannot use --nodes-file ${path}: it is empty, expected a node's name a line`);
  }
  return names;
}

/** The absolute path of a program that can be run, or that can be tried to be imported. */
function checkBinary(bin: string | undefined, simulated: boolean, files: Files): string {
  const expected = simulated ? "the module that exports a node's program" : "the program that runs a node";
  if (bin === undefined) throw new UsageError(`Missing --bin: expected --bin FILE, ${expected}`);
  const { kind, path } = files.inspect(bin);
  if (kind === "missing") throw new UsageError(`Cannot find --bin ${bin}: expected ${expected}`);
  if (kind === "folder") throw new UsageError(`Cannot run --bin ${bin}: it is a folder, expected ${expected}`);
  if (kind === "file" && !simulated) {
    throw new UsageError(`Cannot run --bin ${bin}: it is not executable; try chmod +x ${shellWord(bin)}`);
  }
  return path;
}

/**
 * What the figures are judged by. A fault that the official test has not, such as a partition of ten seconds, holds values back for as
 * long as it lasts, whatever the program does: then no limit on latency applies. That on messages does.
 */
function applicableLimits(
  challenge: Challenge,
  official: Map<string, string[]>,
  nemesis: readonly string[],
): readonly TargetLimit[] {
  const officialFaults: readonly string[] = flagValues(official).nemesis ?? [];
  const added = nemesis.some((fault) => !officialFaults.includes(fault));
  return added ? challenge.limits.filter(({ name }) => name === "msgs_per_op") : challenge.limits;
}

function deviations(
  official: ReadonlyMap<string, readonly string[]>,
  texts: ReadonlyMap<string, readonly string[]>,
  limitsLifted: boolean,
): string[] {
  const found: string[] = [];
  for (const flag of FLAGS as readonly Flag[]) {
    if (!flag.shapesTest) continue;
    const name = flag.name as FlagName;
    const wanted = official.get(name) ?? DEFAULTS.get(name);
    const actual = texts.get(name);
    const [a, b] = [wanted, actual].map((words) => words && flagValues(new Map([[name, words]])));
    if (JSON.stringify(a) === JSON.stringify(b)) continue;
    const written = actual === undefined ? `no --${name}` : `--${name} ${actual.join(" ")}`;
    const consequence = name === "nemesis" && limitsLifted ? "; limits on latency do not apply" : "";
    found.push(`${written} (official ${wanted?.join(" ") ?? "none"}${consequence})`);
  }
  return found;
}

/** The command line for Maelstrom's `test`, which has no flags of ours. */
function maelstromFlags(texts: ReadonlyMap<string, readonly string[]>, nodes: readonly string[]): string[] {
  const words: string[] = [];
  for (const flag of FLAGS as readonly Flag[]) {
    const written = texts.get(flag.name);
    if (written === undefined || flag.origin === "workbench" || SENT_OTHERWISE.has(flag.name)) continue;
    // Maelstrom has no word for it.
    if (flag.name === "nemesis" && written[0]!.trim() === "none") continue;
    if (flag.kind === "switch") words.push(`--${flag.name}`);
    // Maelstrom tells one model from the next only by a comma between blanks.
    else if (flag.name === "consistency-models") {
      words.push(`--${flag.name}`, written[0]!.trim().split(/\s*,\s*/).join(" , "));
    } else words.push(`--${flag.name}`, written[0]!);
  }
  // A file of names may be relative to a folder which is not Maelstrom's.
  const named = texts.has("node") || texts.has("nodes") || texts.has("nodes-file");
  if (named && !texts.has("node-count")) words.push("--nodes", nodes.join(","));
  return words;
}

const SENT_OTHERWISE = new Set(["bin", "node", "nodes", "nodes-file", "help", "test-count"]);

/** What does not change what a run does, or which are run besides. */
const SHOWS_ONLY = new Set(["seed", "seeds", "no-shrink", "json", "quiet"]);

/** How `maelstrom.sh` is called from here: other paths of a command are as they were written, so it is to be repeated here too. */
function launcher(root: string, files: Files): string {
  return files.inspect(".").path === root ? "./maelstrom.sh" : `${root}/maelstrom.sh`;
}

function repeatCommand(launcher: string, challenge: Challenge | null, { texts, program }: Arguments): string[] {
  const words = [launcher, challenge?.id ?? "test"];
  for (const [name, written] of texts) {
    if (SHOWS_ONLY.has(name)) continue;
    if (written.length === 0) words.push(`--${name}`);
    for (const text of written) words.push(`--${name}`, text);
  }
  if (program.length > 0) words.push("--", ...program);
  return words.map(shellWord);
}

/** A word as one would write it in a shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
