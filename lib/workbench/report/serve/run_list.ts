/**
 * List of the runs in a store: a row for each, as the page of `serve` shows it.
 *
 * 1. The folders are listed anew each time.
 * 2. Results are read again only if their file has changed: a thousand runs cost a look at each file.
 * 3. A run without results runs if its `progress.json` is fresh. A simulation has none: it runs if its other files are
 *    fresh. Otherwise it was killed.
 *
 * @module
 */

import { messageOf } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import type { Results } from "../../run/results.ts";
import { isUnderWay, PROGRESS } from "../../run/store/progress_file.ts";
import type { StoredProgress } from "../../run/store/stored_progress.ts";
import { REPORT } from "../html/write_report.ts";
import { findResults, readResults, type ResultsFile } from "../stored/run_results.ts";
import { listRuns, type StoredFolder, timeOf } from "../stored/stored_folders.ts";
import { judgementOf } from "../judgement.ts";
import { okFraction } from "../numbers.ts";
import { allKinds } from "../problems.ts";
import type { RunRow } from "./run_row.ts";
import { leadsOut } from "./stored_files.ts";

/** List of runs that remembers what it has read. */
export interface RunList {
  /** Returns the rows, the newest run first. */
  read(): RunRow[];
}

/** The part of the machine that the list needs. */
export type ListMachine = Pick<Machine, "subfolders" | "filesIn" | "files" | "now">;

/** Results that were read, as a row. */
interface Known {
  version: string;
  row: RunRow;
}

/**
 * Creates the list of a store's runs.
 *
 * @param store Folder of all runs. It may come to exist later.
 */
export function createRunList(store: string, machine: ListMachine): RunList {
  let known = new Map<string, Known>();
  return {
    read() {
      const next = new Map<string, Known>();
      const rows = listRuns(store, machine).map((folder) => {
        const results = findResults(folder.path, machine);
        const last = known.get(folder.path);
        const row = results === undefined
          ? rowWithoutResults(folder, store, machine)
          : last?.version === results.version
          ? last.row
          : readRow(folder, results, store, machine);
        if (results === undefined) return row;
        // The report is written after the results.
        const isNew = !row.hasReport && exists(`${folder.path}/${REPORT}`, machine);
        const complete = isNew ? { ...row, hasReport: true } : row;
        next.set(folder.path, { version: results.version, row: complete });
        return complete;
      });
      known = next;
      return rows.reverse();
    },
  };
}

function exists(path: string, { filesIn }: ListMachine): boolean {
  return filesIn(path).length > 0;
}

/** Row of a run of which only the folder is known. */
function emptyRow({ path, time }: StoredFolder, store: string): RunRow {
  const inStore = path.slice(store.length + 1);
  return {
    path: inStore,
    state: "unfinished",
    challenge: null,
    workload: inStore.split("/")[0]!,
    world: null,
    seed: null,
    started: timeOf({ path, time }),
    durationMs: null,
    operationsPerSecond: null,
    p50: null,
    p99: null,
    messagesPerOperation: null,
    okFraction: null,
    anomalies: null,
    findings: "",
    hasReport: false,
    progress: null,
  };
}

function rowWithoutResults(folder: StoredFolder, store: string, machine: ListMachine): RunRow {
  const row = emptyRow(folder, store);
  const progress = readProgress(folder.path, machine);
  if (progress === undefined) return isWritten(folder.path, machine) ? { ...row, state: "running" } : row;
  const { challenge, workload, mode, seed, elapsed_ms, total_ms, ops_per_second, p99_ms, ok, fail, info } = progress;
  return {
    ...row,
    state: "running",
    challenge,
    workload,
    seed,
    world: mode,
    progress,
    durationMs: Math.min(elapsed_ms, total_ms),
    operationsPerSecond: ops_per_second,
    p99: p99_ms,
    okFraction: ok + fail + info === 0 ? null : ok / (ok + fail + info),
  };
}

/** Time without writing after which a test without progress has ended, ms: checkers write nothing, for some time. */
const LONGEST_PAUSE = 60_000;

/** True if something is written into a run's folder, and it is not a test that shows its progress. */
function isWritten(folder: string, { filesIn, now }: ListMachine): boolean {
  const files = filesIn(folder);
  if (files.some(({ path }) => path === `${folder}/${PROGRESS}`)) return false;
  return files.some(({ modifiedAt }) => now() - modifiedAt < LONGEST_PAUSE);
}

/** Reads the progress of a run; undefined unless it is fresh. */
function readProgress(folder: string, { filesIn, files, now }: ListMachine): StoredProgress | undefined {
  const path = `${folder}/${PROGRESS}`;
  const [file] = filesIn(path);
  if (file === undefined) return undefined;
  try {
    const progress = JSON.parse(files.readTextFile(path)) as StoredProgress;
    const isOurs = progress.schema === 1 && typeof progress.workload === "string" && Array.isArray(progress.faults);
    return isOurs && isUnderWay(progress.phase, now() - file.modifiedAt) ? progress : undefined;
  } catch {
    // It was removed in between, or is not ours.
    return undefined;
  }
}

function readRow(folder: StoredFolder, file: ResultsFile, store: string, machine: ListMachine): RunRow {
  const row = emptyRow(folder, store);
  const name = file.path.split("/").at(-1);
  if (leadsOut(store, file.path, machine)) {
    return { ...row, state: "unreadable", findings: `Cannot read ${name}: it is a link that leads out of the store` };
  }
  try {
    return { ...row, ...figuresOf(readResults(file, row.workload, machine)) };
  } catch (error) {
    return { ...row, state: "unreadable", findings: `Cannot read ${name}: ${messageOf(error)}` };
  }
}

function figuresOf(results: Results): Partial<RunRow> {
  const { challenge, workload, engine, mode, seed, net, latency_ms, anomalies } = results;
  const slowest = (quantile: "p50" | "p99") =>
    Object.values(latency_ms ?? {}).map((each) => each[quantile]).reduce((a, b) => Math.max(a, b), -Infinity);
  const known = (value: number | null | undefined) => Number.isFinite(value) ? value as number : null;
  const counted = anomalies.filter(({ allowed }) => !allowed).map(({ type }) => type);
  return {
    state: judgementOf(results),
    challenge,
    workload,
    seed,
    world: engine === "maelstrom" ? engine : mode,
    durationMs: known(results.duration_ms),
    operationsPerSecond: known(results.ops_per_second),
    p50: known(slowest("p50")),
    p99: known(slowest("p99")),
    messagesPerOperation: known(net?.servers.msgs_per_op),
    okFraction: okFraction(results),
    anomalies: new Set(counted).size,
    findings: allKinds(results).join(", "),
  };
}
