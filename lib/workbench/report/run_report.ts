/**
 * Reports of runs that have just ended: `report.html`, beside the other files of each stored run.
 *
 * A report that cannot be written never changes the outcome of a run.
 *
 * @module
 */

import { FailedError, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { readHistoryFile } from "../history/history_file.ts";
import type { Results } from "../run/results.ts";
import { writeReport } from "./html/write_report.ts";

/** Histories in a run's folder, in order of preference. */
const HISTORIES = ["history.jsonl", "history.edn"];

/**
 * Writes the report of a run.
 *
 * @returns Its path; undefined if the run's history is not stored, or the report cannot be written.
 */
export async function reportRun(results: Results, machine: Machine): Promise<string | undefined> {
  const { store: folder } = results;
  if (folder === null) return undefined;
  const path = HISTORIES.map((name) => `${folder}/${name}`)
    .find((path) => ["file", "executable"].includes(machine.files.inspect(path).kind));
  if (path === undefined) return undefined;
  try {
    const history = await readHistoryFile(path, machine.openFile);
    return await writeReport({ folder, results, history }, machine);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof FailedError)) throw error;
    machine.stderr(`Cannot write the report of the run: ${error.message}\n`);
    return undefined;
  }
}
