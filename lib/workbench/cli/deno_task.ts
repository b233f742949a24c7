/**
 * The frame of `pack.ts` and `compile.ts`, which are tasks of `deno.json` and programs of their own.
 *
 * @module
 */

import type { Machine } from "../engines/machine.ts";
import { createMachine } from "../engines/real_machine.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";
import { reportErrors } from "./report_errors.ts";
import { ROOT } from "./root.ts";

/**
 * Runs a task with the words of the command line, and ends the process with its exit status.
 *
 * @param task Throws a `UsageError` or a `FailedError` if it fails.
 */
export async function runDenoTask(task: (words: readonly string[], machine: Machine) => void): Promise<never> {
  const machine = createMachine(ROOT);
  // deno-lint-ignore require-await -- errors become rejections
  const run = async () => {
    task(Deno.args, machine);
    return EXIT_STATUS.passed;
  };
  Deno.exit(await reportErrors(run, machine));
}

/** Runs a program. Returns what it has written to stderr if it fails, otherwise undefined. */
export function failureText(command: string, args: string[], cwd?: string): string | undefined {
  const { success, stderr } = new Deno.Command(command, { args, cwd, stdin: "null", stdout: "null" }).outputSync();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}
