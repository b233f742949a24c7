/**
 * Writes the report of a run beside its files.
 *
 * The modules that make the page are loaded when the first report is written: they contain the page and a library for
 * charts, which no other command needs.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import type { ReportedRun } from "./create_report.ts";

/** Name of a report in a run's folder. */
export const REPORT = "report.html";

/**
 * Writes `report.html` into the run's folder.
 *
 * @returns Its path.
 * @throws {UsageError} It cannot be written.
 * @throws {FailedError} A file of the run cannot be read.
 */
export async function writeReport(
  run: ReportedRun,
  machine: Pick<Machine, "files" | "openFile" | "replaceFile">,
): Promise<string> {
  const [{ createReportData }, { reportHTML }] = await Promise.all([import("./create_report.ts"), import("./html.ts")]);
  const path = `${run.folder}/${REPORT}`;
  machine.replaceFile(path, await reportHTML(await createReportData(run, machine)));
  return path;
}
