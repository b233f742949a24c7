/**
 * Exports: a run in the forms of other tools, in files beside its own.
 *
 * 1. `exported_run.ts` prepares the run; `message_stream.ts` reads its messages, one at a time.
 * 2. `perfetto.ts`, `shiviz.ts`, `messages_svg.ts` and `timeline_html.ts` write it, piece by piece. `rows.ts` is shared
 *    by the two pictures.
 * 3. {@linkcode exportRun} puts the pieces into files. A file that cannot be written never changes a verdict.
 *
 * @module
 */

import { FailedError, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import { readHistoryFile } from "../../history/history_file.ts";
import type { ExportName } from "../../request/exports.ts";
import type { Results } from "../../run/results.ts";
import { MESSAGES_FILE, type RecordedRun } from "../html/run_events.ts";
import { fileExists } from "../stored/stored_run.ts";
import { type ExportedRun, prepareExport } from "./exported_run.ts";
import { messagesSVG } from "./messages_svg.ts";
import { perfettoTrace } from "./perfetto.ts";
import { shivizLog } from "./shiviz.ts";
import { timelineHTML } from "./timeline_html.ts";

/** Export: its file, and the function that writes it. */
interface Export {
  /** Name of the file in the run's folder. */
  file: string;
  /** Use of the run's messages: without them there is no such export, or less in it. */
  messages: "required" | "shown" | "unused";
  write(run: ExportedRun): AsyncIterable<string>;
}

/** All exports, by their names. */
export const EXPORTS: Readonly<Record<ExportName, Export>> = {
  "perfetto": { file: "trace.perfetto.json", messages: "shown", write: perfettoTrace },
  "shiviz": { file: "shiviz.log", messages: "required", write: shivizLog },
  "messages.svg": { file: "messages.svg", messages: "required", write: messagesSVG },
  "timeline.html": { file: "timeline.html", messages: "unused", write: timelineHTML },
};

/** Machine that exports are written on. */
type ExportMachine = Pick<Machine, "files" | "openFile" | "replaceFileWith" | "stderr">;

/**
 * Writes exports of a run into its folder. Those that cannot be written are told on stderr.
 *
 * @returns Paths of the files that were written.
 */
export async function exportRun(
  run: RecordedRun,
  names: readonly ExportName[],
  machine: ExportMachine,
): Promise<string[]> {
  const { folder } = run;
  const possible: ExportName[] = [];
  for (const name of names) {
    const problem = problemOf(name, folder, machine);
    if (problem === undefined) possible.push(name);
    else tell(name, folder, problem, machine);
  }
  if (possible.length === 0) return [];
  const needsMessages = possible.some((name) => EXPORTS[name].messages !== "unused");
  const written: string[] = [];
  try {
    const exported = await prepareExport(run, needsMessages, machine);
    for (const name of possible) {
      const path = `${folder}/${EXPORTS[name].file}`;
      if (await writeExport(name, path, exported, machine)) written.push(path);
    }
  } catch (error) {
    if (!(error instanceof FailedError)) throw error;
    tell(possible[0]!, folder, error.message, machine);
  }
  return written;
}

/** Writes one export; returns false if that fails. */
async function writeExport(
  name: ExportName,
  path: string,
  run: ExportedRun,
  machine: ExportMachine,
): Promise<boolean> {
  try {
    await machine.replaceFileWith(path, EXPORTS[name].write(run));
    return true;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof FailedError)) throw error;
    machine.stderr(`Cannot export ${name}: ${error.message}\n`);
    return false;
  }
}

/** Reason why a run has no such export; undefined if it can have one. */
function problemOf(name: ExportName, folder: string, machine: ExportMachine): string | undefined {
  const { file, messages } = EXPORTS[name];
  const isOurs = ["history.jsonl", "history.jsonl.gz"].some((history) => fileExists(`${folder}/${history}`, machine));
  if (!isOurs && fileExists(`${folder}/${file}`, machine)) return `Maelstrom's own ${file} is there, and stays`;
  if (messages !== "required" || fileExists(`${folder}/${MESSAGES_FILE}`, machine)) return undefined;
  return `there is no ${MESSAGES_FILE}${isOurs ? "" : ": Maelstrom stores no messages"}`;
}

function tell(name: ExportName, folder: string, problem: string, machine: ExportMachine): void {
  machine.stderr(`Cannot export ${name} of ${folder}: ${problem}\n`);
}

/** Histories of a run that has just ended, in order of preference. */
const HISTORIES = ["history.jsonl", "history.edn"];

/**
 * Writes exports of a run that has just ended.
 *
 * @returns Paths of the files that were written; none if the run is not stored.
 */
export async function exportResults(
  results: Results,
  names: readonly ExportName[],
  machine: ExportMachine,
): Promise<string[]> {
  const { store: folder } = results;
  if (folder === null || names.length === 0) return [];
  const path = HISTORIES.map((name) => `${folder}/${name}`).find((path) => fileExists(path, machine));
  if (path === undefined) return [];
  try {
    const history = await readHistoryFile(path, machine.openFile);
    return await exportRun({ folder, results, history }, names, machine);
  } catch (error) {
    if (!(error instanceof FailedError)) throw error;
    machine.stderr(`Cannot export the run: ${error.message}\n`);
    return [];
  }
}
