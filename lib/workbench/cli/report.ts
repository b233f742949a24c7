/**
 * `report`: writes `report.html` of a stored run, ours or Maelstrom's, from its files alone; with `--export` also other
 * forms of it.
 *
 * The run is checked again as `check` does it, so that the report also has what an earlier version did not look for.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { exportRun } from "../report/export/mod.ts";
import { writeReport } from "../report/html/write_report.ts";
import { parseArguments } from "../request/arguments.ts";
import { exportsOf } from "../request/exports.ts";
import { findFlag, type Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { CHECK_FLAGS, judgeStoredRun } from "./check.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** Flags that `report` takes. */
export const REPORT_FLAGS: readonly Flag[] = [
  ...CHECK_FLAGS.map((flag) => ({ ...flag, help: flag.check!, default: undefined })),
  findFlag("--export", FLAGS)!,
];

/**
 * Writes the report of a stored run, and shows its path.
 *
 * @param words Path of the run's folder; flags as for `check`, and `--export`.
 * @returns The exit status: that of a command, whatever the verdict on the run is; that of an error if an export cannot
 *   be written.
 * @throws {UsageError} The arguments are bad, there is no such run, or the report cannot be written.
 * @throws {FailedError} A file of the run cannot be read.
 */
export async function report(words: readonly string[], machine: Machine): Promise<number> {
  const args = parseArguments(words);
  const { stored, results } = await judgeStoredRun(args, machine, { name: "report", flags: REPORT_FLAGS });
  const { folder, history } = stored;
  if (folder === null) {
    throw new UsageError("Cannot report a history alone: expected the folder of a run, such as store/latest");
  }
  const names = exportsOf(args.given.export);
  const exported = await exportRun({ folder, results, history }, names, machine);
  const related = stored.results?.related;
  const path = await writeReport({ folder, results: { ...results, related }, history }, machine);
  for (const each of [path, ...exported]) machine.stdout(`${each}\n`);
  return exported.length < names.length ? EXIT_STATUS.error : EXIT_STATUS.passed;
}
