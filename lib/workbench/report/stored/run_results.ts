/**
 * Results of a stored run, as its folder has them: ours in `results.json`, Maelstrom's in `results.edn`. Nothing is
 * judged again.
 *
 * @module
 */

import type { Machine } from "../../engines/machine.ts";
import { maelstromResults } from "../../engines/maelstrom_results.ts";
import type { Results } from "../../run/results.ts";
import { parseStoredResults } from "./stored_results.ts";

/** Files with results, in order of preference. Our own runs have both. */
const FILES = ["results.json", "results.edn"] as const;

/** Largest file that is read as results, bytes. */
const LARGEST = 1 << 26;

/** File with the results of a run, as it was found. */
export interface ResultsFile {
  path: string;
  /** Changes whenever the file does. */
  version: string;
  size: number;
  isOurs: boolean;
}

/** Finds the results of a run; undefined if there are none: the test runs, or was killed. */
export function findResults(folder: string, { filesIn }: Pick<Machine, "filesIn">): ResultsFile | undefined {
  for (const name of FILES) {
    const path = `${folder}/${name}`;
    const [file] = filesIn(path);
    if (file === undefined) continue;
    return { path, version: `${file.modifiedAt} ${file.size}`, size: file.size, isOurs: name === "results.json" };
  }
  return undefined;
}

/**
 * Reads results.
 *
 * @param workload Name of the workload; `results.edn` does not have it.
 * @param fromHistory Figures that only the history has.
 * @throws {Error} The file cannot be read, or is damaged. The message says why.
 */
export function readResults(
  { path, size, isOurs }: ResultsFile,
  workload: string,
  { files }: Pick<Machine, "files">,
  fromHistory?: Pick<Results, "latency_ms" | "duration_ms" | "ops_per_second">,
): Results {
  if (size > LARGEST) throw new Error(`it is larger than ${LARGEST >> 20} MB`);
  const text = files.readTextFile(path);
  if (isOurs) return parseStoredResults(text);
  return maelstromResults(text, { challenge: null, workload, limits: [], store: null, fromHistory });
}
