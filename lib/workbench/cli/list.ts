/**
 * `list`: shows the challenges; with `--json`, also the workloads and the wrong programs.
 *
 * @module
 */

import { formatExactJSON } from "../base/json.ts";
import type { Machine } from "../engines/machine.ts";
import { describeAll, formatChallenges } from "../report/challenge_list.ts";
import { screenOf } from "../report/screen.ts";
import { parseFlagsOnly } from "../request/arguments.ts";
import { CHALLENGES } from "../request/challenges.ts";
import type { Flag } from "../request/flag.ts";
import { EXIT_STATUS } from "../base/exit_status.ts";

/** The flags of `list`. */
export const LIST_FLAGS = [
  {
    name: "json",
    kind: "switch",
    help: "Print challenges, workloads and wrong programs with their commands, as one JSON document",
    origin: "workbench",
  },
] as const satisfies readonly Flag[];

/**
 * Shows the challenges with their official flags and limits.
 *
 * @param words What was written after the command.
 * @returns The exit status.
 * @throws {UsageError} The arguments are bad.
 */
export function list(words: readonly string[], machine: Machine): number {
  const { json } = parseFlagsOnly(words, "list", LIST_FLAGS);
  machine.stdout(`${json ? formatExactJSON(describeAll(), 2) : formatChallenges(CHALLENGES, screenOf(machine))}\n`);
  return EXIT_STATUS.passed;
}
