/**
 * Entries of a trace: operations and messages as data.
 *
 * @module
 */

import { OUTCOMES } from "../html/report_data.ts";
import type { RunEvents } from "../html/run_events.ts";
import type { Messages } from "../page/run_data.js";

/** Operation in a trace. Times are milliseconds since the test began. */
export interface TracedOperation {
  /** Index of its invocation in the history. */
  operation: number;
  /** Index of its completion in the history; null if it was open at the end. */
  completion: number | null;
  process: number;
  worker: number;
  f: string;
  outcome: typeof OUTCOMES[number];
  start_ms: number;
  /** Null if it was open at the end. */
  end_ms: number | null;
  /** Argument, and result or error if there is one, as JSON; shortened if they are long. */
  argument: string;
  result: string | null;
  /** Its part in a value that is traced. */
  carries?: "wrote" | "read";
}

/** Message in a trace. Times are milliseconds since the test began. */
export interface TracedMessage {
  /** Its id in `messages.jsonl`. */
  message: number;
  from: string;
  to: string;
  type: string;
  sent_ms: number;
  /** Null if it never arrived. */
  received_ms: number | null;
  /** Further arrivals. */
  copies_ms: number[];
  /** True if it took more than four times the median, and 10 ms more. */
  late: boolean;
  /** Index of its operation in the history; null if it belongs to none. */
  operation: number | null;
  /** Body as JSON; shortened if it is long. */
  body: string;
  /** Id of the message that it follows from, or that it has led to. */
  via?: number;
  /** True if that is a direct link: an answer, or sent at once or before the answer. */
  direct?: boolean;
}

/** Describes an operation by its row. */
export function describeOperation({ events: { operations } }: { events: RunEvents }, row: number): TracedOperation {
  const { index, completion, process, worker, functions, f, outcome, start, duration, argument, result } = operations;
  const isOpen = duration[row]! < 0;
  return {
    operation: index[row]!,
    completion: isOpen ? null : completion[row]!,
    process: process[row]!,
    worker: worker[row]!,
    f: functions[f[row]!]!,
    outcome: OUTCOMES[outcome[row]!]!,
    start_ms: start[row]! / 1000,
    end_ms: isOpen ? null : (start[row]! + duration[row]!) / 1000,
    argument: argument[row]!,
    result: result[row] === "" ? null : result[row]!,
  };
}

/** Messages of a run, with what is known of each. */
export interface DescribedMessages {
  messages: Messages;
  events: RunEvents;
  isLate(row: number): boolean;
  /** Times of further arrivals, by row; microseconds. */
  copies: ReadonlyMap<number, number[]>;
}

/** Describes a message by its row. */
export function describeMessage(
  { messages, events, isLate, copies }: DescribedMessages,
  row: number,
): TracedMessage {
  const { id, names, types, src, dest, type, sent, received, operation, bodyOf } = messages;
  return {
    message: id[row]!,
    from: names[src[row]!]!,
    to: names[dest[row]!]!,
    type: types[type[row]!]!,
    sent_ms: sent[row]! / 1000,
    received_ms: Number.isNaN(received[row]) ? null : received[row]! / 1000,
    copies_ms: (copies.get(row) ?? []).map((time) => time / 1000),
    late: isLate(row),
    operation: operation[row] === -1 ? null : events.operations.index[operation[row]!]!,
    body: bodyOf(row),
  };
}
