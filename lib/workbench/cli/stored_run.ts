/**
 * Runs that were stored: what there is to be found at a path, of one of our own runs or of one of Maelstrom's.
 *
 * @module
 */

import { parseArguments } from "../request/arguments.ts";
import { FailedError, UsageError } from "../base/errors.ts";
import { type OpenFile, readHistoryFile, readText } from "../history/history_file.ts";
import { parseJSON } from "../base/json.ts";
import { maelstromResults } from "../engines/maelstrom_results.ts";
import type { Operation } from "../history/operation.ts";
import type { Files } from "../request/request.ts";
import type { Results } from "../run/results.ts";
import { WORKLOADS } from "../workloads/mod.ts";

/** What was stored of a run, as far as there is any. */
export interface StoredRun {
  history: Operation[];
  /** The folder in which it stands; null where a path leads to a history and says nothing of its test. */
  folder: string | null;
  /** What is known of the test, as one would write it as flags of `test`. */
  flags: Map<string, string[]>;
  /** How our own run was judged. */
  results?: Results;
  /** The counts of messages. */
  net: Results["net"];
}

/** What it takes to look at files. */
export interface StoredFiles {
  files: Pick<Files, "inspect">;
  openFile: OpenFile;
}

/**
 * Reads a run.
 *
 * @param path A history, or the folder of a run: with our `history.jsonl` and `results.json`, or with Jepsen's `history.edn` and
 *   whatever else it has written.
 * @throws {UsageError} There is nothing, or no history.
 * @throws {FailedError} What there is cannot be read.
 */
export async function readStoredRun(path: string, machine: StoredFiles): Promise<StoredRun> {
  const { kind, path: resolved } = machine.files.inspect(path);
  if (kind === "missing") throw new UsageError(`Cannot find ${path}: expected a history, or the folder of a run`);
  if (kind !== "folder") {
    if (BESIDES.includes(path.split("/").at(-1)!)) throw new UsageError(`Cannot check ${path}: ${WITHOUT_HISTORY}`);
    return { history: await readHistoryFile(path, machine.openFile), folder: null, flags: new Map(), net: null };
  }
  const folder = path.replace(/(?<=.)\/+$/, "");
  const name = HISTORIES.find((name) => exists(`${folder}/${name}`, machine));
  if (name === undefined) throw new UsageError(`Cannot find a history in ${path}: ${whereToLook(folder, machine)}`);
  const history = await readHistoryFile(`${folder}/${name}`, machine.openFile);
  const context = name.startsWith("history.jsonl")
    ? await ownContext(folder, machine)
    : await jepsenContext(folder, resolved, machine);
  return { history, folder, ...context };
}

/** What histories are called in a folder, the best first. */
const HISTORIES = ["history.jsonl", "history.jsonl.gz", "history.edn", "history.edn.gz"];

/** What else stands in the folder of a run, of ours or of Maelstrom's. */
const BESIDES = ["results.json", "messages.jsonl", "results.edn", "jepsen.log"];
const WITHOUT_HISTORY = "it is not the history of a run; expected the folder that it is in, or the history there";

function exists(path: string, { files }: StoredFiles): boolean {
  const { kind } = files.inspect(path);
  return kind === "file" || kind === "executable";
}

function whereToLook(folder: string, machine: StoredFiles): string {
  const latest = `${folder}/latest`;
  const hint = HISTORIES.some((name) => exists(`${latest}/${name}`, machine)) ? `; did you mean ${latest}?` : "";
  return `expected one of history.jsonl, history.edn${hint}`;
}

type Context = Pick<StoredRun, "flags" | "results" | "net">;

/** Our own run: its results say how it was judged. */
async function ownContext(folder: string, machine: StoredFiles): Promise<Context> {
  const path = `${folder}/results.json`;
  if (!exists(path, machine)) return { flags: new Map(), net: null };
  const results = await readResults(path, machine);
  const { nodes, concurrency, availability, consistency_models } = results.judged_by ?? {};
  const flags = new Map([["workload", [results.workload]]]);
  if (nodes) flags.set("nodes", [nodes.join()]);
  if (concurrency) flags.set("concurrency", [String(concurrency)]);
  if (availability !== undefined && availability !== null) flags.set("availability", [String(availability)]);
  if (consistency_models?.length) flags.set("consistency-models", [consistency_models.join()]);
  return { flags, results, net: results.net };
}

async function readResults(path: string, { openFile }: StoredFiles): Promise<Results> {
  let results: Results;
  try {
    results = parseJSON(await wholeText(path, openFile)) as Results;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FailedError(
      `Cannot read ${path}: it is not JSON (${error.message}); to judge the history alone, name it`,
    );
  }
  if (results?.schema === 1 && Object.hasOwn(WORKLOADS, results.workload)) return results;
  throw new FailedError(`Cannot read ${path}: it is not the result of a run; to judge the history alone, name it`);
}

async function wholeText(path: string, openFile: OpenFile): Promise<string> {
  return (await Array.fromAsync(readText(path, openFile))).join("");
}

/** A run of Jepsen's: its log says how it was started, and if it is Maelstrom's, the folder around it is called after the workload. */
async function jepsenContext(folder: string, resolved: string, machine: StoredFiles): Promise<Context> {
  const flags = await loggedFlags(`${folder}/jepsen.log`, machine);
  const parent = resolved.split("/").at(-2) ?? "";
  if (!flags.has("workload") && Object.hasOwn(WORKLOADS, parent)) flags.set("workload", [parent]);
  const path = `${folder}/results.edn`;
  if (!exists(path, machine)) return { flags, net: null };
  const run = { challenge: null, workload: flags.get("workload")?.[0] ?? "", limits: [], store: null };
  try {
    return { flags, net: maelstromResults(await wholeText(path, machine.openFile), run).net };
  } catch (error) {
    // It tells only what the messages came to: a test that ended early has no such figures either.
    if (error instanceof SyntaxError) return { flags, net: null };
    throw error;
  }
}

/** What matters to a checker, and Maelstrom's checkers know of. */
const LOGGED: readonly string[] = ["workload", "availability", "consistency-models"];

/** The flags in the command that Jepsen has written into its log; none where there is no such command, or none of Maelstrom's. */
async function loggedFlags(path: string, machine: StoredFiles): Promise<Map<string, string[]>> {
  if (!exists(path, machine)) return new Map();
  const command = await loggedCommand(path, machine);
  const words = shellWords(command ?? "");
  try {
    const { texts } = parseArguments(words.slice(words.indexOf("test") + 1));
    return new Map([...texts].filter(([name]) => LOGGED.includes(name)));
  } catch (error) {
    if (error instanceof UsageError) return new Map();
    throw error;
  }
}

/** It is in the first lines; a log can be long. */
const LOG_SEARCHED = 1 << 18;

async function loggedCommand(path: string, { openFile }: StoredFiles): Promise<string | undefined> {
  let text = "";
  for await (const piece of readText(path, openFile)) {
    text += piece;
    const command = /Command line:\n(.*)\n/.exec(text)?.[1];
    if (command !== undefined || text.length > LOG_SEARCHED) return command;
  }
  return undefined;
}

/** The words of a command, as Jepsen writes it: those with a blank or the like are in double quotes. */
function shellWords(command: string): string[] {
  return Array.from(
    command.matchAll(/"((?:\\.|[^"\\])*)"|\S+/g),
    ([word, quoted]) => quoted === undefined ? word : quoted.replaceAll(/\\(.)/g, "$1"),
  );
}
