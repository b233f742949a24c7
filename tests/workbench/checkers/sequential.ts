/** Histories written by hand. */

import type { Operation } from "../../../lib/workbench/history/operation.ts";

/** An operation: process, outcome, function, value, and the value of the completion if that differs. */
export type Line = [process: number, type: Operation["type"], f: string, value: unknown, result?: unknown];

/**
 * A history of consecutive operations: each completes before the next one is invoked, or never if its type is invoke.
 * Each entry is one second after the one before.
 */
export function sequential(lines: readonly Line[]): Operation[] {
  const history: Operation[] = [];
  const add = (process: number, type: Operation["type"], f: string, value: unknown) =>
    history.push({ index: history.length, time: history.length * 1e9, type, process, f, value });
  for (const [process, type, f, value, result = value] of lines) {
    add(process, "invoke", f, value);
    if (type !== "invoke") add(process, type, f, result);
  }
  return history;
}
