/**
 * What a person sees of what went wrong: anomalies and exceptions, explained.
 *
 * @module
 */

import type { Anomaly } from "../checkers/verdict.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Screen } from "./screen.ts";
import { createStyle, wrap } from "../base/text.ts";

/** How many anomalies and exceptions are shown. */
const SHOWN = 8;
/** How many lines of each explanation are shown; the rest is in the results. */
const LINES = 12;

/** The anomalies that a test does not allow, explained, and the names of those that it allows. */
export function anomalyLines(anomalies: readonly Anomaly[], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const allowed = anomalies.filter(({ allowed }) => allowed).map(({ type, count }) => type + times(count));
  const forbidden = anomalies.filter(({ allowed }) => !allowed);
  const lines = forbidden.slice(0, SHOWN).flatMap(({ type, count, explanation }) => [
    style.red(`  ${type}${times(count)}`),
    ...bounded(wrap(explanation, width, "    ")),
  ]);
  // What the test permits is found, and explained in the stored results, but is no reason for concern.
  const permitted = allowed.length === 0 ? [] : wrap(`permitted: ${allowed.join(", ")}`, width, "  ");
  return [...lines, ...more(forbidden.length), ...permitted];
}

/** The exceptions, and what to do about them. */
export function exceptionLines(exceptions: readonly TestException[], { width, colour }: Screen): string[] {
  const style = createStyle(colour);
  const lines = exceptions.slice(0, SHOWN).flatMap(({ type, count, node, message }) => [
    style.red(`  ${type}${node === undefined ? "" : ` ${node}`}${times(count)}`),
    ...wrap(message, width, "    "),
  ]);
  return [...lines, ...more(exceptions.length)];
}

function bounded(lines: string[]): string[] {
  return lines.length <= LINES
    ? lines
    : [...lines.slice(0, LINES - 1), `    … and ${lines.length - LINES + 1} more lines`];
}

function more(count: number): string[] {
  return count <= SHOWN ? [] : [`  … and ${count - SHOWN} more kinds`];
}

function times(count: number): string {
  return count === 1 ? "" : ` × ${count}`;
}
