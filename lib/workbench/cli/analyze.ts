/**
 * `analyze`: checks a stored run again, as in Maelstrom. It is `check`, which finds the run by its index: -1 is the
 * newest, 0 the oldest.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { listRuns } from "../report/stored/stored_folders.ts";
import { DEFAULTS, parseArguments } from "../request/arguments.ts";
import { findFlag, type Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { CHECK_FLAGS, showJudged } from "./check.ts";

/** Flag with the run's index or path, as in Jepsen. */
const TEST = {
  name: "test",
  short: "t",
  kind: "text",
  placeholder: "PATH",
  help: "The run: a path, or the index of a run in the store",
  origin: "jepsen",
} as const satisfies Flag;

/** Flags that `analyze` takes. */
export const ANALYZE_FLAGS: readonly Flag[] = [TEST, findFlag("--store", FLAGS)!, ...CHECK_FLAGS];

/**
 * Checks a stored run.
 *
 * @param words What was written after `analyze`: flags of `check`, `--test` and `--store`.
 * @returns The exit status, as for a run.
 * @throws {UsageError} The arguments are bad, or there is no such run.
 * @throws {FailedError} The history cannot be read.
 */
export async function analyze(words: readonly string[], machine: Machine): Promise<number> {
  const { given: { test = "-1", store = DEFAULTS.get("store")![0]!, ...given }, ...args } = parseArguments(
    words,
    [TEST, ...FLAGS] as const,
  );
  const path = /^-?\d+$/.test(test) ? findRun(Number(test), store, machine) : test;
  const texts = new Map(args.texts);
  texts.delete("test");
  texts.delete("store");
  const [positional, program] = [[path, ...args.positional], [path, ...args.program]];
  return await showJudged({ given, texts, positional, program }, machine, { name: "analyze", flags: ANALYZE_FLAGS });
}

/** Returns the path of a run. */
function findRun(index: number, store: string, machine: Machine): string {
  const runs = listRuns(store, machine);
  const run = runs.at(index);
  if (run !== undefined) return run.path;
  const expected = runs.length === 0 ? "a folder with runs" : `an index from ${-runs.length} to ${runs.length - 1}`;
  throw new UsageError(`Cannot find run ${index} in ${store}: expected ${expected}, or --test with a path`);
}
