/**
 * `compare`: several stored runs side by side, as a table on stdout and as a page.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { screenOf } from "../report/screen.ts";
import { parseArguments } from "../request/arguments.ts";
import type { Flag } from "../request/flag.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** The flags of `compare`. */
export const COMPARE_FLAGS = [
  {
    name: "out",
    kind: "text",
    placeholder: "FILE",
    default: "compare.html",
    help: "The page to write",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/** Paragraphs of the help of `compare`. */
export const COMPARE_NOTES: readonly string[] = [
  "Two to eight folders of runs, ours or Maelstrom's; the first is the one that the others are compared with. " +
  "The page has figures and curves, and needs neither a server nor a network.",
];

/**
 * Compares stored runs.
 *
 * @param words Folders of runs, and flags.
 * @returns The exit status: that of a command, whatever the verdicts on the runs are.
 * @throws {UsageError} The arguments are bad, there is no such run, or the page cannot be written.
 * @throws {FailedError} A file of a run cannot be read.
 */
export async function compare(words: readonly string[], machine: Machine): Promise<number> {
  const { given, program } = parseArguments(words, COMPARE_FLAGS);
  const { out = COMPARE_FLAGS[0].default } = given;
  const { compareRuns, comparisonHTML, formatComparison, GENERATOR } = await import("../report/compare/mod.ts");
  refuseOther(out, GENERATOR, machine);
  const comparison = await compareRuns(program, machine);
  machine.replaceFile(out.includes("/") ? out : `./${out}`, await comparisonHTML(comparison, null));
  machine.stdout(`${formatComparison(comparison, screenOf(machine))}\n\n${out}\n`);
  return EXIT_STATUS.passed;
}

/** Refuses to replace a file that is no page of an earlier comparison. */
function refuseOther(path: string, generator: string, { files }: Machine): void {
  const { kind } = files.inspect(path);
  if (kind === "missing") return;
  const isOurs = kind !== "folder" && files.readTextFile(path).includes(generator);
  if (isOurs) return;
  const what = kind === "folder" ? "a folder" : "a file that compare has not made";
  throw new UsageError(`Cannot write ${path}: it is ${what}; expected --out with the name of another file`);
}
