/**
 * `prune`: removes stored runs. Before a test, the workbench does the same beyond the bound of `--keep-runs`.
 *
 * Only folders that the workbench itself has made are removed: `STORE/WORKLOAD/TIME` with `node-logs` in it. The newest
 * run and the target of the link `latest` always stay, and so does a run that may be under way: one without results, in
 * which something was written during the last day. The folder of a workload goes with its last run.
 *
 * @module
 */

import { messageOf, reasonOf } from "../base/errors.ts";
import { formatSize } from "../base/size.ts";
import type { Machine } from "../engines/machine.ts";
import { DEFAULTS, parseFlagsOnly } from "../request/arguments.ts";
import type { Flag } from "../request/flag.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";
import { isOurs, listRuns, type StoredFolder, timeOf } from "../report/stored/stored_folders.ts";

const DAY = 86_400_000;

const KEPT_RUNS = DEFAULTS.get("keep-runs")![0]!;

/** Paragraphs of the help of `prune`. */
export const PRUNE_NOTES: readonly string[] = [
  "The newest run, and runs under way, always stay. A test prunes, too, before it begins: it keeps the newest " +
  `${KEPT_RUNS} runs, and the newest ${KEPT_RUNS} that failed; --keep-runs of test is another bound.`,
];

/** The flags of `prune`. */
export const PRUNE_FLAGS = [
  {
    name: "keep",
    kind: "integer",
    placeholder: "NUMBER",
    least: 0,
    help: `Number of the newest runs to keep; ${KEPT_RUNS} by default, 0 with --older-than`,
    origin: "workbench",
  },
  {
    name: "older-than",
    kind: "age",
    placeholder: "AGE",
    help: "Remove only runs that are older than this: 90m, 12h or 7d",
    origin: "workbench",
  },
  { name: "dry-run", kind: "switch", help: "Remove nothing, show only what would be removed", origin: "workbench" },
  {
    name: "store",
    kind: "text",
    placeholder: "FOLDER",
    default: "store",
    help: "Folder of the runs",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Rule for which runs stay. */
export interface Retention {
  /** Number of the newest runs that stay. */
  keep: number;
  /** Number of the newest of those that did not pass that stay, besides the newest of all. `@default 0` */
  keepFailed?: number;
  /** Age of runs that stay in any case, ms. `@default 0` */
  olderThan?: number;
}

/**
 * Removes stored runs, and shows which.
 *
 * @param words What was written after the command.
 * @returns The exit status: that of an error if a run cannot be removed.
 * @throws {UsageError} The arguments are bad.
 */
export function prune(words: readonly string[], machine: Machine): number {
  const given = parseFlagsOnly(words, "prune", PRUNE_FLAGS);
  const { "older-than": olderThan, "dry-run": isDry = false, store = DEFAULTS.get("store")![0]! } = given;
  const keep = given.keep ?? (olderThan === undefined ? Number(KEPT_RUNS) : 0);
  const chosen = chooseRuns(store, { keep, olderThan }, machine);
  const { removed, bytes, problems } = removeRuns(chosen, isDry, machine);
  for (const path of removed) machine.stdout(`${path}\n`);
  for (const problem of problems) machine.stderr(`${problem}\n`);
  const rest = listRuns(store, machine).length - (isDry ? removed.length : 0);
  const verb = isDry ? "Would remove" : "Removed";
  machine.stdout(`${verb} ${runs(removed.length)}, ${formatSize(bytes)}; ${runs(rest)} in ${store}\n`);
  return problems.length === 0 ? EXIT_STATUS.passed : EXIT_STATUS.error;
}

/**
 * Removes the oldest runs of a store beyond a bound, and notes that on stderr.
 *
 * @param keep Number of the newest runs, and of the newest that failed, that stay.
 */
export function boundStore(store: string, keep: number, machine: Machine): void {
  const { removed, bytes, problems } = removeRuns(
    chooseRuns(store, { keep, keepFailed: keep }, machine),
    false,
    machine,
  );
  for (const problem of problems.slice(0, 1)) machine.stderr(`Note: ${problem}\n`);
  if (removed.length === 0) return;
  machine.stderr(
    `Note: removed ${runs(removed.length)} from ${store}, ${formatSize(bytes)}: ` +
      `it keeps the newest ${keep}, and the newest ${keep} that failed (--keep-runs)\n`,
  );
}

/** Chooses the runs to remove, from the oldest to the newest. */
export function chooseRuns(
  store: string,
  { keep, keepFailed = 0, olderThan = 0 }: Retention,
  machine: Machine,
): StoredFolder[] {
  const all = listRuns(store, machine).filter((run) => isOurs(run, machine));
  const latest = machine.files.inspect(`${store}/latest`).path;
  const candidates = all.slice(0, Math.max(0, all.length - Math.max(keep, 1))).filter((run) =>
    machine.now() - timeOf(run) >= olderThan && machine.files.inspect(run.path).path !== latest
  ).filter((run) => !mayBeUnderWay(run, machine));
  const failed = keepFailed === 0 ? [] : candidates.filter((run) => hasFailed(run, machine)).slice(-keepFailed);
  return candidates.filter((run) => !failed.includes(run));
}

function mayBeUnderWay(run: StoredFolder, { files, filesIn, now }: Machine): boolean {
  const writes = filesIn(run.path).map(({ modifiedAt }) => modifiedAt);
  const lastWrite = writes.reduce((last, time) => Math.max(last, time), timeOf(run));
  return files.inspect(`${run.path}/results.json`).kind === "missing" && now() - lastWrite < DAY;
}

/** True if the results say that the run has not passed. */
function hasFailed({ path }: StoredFolder, { files }: Machine): boolean {
  try {
    return /^ {2}"passed": false,?$/m.test(files.readTextFile(`${path}/results.json`));
  } catch {
    // There are no results: the run was killed.
    return false;
  }
}

function removeRuns(
  chosen: readonly StoredFolder[],
  isDry: boolean,
  machine: Machine,
): { removed: string[]; bytes: number; problems: string[] } {
  const removed: string[] = [];
  const problems: string[] = [];
  let bytes = 0;
  for (const { path } of chosen) {
    const size = machine.filesIn(path).reduce((sum, file) => sum + file.size, 0);
    try {
      if (!isDry) machine.removeFolder(path);
      removed.push(path);
      bytes += size;
    } catch (error) {
      problems.push(`Cannot remove ${path}: ${error instanceof Error ? reasonOf(error) : messageOf(error)}`);
    }
  }
  if (!isDry) { for (const folder of new Set(removed.map(parentOf))) machine.removeEmptyFolder(folder); }
  return { removed, bytes, problems };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function runs(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}
