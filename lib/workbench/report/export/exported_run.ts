/**
 * A run as the exports see it.
 *
 * @module
 */

import { faultBands } from "../html/faults.ts";
import { microseconds, operationColumns } from "../html/operations.ts";
import type { FaultBand, OperationColumns } from "../html/report_data.ts";
import { MESSAGES_FILE, nodesOf, type RecordedRun } from "../html/run_events.ts";
import { fileExists, type StoredFiles } from "../stored/stored_run.ts";
import { nameOf } from "../summary.ts";
import { type MessageEvent, messageEvents, type Survey, surveyMessages } from "./message_stream.ts";

/** Run to export. Times are whole microseconds since the test began. */
export interface ExportedRun {
  /** Name of the test, such as `3e broadcast`. */
  title: string;
  seed: string | null;
  nodes: string[];
  operations: OperationColumns;
  faults: FaultBand[];
  /** Time of the last operation's end. */
  end: number;
  /** Messages; null if they are not stored. */
  messages: ExportedMessages | null;
}

/** Messages of a run. They are read anew for each export. */
export interface ExportedMessages {
  survey: Survey;
  /** Reads sends and receives in their order. */
  events(): AsyncGenerator<MessageEvent>;
}

/**
 * Prepares a run for its exports.
 *
 * @param needsMessages False if no export needs the messages: then they are not read.
 * @throws {FailedError} A file of the run cannot be read.
 */
export async function prepareExport(
  { folder, results, history }: RecordedRun,
  needsMessages: boolean,
  machine: StoredFiles,
): Promise<ExportedRun> {
  const operations = operationColumns(history, results.judged_by?.concurrency ?? null, []);
  const end = microseconds(history.at(-1)?.time ?? 0);
  const hasMessages = needsMessages && fileExists(`${folder}/${MESSAGES_FILE}`, machine);
  const survey = hasMessages ? await surveyMessages(folder, operations, machine) : null;
  return {
    title: nameOf(results),
    seed: results.seed,
    nodes: nodesOf(folder, results, machine),
    operations,
    end,
    faults: faultBands(history, end),
    messages: survey === null ? null : { survey, events: () => messageEvents(folder, survey, machine) },
  };
}
