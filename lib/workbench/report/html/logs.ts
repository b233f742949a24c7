/**
 * Logs of nodes: lines with the time that they begin with, if any.
 *
 * @module
 */

import type { LogColumns } from "./report_data.ts";

/** Largest number of lines of one node: the first and the last half of them. */
const MAX_LINES = 4000;

/** Longest line, in characters. */
const LONGEST_LINE = 500;

/** Matches seconds since the test began, as simulated nodes log them. */
const SECONDS = /^(\d+\.\d{3}) /;

/** Creates the log of a node from its lines. `omitted` receives a note if there are too many. */
export function nodeLog(node: string, lines: readonly string[], omitted: string[]): LogColumns {
  const half = MAX_LINES / 2;
  const kept = lines.length <= MAX_LINES ? lines : [...lines.slice(0, half), ...lines.slice(-half)];
  if (kept !== lines) {
    omitted.push(`Of the ${lines.length} lines that ${node} logged, ${kept.length} are here: the first and the last`);
  }
  return {
    node,
    time: kept.map((line) => {
      const seconds = SECONDS.exec(line)?.[1];
      return seconds === undefined ? -1 : Math.round(Number(seconds) * 1e6);
    }),
    text: kept.map((line) => line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE)}…`),
  };
}
