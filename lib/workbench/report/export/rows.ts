/**
 * Rows of the pictures in which time goes down: each row is an event, and has its time on the left.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { escapeMarkup } from "../grade/markup.ts";
import type { FaultBand } from "../html/report_data.ts";
import { firstAtLeast } from "../page/run_data.js";

/** Longest description of a fault, in characters. */
const LONGEST_TEXT = 600;

/** Text at a row. Texts are escaped for HTML and XML. */
export interface RowText {
  row: number;
  text: string;
}

/** Rows that a fault lasts for. */
export interface FaultRows {
  from: number;
  /** First row after it. */
  to: number;
  name: string;
  /** Its times, its kind, and the nodes that it hits. */
  description: string;
}

/**
 * Formats a time in milliseconds.
 *
 * @param time Microseconds.
 */
export function asMilliseconds(time: number): string {
  return `${(time / 1000).toFixed(1)} ms`;
}

/**
 * The times of rows, each at the first row that has it.
 *
 * @param times Time of each row, microseconds, ascending.
 */
export function timeLabels(times: readonly number[]): RowText[] {
  const labels = times.map((time, row) => ({ row, text: asMilliseconds(time) }));
  return labels.filter(({ text }, row) => text !== labels[row - 1]?.text);
}

/** Finds the rows of faults. Those that no event falls into are left out. */
export function faultRows(faults: readonly FaultBand[], times: readonly number[]): FaultRows[] {
  return faults.map(({ name, start, end, text }) => ({
    from: firstAtLeast(times, start),
    to: firstAtLeast(times, end),
    name: escapeMarkup(name),
    description: escapeMarkup(
      clip(`${name}, ${asMilliseconds(start)} to ${asMilliseconds(end)}: ${text}`, LONGEST_TEXT),
    ),
  })).filter(({ from, to }) => from < to);
}
