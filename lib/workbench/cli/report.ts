/**
 * `report`: writes `report.html` of a stored run, ours or Maelstrom's, from its files alone.
 *
 * The run is checked again as `check` does it, so that the report also has what an earlier version did not look for.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { writeReport } from "../report/html/write_report.ts";
import { parseArguments } from "../request/arguments.ts";
import { judgeStoredRun } from "./check.ts";
import { EXIT_STATUS } from "./exit_status.ts";

/**
 * Writes the report of a stored run, and shows its path.
 *
 * @param words Path of the run's folder; flags as for `check`.
 * @returns The exit status: that of a command, whatever the verdict on the run is.
 * @throws {UsageError} The arguments are bad, there is no such run, or the report cannot be written.
 * @throws {FailedError} A file of the run cannot be read.
 */
export async function report(words: readonly string[], machine: Machine): Promise<number> {
  const args = parseArguments(words);
  const { stored, results } = await judgeStoredRun(args, machine);
  const { folder, history } = stored;
  if (folder === null) {
    throw new UsageError("Cannot report a history alone: expected the folder of a run, such as store/latest");
  }
  const related = stored.results?.related;
  const path = await writeReport({ folder, results: { ...results, related }, history }, machine);
  machine.stdout(`${path}\n`);
  return EXIT_STATUS.passed;
}
