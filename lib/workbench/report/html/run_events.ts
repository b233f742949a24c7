/**
 * Events of a stored run on one clock: operations, messages and faults. The page, `trace` and the exports read them.
 *
 * @module
 */

import { FailedError } from "../../base/errors.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../../run/results.ts";
import { readLines } from "../stored/read_lines.ts";
import { fileExists, type StoredFiles } from "../stored/stored_run.ts";
import { faultBands } from "./faults.ts";
import { linkOperations, timesOf } from "./link_operations.ts";
import { createMessageReader } from "./messages.ts";
import { microseconds, operationColumns } from "./operations.ts";
import type { FaultBand, MessageColumns, OperationColumns } from "./report_data.ts";

/** A stored run. */
export interface RecordedRun {
  /** Its folder. */
  folder: string;
  results: Results;
  history: readonly Operation[];
}

/** The parts of a stored run that its events are read from. */
type EventSource = Pick<RecordedRun, "folder" | "history"> & { results: Pick<Results, "judged_by"> };

/** Events of a run. Times are whole microseconds since the test began. */
export interface RunEvents {
  operations: OperationColumns;
  /** Null if the run has no `messages.jsonl`. Those of clients have their operations. */
  messages: MessageColumns | null;
  faults: FaultBand[];
  /** Names of the nodes. */
  nodes: string[];
  /** Time of the last event. */
  end: number;
  /** Notes on everything that is left out. */
  omitted: { operations: string[]; messages: string[] };
}

/** File with the messages of a run. */
export const MESSAGES_FILE = "messages.jsonl";

/** Largest number of nodes whose logs are looked for, if their names are unknown. */
const MOST_NODES = 100;

/**
 * Reads the events of a run.
 *
 * @param visit Called for each message with its row and the whole text of its body.
 */
export async function readEvents(
  { folder, results, history }: EventSource,
  machine: StoredFiles,
  visit?: (row: number, body: string) => void,
): Promise<RunEvents> {
  const omitted: RunEvents["omitted"] = { operations: [], messages: [] };
  const operations = operationColumns(history, results.judged_by?.concurrency ?? null, omitted.operations);
  const path = `${folder}/${MESSAGES_FILE}`;
  const messages = fileExists(path, machine) ? await readMessages(path, machine, omitted.messages, visit) : null;
  if (messages !== null) linkOperations(messages, operations);
  const end = endOf(history, messages);
  return {
    operations,
    messages,
    faults: faultBands(history, end),
    nodes: nodesOf(folder, results, machine),
    end,
    omitted,
  };
}

/** Names of the nodes. If they are unknown, those that have logs: Maelstrom calls them n0, n1, … */
export function nodesOf(
  folder: string,
  results: Pick<Results, "judged_by">,
  machine: Pick<StoredFiles, "files">,
): string[] {
  return results.judged_by?.nodes ?? Array.from({ length: MOST_NODES }, (_, index) => `n${index}`)
    .filter((node) => fileExists(`${folder}/node-logs/${node}.log`, machine));
}

async function readMessages(
  path: string,
  machine: StoredFiles,
  omitted: string[],
  visit?: (row: number, body: string) => void,
): Promise<MessageColumns> {
  const reader = createMessageReader(omitted, visit);
  try {
    for await (const line of readLines(path, machine)) reader.line(line);
  } catch (error) {
    // The part read until then is better than nothing.
    if (!(error instanceof FailedError)) throw error;
    omitted.push("messages.jsonl cannot be read to its end as a text; the messages up to there are here");
  }
  return reader.end();
}

function endOf(history: readonly Operation[], messages: MessageColumns | null): number {
  const times = messages === null ? [] : timesOf(messages.sent).map((time, row) => time + messages.delay[row]!);
  return [...history.slice(-1).map(({ time }) => microseconds(time)), ...times].reduce((a, b) => Math.max(a, b), 0);
}
