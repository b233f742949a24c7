/**
 * The timeline of a set: for each element, when it became known, and the last reads with and without it.
 *
 * A history with n reads of n elements has n² values, so the work per value must be small. Nodes usually append new
 * elements to the list that they return: a read then begins with the values of the previous read of its process. So the
 * last read of each process is kept as pending. A read that extends it replaces it, and only the new values are
 * counted. Before any other read of the process, each element is recorded as present in the pending read, or absent.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { MalformedHistoryError } from "../explain.ts";
import { identify, type Identity } from "../identify.ts";

/** An element of the set. */
export interface Element {
  value: unknown;
  /** The first completion that proves that it is in the set: of its add, or of a read that contains it. */
  known?: Operation;
  /** Of the reads that contain it, the invocation of the one that began last. */
  lastPresent?: Operation;
  /** Of the reads without it that completed after its add began, the invocation of the one that began last. */
  lastAbsent?: Operation;
}

/** All elements of a history. */
export interface SetTimeline {
  /** In the order in which their adds began. */
  elements: Element[];
  /** Elements that occur more than once in a read: the highest count in one read, and that read's completion. */
  duplicated: { value: unknown; count: number; read: Operation }[];
  /** Values that were read before any add of them began, with the completion of the first such read. */
  unexpected: { value: unknown; read: Operation }[];
}

/** A read: the indices of its invocation and its completion in the history, and its result. */
interface ReadOperation {
  invocation: number;
  completion: number;
  values: readonly unknown[];
}

/** The last read of a process, whose effect on `lastPresent` and `lastAbsent` is not recorded yet. */
interface PendingRead {
  read: ReadOperation;
  /** By element number, how often the read contains it; at most 255. */
  counts: Uint8Array;
  /** Number of elements whose adds had begun when the read completed. `tracked <= counts.length` */
  tracked: number;
  /** True if the read contains a value that was not an element then. It may have become one since. */
  hasUnexpected: boolean;
}

/** State while the history is read. Elements are numbered 0, 1, … in the order in which their adds began. */
interface Tracker {
  /** By element number. */
  values: unknown[];
  numbers: Map<Identity, number>;
  /** By element number, the index in the history of the operation that {@linkcode Element} names; -1 for none. */
  known: number[];
  lastPresent: number[];
  lastAbsent: number[];
  /** By process. */
  pending: Map<number, PendingRead>;
  /** By element number, the highest count in one read, and the index of that read's completion. */
  duplicated: Map<number, { count: number; read: number }>;
  unexpected: Map<Identity, { value: unknown; read: number }>;
}

/**
 * Follows each element of a set through a history.
 *
 * @param history Operations `add` or `broadcast` of an element, and `read`, whose result is the list of all elements.
 * @throws {MalformedHistoryError} The result of a read is not a list.
 */
export function trackElements(history: readonly Operation[]): SetTimeline {
  const tracker = createTracker();
  const invocations = new Map<number, number>();
  for (const [index, operation] of history.entries()) {
    const { process, type, f } = operation;
    if (process === "nemesis") continue;
    const isAdd = f === "add" || f === "broadcast";
    if (type === "invoke") {
      invocations.set(process, index);
      if (isAdd) beginAdd(tracker, operation.value);
      continue;
    }
    const invocation = invocations.get(process);
    invocations.delete(process);
    // The element is that of the request: many systems acknowledge without repeating it.
    if (type === "ok" && isAdd && invocation !== undefined) completeAdd(tracker, history[invocation]!.value, index);
    if (type === "ok" && f === "read" && invocation !== undefined) {
      addRead(tracker, process, { invocation, completion: index, values: listOf(operation) });
    }
    // After info a process does nothing more.
    if (type === "info") recordPending(tracker, process);
  }
  recordAllPending(tracker);
  return toTimeline(tracker, history);
}

function createTracker(): Tracker {
  return {
    values: [],
    numbers: new Map(),
    known: [],
    lastPresent: [],
    lastAbsent: [],
    pending: new Map(),
    duplicated: new Map(),
    unexpected: new Map(),
  };
}

function toTimeline(tracker: Tracker, history: readonly Operation[]): SetTimeline {
  const { values, known, lastPresent, lastAbsent, duplicated, unexpected } = tracker;
  return {
    elements: values.map((value, number) => ({
      value,
      known: history[known[number]!],
      lastPresent: history[lastPresent[number]!],
      lastAbsent: history[lastAbsent[number]!],
    })),
    duplicated: Array.from(duplicated, ([number, { count, read }]) => {
      return { value: values[number], count, read: history[read]! };
    }),
    unexpected: Array.from(unexpected.values(), ({ value, read }) => ({ value, read: history[read]! })),
  };
}

