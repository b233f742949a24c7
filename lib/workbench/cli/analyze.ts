/**
 * `analyze`: checks a stored run again, as in Maelstrom. It is `check`, which finds the run by its index: -1 is the
 * newest, 0 the oldest.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { DEFAULTS } from "../request/arguments.ts";
import { findFlag, type Flag } from "../request/flag.ts";
import { FLAGS } from "../request/flags.ts";
import { check, CHECK_FLAGS } from "./check.ts";
import { showCheckHelp } from "./help.ts";
import { listRuns } from "./stored_folders.ts";

/** Flags that `analyze` takes. */
export const ANALYZE_FLAGS: readonly Flag[] = [
  {
    name: "test",
    short: "t",
    kind: "text",
    placeholder: "PATH",
    help: "The run: a path, or the index of a run in the store",
    origin: "jepsen",
  },
  findFlag("--store", FLAGS)!,
  ...CHECK_FLAGS,
];

/** Flag with the run's index or path, as in Jepsen. */
const TEST = ["--test", "-t"];
/** Flag with the folder of all runs, as in `test`. */
const STORE = ["--store"];

/**
 * Checks a stored run.
 *
 * @param words What was written after `analyze`; all but `--test` and `--store` goes to `check`.
 * @returns The exit status, as for a run.
 * @throws {UsageError} The arguments are bad, or there is no such run.
 * @throws {FailedError} The history cannot be read.
 */
export async function analyze(words: readonly string[], machine: Machine): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) return showCheckHelp(machine);
  const [test = "-1", others] = takeFlag(TEST, words);
  const [store = DEFAULTS.get("store")![0]!, flags] = takeFlag(STORE, others);
  const path = /^-?\d+$/.test(test) ? findRun(Number(test), store, machine) : test;
  return await check([path, ...flags], machine);
}

/** Takes a flag with its value out of some words. If it is given twice, the last one counts. */
function takeFlag(names: readonly string[], words: readonly string[]): [value: string | undefined, others: string[]] {
  const others: string[] = [];
  let value: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const attached = names.map((name) => valueAttachedTo(name, word)).find((text) => text !== undefined);
    if (attached !== undefined) value = attached;
    else if (names.includes(word)) {
      value = words[++at];
      if (value === undefined) throw new UsageError(`Missing value for ${word}: expected one after it`);
    } else others.push(word);
  }
  return [value, others];
}

/** Returns the value in a word such as `--test=-2`, `-t=-2` or `-t-2`; undefined if the word is something else. */
function valueAttachedTo(name: string, word: string): string | undefined {
  if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  return /^-\w$/.test(name) && word.startsWith(name) && word !== name ? word.slice(name.length) : undefined;
}

/** Returns the path of a run. */
function findRun(index: number, store: string, machine: Machine): string {
  const runs = listRuns(store, machine);
  const run = runs.at(index);
  if (run !== undefined) return run.path;
  const expected = runs.length === 0 ? "a folder with runs" : `an index from ${-runs.length} to ${runs.length - 1}`;
  throw new UsageError(`Cannot find run ${index} in ${store}: expected ${expected}, or --test with a path`);
}
