/**
 * `list`: shows the challenges.
 *
 * @module
 */

import { UsageError } from "../base/errors.ts";
import type { Machine } from "../engines/machine.ts";
import { formatChallenges } from "../report/challenge_list.ts";
import { screenOf } from "../report/screen.ts";
import { CHALLENGES } from "../request/challenges.ts";
import { EXIT_STATUS } from "./exit_status.ts";

/**
 * Shows the challenges with their official flags and limits.
 *
 * @throws {UsageError} There are arguments.
 */
export function list([word]: readonly string[], machine: Machine): number {
  if (word !== undefined) throw new UsageError(`Cannot use ${word} with list: expected nothing`);
  machine.stdout(`${formatChallenges(CHALLENGES, screenOf(machine))}\n`);
  return EXIT_STATUS.passed;
}
