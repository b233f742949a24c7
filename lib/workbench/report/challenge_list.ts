/**
 * The list of the challenges that `list` shows.
 *
 * @module
 */

import { createStyle, wrap } from "../base/text.ts";
import type { Challenge } from "../request/challenges.ts";
import type { Screen } from "./screen.ts";
import { TARGET_LABELS } from "./summary.ts";

const INDENT = " ".repeat(16);
/** Stands for a blank that no line may break at. */
const NO_BREAK = "\u00a0";

/** Formats challenges with their official flags and limits. */
export function formatChallenges(challenges: readonly Challenge[], screen: Screen): string {
  return challenges.flatMap((challenge) => challengeLines(challenge, screen)).join("\n");
}

function challengeLines({ id, name, title, workload, flags, limits }: Challenge, { width, colour }: Screen): string[] {
  const { bold, dim } = createStyle(colour);
  // A flag stays on one line with its value.
  const command = `-w ${workload} ${flags}`.replaceAll(/ (?=[^-])/g, NO_BREAK);
  const below = limits.map(({ name, limit }) => `${limit}${TARGET_LABELS[name]!.unit} ${TARGET_LABELS[name]!.label}`);
  return [
    `${bold(id.padEnd(4))}${name.padEnd(12)}${title}`,
    ...wrap(command, width, INDENT).map((line) => dim(line.replaceAll(NO_BREAK, " "))),
    ...below.length === 0 ? [] : wrap(`below ${below.join(", ")}`, width, INDENT),
  ];
}
