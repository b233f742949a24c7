/**
 * `completions SHELL`: prints the completions for a shell.
 *
 * `table.ts` lists what is completed, one file for each shell formats its script. The scripts are complete: they do not
 * call `maelstrom.sh`, which takes half a second to answer.
 *
 * @module
 */

import { expectedOneOf, UsageError } from "../../base/errors.ts";
import type { Machine } from "../../engines/machine.ts";
import type { Command } from "../command.ts";
import { EXIT_STATUS } from "../../base/exit_status.ts";
import { formatBash } from "./bash.ts";
import { formatFish } from "./fish.ts";
import { type CompletionTable, createTable } from "./table.ts";
import { formatZsh } from "./zsh.ts";

const FORMATTERS: Readonly<Record<string, (table: CompletionTable) => string>> = {
  bash: formatBash,
  zsh: formatZsh,
  fish: formatFish,
};

/** The shells that there are completions for. */
export const SHELLS: readonly string[] = Object.keys(FORMATTERS);

/**
 * Prints the completions for a shell.
 *
 * @param words What was written after the command.
 * @param commands All commands.
 * @returns The exit status.
 * @throws {UsageError} There are none for this shell.
 */
export function showCompletions(
  [shell, extra]: readonly string[],
  commands: readonly Command[],
  machine: Machine,
): number {
  if (shell === undefined) throw new UsageError(`Missing shell: expected completions with one of ${SHELLS.join(", ")}`);
  if (extra !== undefined) throw new UsageError(`Cannot use ${extra} with completions: expected one shell`);
  if (!Object.hasOwn(FORMATTERS, shell)) {
    throw new UsageError(`Cannot complete in ${shell}: ${expectedOneOf(shell, SHELLS)}`);
  }
  machine.stdout(FORMATTERS[shell]!(createTable(commands)));
  return EXIT_STATUS.passed;
}
