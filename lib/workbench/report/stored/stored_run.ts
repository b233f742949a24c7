/**
 * Reads a stored run for `check`: a history, and what else is in its folder.
 *
 * 1. The path is a history, or a folder with one: ours (`history.jsonl`) or Jepsen's (`history.edn`).
 * 2. Of our own run, `results.json` says how it was judged.
 * 3. Of a run of Jepsen, `jepsen.log` has its flags, and `results.edn` its counts of messages.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import { formatSize } from "../../base/size.ts";
import { STDIN } from "../../engines/machine.ts";
import { maelstromNet } from "../../engines/maelstrom_results.ts";
import { type OpenFile, readHistoryFile, readText } from "../../history/history_file.ts";
import type { Operation } from "../../history/operation.ts";
import { type FlagTexts, flagValues, parseArguments } from "../../request/arguments.ts";
import type { Files } from "../../request/files.ts";
import { shellWord } from "../../request/command_line.ts";
import { checkNodeNames } from "../../request/node_names.ts";
import type { Results } from "../../run/results.ts";
import { WORKLOADS } from "../../workloads/mod.ts";
import { parseStoredResults } from "./stored_results.ts";

/** Everything that was stored of a run. */
export interface StoredRun {
  history: Operation[];
  /** The run's folder; null if the path is that of a history. */
  folder: string | null;
  /** The known flags of the test. */
  flags: FlagTexts;
  /** The results of our own run. */
  results?: Results;
  /** Counts of messages; null if unknown. */
  net: Results["net"];
  /** Command of Maelstrom's that repeats the test; left out if unknown. */
  command?: string;
}

/** The part of a stored run that is not in its history. */
type Context = Pick<StoredRun, "flags" | "results" | "net" | "command">;

/** The part of the machine that reading a run needs. */
export interface StoredFiles {
  files: Pick<Files, "inspect">;
  openFile: OpenFile;
}

/** Names of histories in a run's folder, in order of preference. */
const HISTORIES = ["history.jsonl", "history.jsonl.gz", "history.edn", "history.edn.gz"];

/** Other files in a run's folder, of ours or of Maelstrom's. */
const OTHER_FILES = ["results.json", "messages.jsonl", "results.edn", "jepsen.log"];

/** Names of all files that a run is read from. */
export const RUN_FILES: readonly string[] = [...HISTORIES, ...OTHER_FILES];

/** Flags of Maelstrom's that matter to a checker. */
const LOGGED_FLAGS: readonly string[] = ["workload", "availability", "consistency-models"];

/** Number of characters of a log that are searched for the command line, from its beginning. The log can be long. */
const SEARCHED_LENGTH = 1 << 18;

/**
 * Reads a stored run.
 *
 * @param path A history, the folder of a run, or {@linkcode STDIN} for a history.
 * @throws {UsageError} There is no history.
 * @throws {FailedError} A file cannot be read.
 */
export async function readStoredRun(path: string, machine: StoredFiles): Promise<StoredRun> {
  const { kind, path: resolved } = path === STDIN ? { kind: "file", path } : machine.files.inspect(path);
  if (kind === "missing") throw new UsageError(`Cannot find ${path}: expected a history, or the folder of a run`);
  if (kind === "folder") return await readFolder(path, resolved, machine);
  if (OTHER_FILES.includes(path.split("/").at(-1)!)) {
    throw new UsageError(
      `Cannot check ${path}: it is not the history of a run; expected the folder that it is in, or the history there`,
    );
  }
  return { history: await readHistoryFile(path, machine.openFile), folder: null, flags: new Map(), net: null };
}

/** @param resolved The folder's absolute path: `latest` is a link. */
async function readFolder(path: string, resolved: string, machine: StoredFiles): Promise<StoredRun> {
  const folder = path.replace(/(?<=.)\/+$/, "");
  const name = HISTORIES.find((name) => fileExists(`${folder}/${name}`, machine));
  if (name === undefined) throw new UsageError(`Cannot find a history in ${path}: ${whereToLook(folder, machine)}`);
  const history = await readHistoryFile(`${folder}/${name}`, machine.openFile);
  const context = name.startsWith("history.jsonl")
    ? await readOwnContext(folder, machine)
    : await readJepsenContext(folder, resolved, machine);
  return { history, folder, ...context };
}

/** True if there is a file at a path. */
export function fileExists(path: string, { files }: Pick<StoredFiles, "files">): boolean {
  const { kind } = files.inspect(path);
  return kind === "file" || kind === "executable";
}

