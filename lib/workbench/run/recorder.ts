/**
 * The recorder of a test: its history, its exceptions, and the signal that ends it early.
 *
 * @module
 */

import type { TestException } from "../base/test_exception.ts";
import type { Operation } from "../history/operation.ts";
import type { Clock } from "../world/clock.ts";

/** Recorder of one test. */
export interface Recorder {
  /** Operations in order of time. `history[i].index === i`; an entry never changes. */
  readonly history: readonly Operation[];
  /** Exceptions in order of their first occurrence: one for each type and node, with a count. */
  readonly exceptions: readonly TestException[];
  /** Aborted once the test is to end early. */
  readonly signal: AbortSignal;
  /** Adds an operation to the history and gives it its index and time. */
  record(operation: Omit<Operation, "index" | "time">): Operation;
  /** Adds an exception, or counts it if one of its type and node is known. Has no effect after the end of the test. */
  note(exception: TestException): void;
  /** Adds a fatal exception and ends the test. Later ones are consequences and are dropped. */
  fail(exception: TestException): void;
  /** Ends the test without an exception. */
  stop(reason: unknown): void;
}

/**
 * Creates the recorder of a test.
 *
 * @param onException Called at the first occurrence of each exception.
 */
export function createRecorder(clock: Clock, onException: (exception: TestException) => void): Recorder {
  const history: Operation[] = [];
  const exceptions: TestException[] = [];
  const end = new AbortController();

  function note(exception: TestException): void {
    // A failure of a node after the end of the test is a consequence of that end.
    if (end.signal.aborted) return;
    const at = exceptions.findIndex(({ type, node }) => type === exception.type && node === exception.node);
    const known = exceptions[at];
    if (known !== undefined) {
      exceptions[at] = { ...known, count: known.count + exception.count };
      return;
    }
    exceptions.push(exception);
    onException(exception);
  }

  return {
    history,
    exceptions,
    signal: end.signal,
    record(operation) {
      const entry = { index: history.length, time: Math.round(clock.now() * 1e6), ...operation } as Operation;
      history.push(entry);
      return entry;
    },
    note,
    fail(exception) {
      if (end.signal.aborted) return;
      note({ ...exception, fatal: true });
      end.abort(new Error(exception.message));
    },
    stop: (reason) => end.abort(reason),
  };
}
