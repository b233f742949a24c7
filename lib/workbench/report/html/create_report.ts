/**
 * Creates the data of a report from a stored run: from its files alone, so that a run of last year gets the same report
 * as one that has just ended.
 *
 * @module
 */

import { FailedError } from "../../base/errors.ts";
import { readText } from "../../history/history_file.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../../run/results.ts";
import type { StoredFiles } from "../stored/stored_run.ts";
import { nameOf } from "../summary.ts";
import { evidenceOf } from "./evidence.ts";
import { faultBands } from "./faults.ts";
import { linkOperations, timesOf } from "./link_operations.ts";
import { nodeLog } from "./logs.ts";
import { createMessageReader } from "./messages.ts";
import { microseconds, operationColumns } from "./operations.ts";
import type { LogColumns, MessageColumns, ReportData } from "./report_data.ts";

/** A run to report. */
export interface ReportedRun {
  /** Its folder. */
  folder: string;
  results: Results;
  history: readonly Operation[];
}

/** Files of a run, ours or Maelstrom's, in the order of their importance. */
const FILES = [
  ...["results.json", "history.jsonl", "messages.jsonl", "results.edn", "history.edn", "jepsen.log", "messages.svg"],
  ...["timeline.html", "latency-raw.png", "latency-quantiles.png", "rate.png"],
];

/** Endings of the files of a node's log. */
const LOGS = [".log", ".times"];

/** Largest number of nodes whose logs are looked for, if their names are unknown. */
const MOST_NODES = 100;

/** Size up to which a log is read, in characters. */
const LONGEST_LOG = 1 << 24;

/**
 * Creates the data of a run's report.
 *
 * @throws {FailedError} A file cannot be read.
 */
export async function createReportData(run: ReportedRun, machine: StoredFiles): Promise<ReportData> {
  const { folder, results, history } = run;
  const exists = (name: string) => isFile(`${folder}/${name}`, machine);
  const omitted: string[] = [];
  const operations = operationColumns(history, results.judged_by?.concurrency ?? null, omitted);
  const messages = exists("messages.jsonl") ? await readMessages(folder, machine, omitted) : null;
  if (messages !== null) linkOperations(messages, operations);
  const nodes = results.judged_by?.nodes ?? nodesIn(exists);
  const logs = await readLogs(folder, nodes.filter((node) => exists(`node-logs/${node}.log`)), machine, omitted);
  const end = endOf(history, messages);
  return {
    title: nameOf(results),
    // A stored file does not depend on its place, and its report neither.
    results: { ...results, store: null, shrunk: undefined },
    ...{ nodes, end, operations },
    faults: faultBands(history, end),
    ...{ messages, logs },
    evidence: evidenceOf(history, operations, results, nodes),
    files: [...FILES, ...logs.flatMap(({ node }) => LOGS.map((ending) => `node-logs/${node}${ending}`))].filter(exists),
    omitted,
  };
}

function isFile(path: string, { files }: StoredFiles): boolean {
  return ["file", "executable"].includes(files.inspect(path).kind);
}

/** Names of the nodes that have logs. Maelstrom calls them n0, n1, … unless it is told otherwise. */
function nodesIn(exists: (name: string) => boolean): string[] {
  return Array.from({ length: MOST_NODES }, (_, index) => `n${index}`).filter((node) =>
    exists(`node-logs/${node}.log`)
  );
}

async function readMessages(folder: string, machine: StoredFiles, omitted: string[]): Promise<MessageColumns> {
  const reader = createMessageReader(omitted);
  try {
    for await (const line of readLines(`${folder}/messages.jsonl`, machine)) reader.line(line);
  } catch (error) {
    // The part read until then is better than no report.
    if (!(error instanceof FailedError)) throw error;
    omitted.push("messages.jsonl cannot be read to its end as a text; the messages up to there are here");
  }
  return reader.end();
}

async function readLogs(
  folder: string,
  nodes: readonly string[],
  machine: StoredFiles,
  omitted: string[],
): Promise<LogColumns[]> {
  const logs: LogColumns[] = [];
  for (const node of nodes) {
    try {
      const times = `${folder}/node-logs/${node}.times`;
      const seconds = isFile(times, machine) ? await readLog(times, machine) : [];
      logs.push(nodeLog(node, await readLog(`${folder}/node-logs/${node}.log`, machine), seconds, omitted));
    } catch (error) {
      // A node may log anything. What cannot be shown is no reason to show nothing.
      if (!(error instanceof FailedError)) throw error;
      omitted.push(`The log of ${node} cannot be read as a text; its file has it`);
    }
  }
  return logs;
}

async function readLog(path: string, machine: StoredFiles): Promise<string[]> {
  const lines: string[] = [];
  let size = 0;
  for await (const line of readLines(path, machine)) {
    size += line.length;
    if (size > LONGEST_LOG) break;
    lines.push(line);
  }
  return lines;
}

async function* readLines(path: string, { openFile }: StoredFiles): AsyncIterable<string> {
  let rest = "";
  for await (const piece of readText(path, openFile)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function endOf(history: readonly Operation[], messages: MessageColumns | null): number {
  const times = messages === null ? [] : timesOf(messages.sent).map((time, row) => time + messages.delay[row]!);
  return [...history.slice(-1).map(({ time }) => microseconds(time)), ...times].reduce((a, b) => Math.max(a, b), 0);
}
