/** Histories by hand. */

import type { Operation } from "../../../lib/workbench/history/operation.ts";

/** One operation: who, what became of it, what it was to do, and the value it was completed with if that is another. */
export type Line = [process: number, type: Operation["type"], f: string, value: unknown, result?: unknown];

/**
 * A history of operations that follow one another: each is completed before the next one begins, or never where its
 * type is invoke. The clock goes on by one second with each entry.
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
