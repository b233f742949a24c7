/**
 * Creates the data of a report from a stored run: from its files alone, so that a run of last year gets the same report
 * as one that has just ended.
 *
 * @module
 */

import { FailedError } from "../../base/errors.ts";
import { readLines } from "../stored/read_lines.ts";
import { fileExists, type StoredFiles } from "../stored/stored_run.ts";
import { inOrderOfCauses } from "../problems.ts";
import { nameOf } from "../summary.ts";
import { evidenceOf } from "./evidence.ts";
import { nodeLog } from "./logs.ts";
import type { LogColumns, ReportData } from "./report_data.ts";
import { readEvents, type RecordedRun } from "./run_events.ts";

/** A run to report. */
export type ReportedRun = RecordedRun;

/** Files of a run, ours or Maelstrom's, in the order of their importance. */
const FILES = [
  ...["results.json", "history.jsonl", "messages.jsonl", "results.edn", "history.edn", "jepsen.log", "messages.svg"],
  ...["timeline.html", "trace.perfetto.json", "shiviz.log", "latency-raw.png", "latency-quantiles.png", "rate.png"],
];

/** Endings of the files of a node's log. */
const LOGS = [".log", ".times"];

/** Size up to which a log is read, in characters. */
const LONGEST_LOG = 1 << 24;

/**
 * Creates the data of a run's report.
 *
 * @throws {FailedError} A file cannot be read.
 */
export async function createReportData(run: ReportedRun, machine: StoredFiles): Promise<ReportData> {
  const { folder, results, history } = run;
  const exists = (name: string) => fileExists(`${folder}/${name}`, machine);
  const { omitted: notes, ...events } = await readEvents(run, machine);
  const { operations, nodes } = events;
  const omitted = [...notes.operations, ...notes.messages];
  const logs = await readLogs(folder, nodes.filter((node) => exists(`node-logs/${node}.log`)), machine, omitted);
  return {
    title: nameOf(results),
    // A stored file does not depend on its place, and its report neither.
    results: { ...inOrderOfCauses(results), store: null, shrunk: undefined },
    ...events,
    logs,
    evidence: evidenceOf(history, operations, results, nodes),
    files: [...FILES, ...logs.flatMap(({ node }) => LOGS.map((ending) => `node-logs/${node}${ending}`))].filter(exists),
    omitted,
  };
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
      const seconds = fileExists(times, machine) ? await readLog(times, machine) : [];
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
