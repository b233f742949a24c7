/**
 * The report on a run that was shrunk.
 *
 * @module
 */

import { createStyle } from "../base/text.ts";
import { decisionOf, type Results, type ShrunkRun } from "../run/results.ts";
import { problemParagraphs } from "./problems.ts";
import type { Screen } from "./screen.ts";
import { formatVerdict, labelledLines, repeatLines, targetLines, traceLines } from "./summary.ts";

/**
 * Formats the smallest run that fails for the same reason: its problems, its changes, and the command that repeats it.
 *
 * @param isOriginalShown True if the summary of the original run is on the screen. If no smaller run was found, it is
 *   not repeated.
 */
export function formatShrunk(
  { results, changes, command, tried }: ShrunkRun,
  isOriginalShown: boolean,
  screen: Screen,
): string {
  const { bold } = createStyle(screen.colour);
  const tries = `${tried} ${tried === 1 ? "was" : "were"} tried`;
  const title = changes.length === 0
    ? `No smaller run fails for the same reason: ${tries}`
    : `The smallest run that fails for the same reason: ${tries}`;
  if (changes.length === 0 && isOriginalShown) return title;
  return [
    [bold(title)],
    [formatVerdict(results, screen)],
    ...paragraphsOf(results, screen),
    [
      ...changes.length === 0 ? [] : labelledLines("smaller", changes.join(", "), screen),
      ...repeatLines(results.store, command, screen),
      // A script's path may be quoted.
      ...traceLines(results, screen, /^(?:'[^']*'|\S)+/.exec(command)?.[0]),
    ],
  ].map((lines) => lines.join("\n")).join("\n\n");
}

/** The limits that a valid run misses, and what else is wrong. */
function paragraphsOf(results: Results, screen: Screen): string[][] {
  const missed = results.targets.filter(({ met }) => !met);
  const limits = decisionOf(results).valid === true ? targetLines({ targets: missed }, screen) : [];
  return [...limits.length === 0 ? [] : [limits], ...problemParagraphs(results, screen)];
}
