/**
 * Errors of a command: one line for a person, and an exit status.
 *
 * @module
 */

import { hideLogins } from "../../cluster/login.ts";
import { FailedError, messageOf, UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { watchUncaught } from "../engines/uncaught.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/**
 * Runs a command. Anything it throws is printed on stderr, with a stack trace only if it is a bug.
 *
 * @returns The exit status of the command, or that of the error.
 */
export async function reportErrors(
  command: () => Promise<number>,
  { stderr }: Pick<Machine, "stderr">,
): Promise<number> {
  try {
    return await command();
  } catch (error) {
    // A flag that was misspelt may be shown, with the address after it.
    stderr(`${hideLogins(describeError(error as Error))}\n`);
    return error instanceof UsageError ? EXIT_STATUS.usage : EXIT_STATUS.error;
  }
}

/**
 * Ends the process with the status of an error if an error is not caught. Without it, the status would be that of a
 * test that failed.
 *
 * @returns Function that ends this.
 */
export function exitOnUncaught({ stderr, exit }: Pick<Machine, "stderr" | "exit">): () => void {
  return watchUncaught((error) => {
    stderr(`${describeError(error instanceof Error ? error : new Error(messageOf(error)))}\n`);
    exit(EXIT_STATUS.error);
  });
}

function describeError(error: Error): string {
  if (error instanceof UsageError) return error.message;
  if (isFromSystem(error)) return `Cannot continue: ${error.message}`;
  return error instanceof FailedError ? error.message : `This is a bug: ${error.stack}`;
}

/** True for errors of the operating system, such as a full disk: their messages give the reason and its number. */
function isFromSystem({ message }: Error): boolean {
  return /\(os error \d+\)/.test(message);
}
