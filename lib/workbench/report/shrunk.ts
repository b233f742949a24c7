/**
 * What a person sees of a run that was shrunk.
 *
 * @module
 */

import type { Results, ShrunkRun } from "../run/results.ts";
import { anomalyLines, exceptionLines } from "./problems.ts";
import { formatVerdict, noteLine, repeatLines, targetLines } from "./terminal.ts";
import type { Screen } from "./screen.ts";
import { createStyle } from "../base/text.ts";

/**
 * The smallest run that fails for the same reason: what is wrong with it, in what it is smaller, and the command that repeats it.
 *
 * @param told Whether the run that it was looked for is on the screen already: then nothing of it is repeated if none is smaller.
 * @returns Some lines of text, without a line feed at the end.
 */
export function formatShrunk({ results, changes, command, tried }: ShrunkRun, told: boolean, screen: Screen): string {
  const { bold } = createStyle(screen.colour);
  const tries = `${tried} ${tried === 1 ? "was" : "were"} tried`;
  if (changes.length === 0 && told) return `No smaller run fails for the same reason: ${tries}`;
  const title = changes.length === 0
    ? `None smaller fails for the same reason: ${tries}`
    : `The smallest that fails for the same reason: ${tries}`;
  return [
    [bold(title)],
    [formatVerdict(results, screen)],
    ...problemLines(results, screen),
    [
      ...changes.length === 0 ? [] : noteLine("smaller", changes.join(", "), screen),
      ...repeatLines(results.store, command, screen),
    ],
  ].map((lines) => lines.join("\n")).join("\n\n");
}

/** What is wrong with a run, explained: limits that it does not meet, anomalies and exceptions, a paragraph each. */
function problemLines(results: Results, screen: Screen): string[][] {
  const missed = results.targets.filter(({ met }) => !met);
  return [
    results.valid === true ? targetLines({ ...results, targets: missed }, screen) : [],
    anomalyLines(results.anomalies.filter(({ allowed }) => !allowed), screen),
    exceptionLines(results.exceptions, screen),
  ].filter((lines) => lines.length > 0);
}
