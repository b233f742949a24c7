/**
 * The two runs of a search for a smaller one: each is stored with the name of the other, so that their reports can link
 * to each other.
 *
 * @module
 */

import { UsageError } from "../../base/errors.ts";
import { formatExactJSON } from "../../base/json.ts";
import type { Machine } from "../../engines/machine.ts";
import type { RelatedRun, Results, ShrunkRun } from "../../run/results.ts";

/**
 * Adds to the results of a run and of its smallest one the name of the other.
 *
 * @param command Command that repeats the run.
 * @returns Results of the run, then of the smallest one; none if no smaller run was found.
 */
export function relateRuns(results: Results, command: string, shrunk: ShrunkRun): Results[] {
  const { changes } = shrunk;
  if (changes.length === 0) return [];
  const related = (role: RelatedRun["role"], { store }: Results, command: string): RelatedRun => {
    // All runs of a workload are in one folder.
    return { role, folder: store === null ? null : `../${store.split("/").at(-1)}`, command, changes };
  };
  return [
    { ...results, related: related("smaller", shrunk.results, shrunk.command) },
    { ...shrunk.results, related: related("original", results, command) },
  ];
}

/** Stores the results of a simulated run in the place of earlier ones. If that fails, the earlier ones stay. */
export function storeAgain(results: Results, { replaceFile, stderr }: Pick<Machine, "replaceFile" | "stderr">): void {
  if (results.store === null) return;
  try {
    replaceFile(`${results.store}/results.json`, `${formatExactJSON({ ...results, store: null }, 2)}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr(`Cannot store that a smaller run fails for the same reason: ${error.message}\n`);
  }
}