function whereToLook(folder: string, machine: StoredFiles): string {
  if (fileExists(`${folder}/results.json`, machine)) {
    return "it was not stored; results.json has the verdict, and as not-stored the reason";
  }
  const latest = `${folder}/latest`;
  const hint = HISTORIES.some((name) => fileExists(`${latest}/${name}`, machine)) ? `; did you mean ${latest}?` : "";
  return `expected one of history.jsonl, history.edn${hint}`;
}

async function readOwnContext(folder: string, machine: StoredFiles): Promise<Context> {
  const path = `${folder}/results.json`;
  if (!fileExists(path, machine)) return { flags: new Map(), net: null };
  const results = await readResults(path, machine);
  const { nodes, concurrency, availability, consistency_models } = results.judged_by ?? {};
  const flags = new Map([["workload", [results.workload]]]);
  if (nodes) flags.set("nodes", [nodes.join()]);
  if (concurrency) flags.set("concurrency", [String(concurrency)]);
  if (availability !== undefined && availability !== null) flags.set("availability", [String(availability)]);
  if (consistency_models?.length) flags.set("consistency-models", [consistency_models.join()]);
  checkOptions(flags, nodes ?? [], path);
  return { flags, results, net: results.net };
}

/** Checks that stored options are those of a test. Otherwise they would be taken for mistakes in the command. */
function checkOptions(flags: FlagTexts, nodes: readonly string[], path: string): void {
  try {
    flagValues(flags);
    checkNodeNames(nodes);
  } catch (error) {
    if (error instanceof UsageError) throw unusable(path, `it is damaged: ${error.message}`);
    throw error;
  }
}

async function readResults(path: string, { openFile }: StoredFiles): Promise<Results> {
  try {
    return parseStoredResults(await readWhole(path, openFile));
  } catch (error) {
    if (error instanceof SyntaxError) throw unusable(path, error.message);
    throw error;
  }
}

/** Creates the error for results beside a history that cannot be used. */
function unusable(path: string, problem: string): FailedError {
  return new FailedError(`Cannot read ${path}: ${problem}; to judge the history alone, give check its file`);
}

/** Longest file that is read as one text, in characters. */
const LONGEST = 1 << 28;

async function readWhole(path: string, openFile: OpenFile): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of readText(path, openFile)) {
    length += piece.length;
    if (length > LONGEST) throw unusable(path, `it is larger than ${formatSize(LONGEST)}`);
    pieces.push(piece);
  }
  return pieces.join("");
}

/** Reads the context of a run of Jepsen. Maelstrom calls the folder around it after the workload. */
async function readJepsenContext(folder: string, resolved: string, machine: StoredFiles): Promise<Context> {
  const { flags, ...command } = commandOf(await readLoggedWords(`${folder}/jepsen.log`, machine));
  const parent = resolved.split("/").at(-2) ?? "";
  if (!flags.has("workload") && Object.hasOwn(WORKLOADS, parent)) flags.set("workload", [parent]);
  const path = `${folder}/results.edn`;
  if (!fileExists(path, machine)) return { flags, net: null, ...command };
  try {
    return { flags, ...command, net: maelstromNet(await readWhole(path, machine.openFile)) };
  } catch (error) {
    // Only the counts of messages are lost. A test that ended early has none either.
    if (error instanceof SyntaxError) return { flags, net: null, ...command };
    throw error;
  }
}

/** Reads the words after `test` in the command line that Jepsen logs; none if there is no such line. */
async function readLoggedWords(path: string, machine: StoredFiles): Promise<string[]> {
  if (!fileExists(path, machine)) return [];
  const words = wordsIn(await readLoggedCommand(path, machine) ?? "");
  return words.includes("test") ? words.slice(words.indexOf("test") + 1) : [];
}

/** The command that Jepsen has logged, and its flags that matter to a checker. None if it is not Maelstrom's. */
function commandOf(words: readonly string[]): { flags: Map<string, readonly string[]>; command?: string } {
  if (words.length === 0) return { flags: new Map() };
  try {
    const flags = new Map([...parseArguments(words).texts].filter(([name]) => LOGGED_FLAGS.includes(name)));
    return { flags, command: ["maelstrom", "test", ...words].map(shellWord).join(" ") };
  } catch (error) {
    if (error instanceof UsageError) return { flags: new Map() };
    throw error;
  }
}

async function readLoggedCommand(path: string, { openFile }: StoredFiles): Promise<string | undefined> {
  let text = "";
  for await (const piece of readText(path, openFile)) {
    text += piece;
    const command = /Command line:\n(.*)\n/.exec(text)?.[1];
    if (command !== undefined || text.length > SEARCHED_LENGTH) return command;
  }
  return undefined;
}

/** Splits a command as Jepsen writes it: words with blanks and the like are in double quotes. */
function wordsIn(command: string): string[] {
  return Array.from(
    command.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g),
    ([word, quoted]) => quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1"),
  );
}
