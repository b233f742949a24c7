/**
 * Shortening of a trace.
 *
 * @module
 */

import type { Trace } from "./trace.ts";

/**
 * Shortens the lists of a trace: those nearest to the subject stay. A note says how many entries are left out.
 *
 * @param limit Largest number of entries in each list.
 */
export function limitTrace(trace: Trace, limit: number): Trace {
  const { operations, causes, messages, effects } = trace;
  const lists = { operations, causes, messages, effects };
  const notes = Object.entries(lists).filter(([, list]) => list.length > limit)
    .map(([name, { length }]) => `Of ${length} ${name}, ${limit} are here: --limit ${length} shows all`);
  return {
    ...trace,
    operations: operations.slice(0, limit),
    causes: limit === Infinity ? causes : causes.slice(-limit),
    messages: messages.slice(0, limit),
    effects: effects.slice(0, limit),
    notes: [...trace.notes, ...notes],
  };
}
