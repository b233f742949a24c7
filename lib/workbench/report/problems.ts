/**
 * Anomalies and exceptions as paragraphs, bounded in number and length. The stored results have all of them in full.
 *
 * @module
 */

import { createStyle, wrap } from "../base/text.ts";
import type { Anomaly, MaelstromView } from "../checkers/verdict.ts";
import type { Results } from "../run/results.ts";
import type { Screen } from "./screen.ts";

/** Number of anomalies, and of exceptions, that are shown. */
const MAX_SHOWN = 8;
/** Number of lines of one explanation that are shown. */
const MAX_LINES = 12;

/** Lines with the explanations of the anomalies that the test forbids, and the names of those it permits. */
export function anomalyLines(anomalies: readonly Anomaly[], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const permitted = anomalies.filter(({ allowed }) => allowed).map(({ type, count }) => type + times(count));
  const forbidden = anomalies.filter(({ allowed }) => !allowed);
  const lines = forbidden.slice(0, MAX_SHOWN).flatMap(({ type, count, explanation, maelstrom }) => [
    style.red(`  ${type}${times(count)}`) + viewWords(maelstrom),
    ...bounded(wrap(explanation, width, "    ")),
  ]);
  const names = permitted.length === 0 ? [] : wrap(`permitted: ${permitted.join(", ")}`, width, "  ");
  return [...lines, ...moreLines(forbidden.length), ...names];
}

/** Lines with the messages of exceptions. */
export function exceptionLines(exceptions: Results["exceptions"], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const lines = exceptions.slice(0, MAX_SHOWN).flatMap(({ type, count, node, message, maelstrom }) => [
    style.red(`  ${type}${node === undefined ? "" : ` ${node}`}${times(count)}`) + viewWords(maelstrom),
    ...wrap(message, width, "    "),
  ]);
  return [...lines, ...moreLines(exceptions.length)];
}

/** Words on a finding that Maelstrom does not share. */
function viewWords(view: MaelstromView | undefined): string {
  if (view === "overlooks") return " (Maelstrom does not look for it)";
  return view === "stops" ? " (Maelstrom's checker stops at it)" : "";
}

function bounded(lines: string[]): string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `    … and ${lines.length - MAX_LINES + 1} more lines`];
}

function moreLines(count: number): string[] {
  return count <= MAX_SHOWN ? [] : [`  … and ${count - MAX_SHOWN} more kinds`];
}

function times(count: number): string {
  return count === 1 ? "" : ` × ${count}`;
}
