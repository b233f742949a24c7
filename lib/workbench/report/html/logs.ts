/**
 * Logs of nodes: lines with their times. A process has them in a file beside its log; a simulated node begins its lines
 * with them.
 *
 * @module
 */

import { stripVTControlCharacters } from "node:util";
import type { LogColumns } from "./report_data.ts";

/** Largest number of lines of one node: the first and the last half of them. */
const MAX_LINES = 4000;

/** Longest line, in characters. */
const LONGEST_LINE = 500;

/** Matches seconds since the test began, as simulated nodes log them. */
const SECONDS = /^(\d+\.\d{3}) /;

/**
 * Creates the log of a node from its lines, without the colours of a terminal.
 *
 * @param seconds Lines of the file with the times; none if there is no such file.
 * @param omitted Receives a note if there are too many lines.
 */
export function nodeLog(
  node: string,
  lines: readonly string[],
  seconds: readonly string[],
  omitted: string[],
): LogColumns {
  const half = MAX_LINES / 2;
  const all = lines.map((line) => stripVTControlCharacters(line)).map((text, row) => ({
    text,
    time: timeOf(seconds[row] ?? SECONDS.exec(text)?.[1]),
  }));
  const kept = all.length <= MAX_LINES ? all : [...all.slice(0, half), ...all.slice(-half)];
  if (kept !== all) {
    omitted.push(`Of the ${lines.length} lines that ${node} logged, ${kept.length} are here: the first and the last`);
  }
  return {
    node,
    time: kept.map(({ time }) => time),
    text: kept.map(({ text }) => text.length <= LONGEST_LINE ? text : `${text.slice(0, LONGEST_LINE)}…`),
  };
}

/** Microseconds; -1 if there is no time, or something else in its place. */
function timeOf(seconds: string | undefined): number {
  const time = Math.round(Number(seconds || NaN) * 1e6);
  return Number.isFinite(time) && time >= 0 ? time : -1;
}