function listOf({ value, index }: Operation): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new MalformedHistoryError(`Cannot check operation ${index}: expected a list of elements, got ${show(value)}`);
}

function beginAdd(tracker: Tracker, value: unknown): void {
  const number = numberOf(tracker, value) ?? tracker.values.length;
  // As in Jepsen, a second add of an element makes everything seen of it before irrelevant.
  if (number < tracker.values.length) recordAllPending(tracker);
  tracker.values[number] = value;
  tracker.numbers.set(identify(value), number);
  tracker.known[number] = -1;
  tracker.lastPresent[number] = -1;
  tracker.lastAbsent[number] = -1;
}

function completeAdd(tracker: Tracker, value: unknown, index: number): void {
  const number = numberOf(tracker, value);
  if (number !== undefined && tracker.known[number] === -1) tracker.known[number] = index;
}

function numberOf({ values, numbers }: Tracker, value: unknown): number | undefined {
  // Elements are usually 0, 1, 2 … in the order of their adds, so that each is its own number.
  if (typeof value === "number" && values[value] === value) return value;
  return numbers.get(identify(value));
}

function addRead(tracker: Tracker, process: number, read: ReadOperation): void {
  const pending = tracker.pending.get(process);
  if (pending !== undefined && !pending.hasUnexpected && startsWith(read.values, pending.read.values)) {
    extendPending(tracker, pending, read);
    return;
  }
  recordPending(tracker, process);
  const tracked = tracker.values.length;
  const fresh: PendingRead = { read, counts: new Uint8Array(tracked), tracked, hasUnexpected: false };
  tracker.pending.set(process, fresh);
  for (const value of read.values) countValue(tracker, fresh, value);
}

/** Replaces a pending read by one of the same process that begins with the same values. */
function extendPending(tracker: Tracker, pending: PendingRead, read: ReadOperation): void {
  const { read: previous, tracked } = pending;
  pending.read = read;
  pending.tracked = tracker.values.length;
  if (pending.tracked > pending.counts.length) {
    const counts = new Uint8Array(2 * pending.tracked);
    counts.set(pending.counts);
    pending.counts = counts;
  }
  for (let at = previous.values.length; at < read.values.length; at++) {
    const number = countValue(tracker, pending, read.values[at]);
    const isNew = number !== undefined && pending.counts[number] === 1;
    // It was an element already, and the previous read did not contain it.
    if (isNew && number < tracked) raise(tracker.lastAbsent, number, previous.invocation);
  }
}

/** Counts one value of a pending read. Returns the element's number; undefined if the value is not an element. */
function countValue(tracker: Tracker, pending: PendingRead, value: unknown): number | undefined {
  const { completion } = pending.read;
  const number = numberOf(tracker, value);
  if (number === undefined) {
    pending.hasUnexpected = true;
    getOrInsert(tracker.unexpected, identify(value), () => ({ value, read: completion }));
    return undefined;
  }
  const times = Math.min(pending.counts[number]! + 1, 255);
  pending.counts[number] = times;
  if (tracker.known[number] === -1) tracker.known[number] = completion;
  if (times > 1 && times > (tracker.duplicated.get(number)?.count ?? 1)) {
    tracker.duplicated.set(number, { count: times, read: completion });
  }
  return number;
}

/** Records for each element if the pending read of a process contains it, and drops that read. */
function recordPending(tracker: Tracker, process: number): void {
  const pending = tracker.pending.get(process);
  if (pending === undefined) return;
  tracker.pending.delete(process);
  const { lastPresent, lastAbsent } = tracker;
  const { counts, tracked, read: { invocation } } = pending;
  for (let number = 0; number < tracked; number++) {
    raise(counts[number] === 0 ? lastAbsent : lastPresent, number, invocation);
  }
}

function recordAllPending(tracker: Tracker): void {
  for (const process of [...tracker.pending.keys()]) recordPending(tracker, process);
}

function raise(indices: number[], number: number, index: number): void {
  if (indices[number]! < index) indices[number] = index;
}

function startsWith(values: readonly unknown[], beginning: readonly unknown[]): boolean {
  if (values === beginning) return true;
  if (values.length < beginning.length) return false;
  for (let at = 0; at < beginning.length; at++) {
    if (values[at] !== beginning[at]) return false;
  }
  return true;
}
