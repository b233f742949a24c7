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
import { formatCommand } from "../request/command_line.ts";
import type { Results, ShrunkRun } from "../run/results.ts";
import type { OtherRun } from "./html/report_data.ts";
import { REPORT, writeReport } from "./html/write_report.ts";

/** Histories in a run's folder, in order of preference. */
const HISTORIES = ["history.jsonl", "history.edn"];

/**
 * Writes the report of a run.
 *
 * @param command Words of the command that repeats the run, without its seed.
 * @param other Run that fails for the same reason.
 * @returns Its path; undefined if the run's history is not stored, or the report cannot be written.
 */
export async function reportRun(
  results: Results,
  command: readonly string[],
  machine: Machine,
  other: OtherRun | null = null,
): Promise<string | undefined> {
  const { store: folder, seed } = results;
  if (folder === null) return undefined;
  const path = HISTORIES.map((name) => `${folder}/${name}`)
    .find((path) => ["file", "executable"].includes(machine.files.inspect(path).kind));
  if (path === undefined) return undefined;
  try {
    const history = await readHistoryFile(path, machine.openFile);
    const text = command.length === 0 ? null : formatCommand(command, seed);
    return await writeReport({ folder, results, history, command: text, other }, machine);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof FailedError)) throw error;
    machine.stderr(`Cannot write the report of the run: ${error.message}\n`);
    return undefined;
  }
}

/** Writes the reports of a run and of the smaller one that was found, each with a link to the other. */
export async function reportShrunk(
  results: Results,
  command: readonly string[],
  shrunk: ShrunkRun,
  machine: Machine,
): Promise<void> {
  const { changes } = shrunk;
  if (changes.length === 0) return;
  const smaller: OtherRun = { role: "smaller", report: linkTo(shrunk.results), command: shrunk.command, changes };
  const original: OtherRun = {
    role: "original",
    report: linkTo(results),
    command: formatCommand(command, results.seed),
    changes,
  };
  await reportRun(results, command, machine, smaller);
  await reportRun({ ...shrunk.results, seed: null }, [shrunk.command], machine, original);
}

/** Address of a run's report from that of another run of the same workload. */
function linkTo({ store }: Results): string | null {
  return store === null ? null : `../${store.split("/").at(-1)}/${REPORT}`;
}
