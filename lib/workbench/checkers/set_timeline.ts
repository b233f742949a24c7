/**
 * What a history of a set says about each of its elements: when it became known, and which reads last had it and last lacked it.
 *
 * @module
 */

import type { Operation } from "../operation.ts";
import { show } from "./explain.ts";
import { identify, type Identity } from "./identify.ts";

/** One element of the set. */
export interface Element {
  /** The element itself. */
  value: unknown;
  /** The first completion that proves it is in the set: of its addition, or of a read which has it. */
  known?: Operation;
  /** Of the reads which have it, the invocation of the one begun last. */
  lastPresent?: Operation;
  /** Of the reads which lack it although its addition had begun, the invocation of the one begun last. */
  lastAbsent?: Operation;
}

/** All elements of a history. */
export interface SetTimeline {
  /** In the order in which their additions began. */
  elements: Element[];
  /** Elements that a read has more than once: the most often that one read has it, and that read's completion. */
  duplicated: { value: unknown; count: number; read: Operation }[];
  /** Values that a read has although nobody had begun to add them, with the completion of the first such read. */
  unexpected: { value: unknown; read: Operation }[];
}

/**
 * The last read of one process. A node's set mostly grows at its end, and then a read says all that the process's read before it said,
 * but for the elements that are new in it. So only those are dealt with at once, and the rest when the process has read for the last
 * time: this makes the work proportional to the length of the reads, with little to do for each value in them.
 */
interface Reader {
  invocation: Operation;
  values: readonly unknown[];
  /** How often the read has each element, by the element's number; at most 255. */
  counts: Uint8Array;
  /** How many elements there were when the read completed. */
  tracked: number;
  /** Whether the read has values that were no elements then. They may have become some. */
  hasUnexpected: boolean;
}

interface Tracker {
  elements: Element[];
  /** The place of each element in `elements`. */
  numbers: Map<Identity, number>;
  readers: Map<number, Reader>;
  duplicated: Map<number, { value: unknown; count: number; read: Operation }>;
  unexpected: Map<Identity, { value: unknown; read: Operation }>;
}

/**
 * Follows each element of a set through a history.
 *
 * @param history Operations `add` or `broadcast` of an element, and `read`, each `ok` with the list of all elements as its value.
 * @throws {TypeError} A read's value is no list.
 */
export function trackElements(history: readonly Operation[]): SetTimeline {
  const tracker: Tracker = {
    elements: [],
    numbers: new Map(),
    readers: new Map(),
    duplicated: new Map(),
    unexpected: new Map(),
  };
  const invocations = new Map<number, Operation>();
  for (const operation of history) {
    const { process, type, f } = operation;
    if (process === "nemesis") continue;
    const isAdd = f === "add" || f === "broadcast";
    if (type === "invoke") {
      invocations.set(process, operation);
      if (isAdd) beginAdd(tracker, operation);
      continue;
    }
    const invocation = invocations.get(process);
    invocations.delete(process);
    if (type === "ok" && isAdd) completeAdd(tracker, operation);
    if (type === "ok" && f === "read" && invocation !== undefined) read(tracker, process, invocation, operation);
    if (type === "info") forget(tracker, process);
  }
  for (const process of [...tracker.readers.keys()]) forget(tracker, process);
  return {
    elements: tracker.elements,
    duplicated: [...tracker.duplicated.values()],
    unexpected: [...tracker.unexpected.values()],
  };
}

function beginAdd(tracker: Tracker, { value }: Operation): void {
  const { elements, numbers } = tracker;
  const identity = identify(value);
  const number = numbers.get(identity);
  if (number === undefined) {
    numbers.set(identity, elements.length);
    elements.push({ value });
    return;
  }
  // Added once more: as in Jepsen, what was seen before does not count. It has been seen, so all reads begin afresh.
  for (const process of [...tracker.readers.keys()]) forget(tracker, process);
  elements[number] = { value };
}

function completeAdd({ elements, numbers }: Tracker, operation: Operation): void {
  const element = elements[numbers.get(identify(operation.value)) ?? -1];
  if (element !== undefined) element.known ??= operation;
}

function read(tracker: Tracker, process: number, invocation: Operation, completion: Operation): void {
  const values = completion.value ?? [];
  if (!Array.isArray(values)) {
    throw new TypeError(`Cannot check operation ${completion.index}: expected a list of elements, got ${show(values)}`);
  }
  const before = tracker.readers.get(process);
  if (before !== undefined && !before.hasUnexpected && startsWith(values, before.values)) {
    readGrown(tracker, before, values, invocation, completion);
    return;
  }
  if (before !== undefined) settle(tracker, before);
  const tracked = tracker.elements.length;
  const counts = new Uint8Array(tracked);
  const reader: Reader = { invocation, values, counts, tracked, hasUnexpected: false };
  tracker.readers.set(process, reader);
  for (const value of values) see(tracker, reader, value, completion);
}

/** A read that has all that the process's read before it had, in the same order, and perhaps more. */
function readGrown(
  tracker: Tracker,
  reader: Reader,
  values: readonly unknown[],
  invocation: Operation,
  completion: Operation,
): void {
  const { elements } = tracker;
  const { invocation: invocationBefore, tracked: trackedBefore, values: { length } } = reader;
  if (elements.length > reader.counts.length) {
    const counts = new Uint8Array(2 * elements.length);
    counts.set(reader.counts);
    reader.counts = counts;
  }
  reader.invocation = invocation;
  reader.values = values;
  reader.tracked = elements.length;
  for (let place = length; place < values.length; place++) {
    const number = see(tracker, reader, values[place], completion);
    if (number === undefined || number >= trackedBefore || reader.counts[number]! > 1) continue;
    noteAbsent(elements[number]!, invocationBefore);
  }
}

/** Counts one value of a read; returns the element's number, or nothing where there is no such element. */
function see(tracker: Tracker, reader: Reader, value: unknown, completion: Operation): number | undefined {
  const identity = identify(value);
  const number = tracker.numbers.get(identity);
  if (number === undefined) {
    reader.hasUnexpected = true;
    if (!tracker.unexpected.has(identity)) tracker.unexpected.set(identity, { value, read: completion });
    return undefined;
  }
  const count = Math.min(reader.counts[number]! + 1, 255);
  reader.counts[number] = count;
  if (count === 1) tracker.elements[number]!.known ??= completion;
  else if (count > (tracker.duplicated.get(number)?.count ?? 1)) {
    tracker.duplicated.set(number, { value, count, read: completion });
  }
  return number;
}

/** Ends what was put off for a process. */
function forget(tracker: Tracker, process: number): void {
  const reader = tracker.readers.get(process);
  if (reader !== undefined) settle(tracker, reader);
  tracker.readers.delete(process);
}

function settle({ elements }: Tracker, { invocation, counts, tracked }: Reader): void {
  for (let number = 0; number < tracked; number++) {
    const element = elements[number]!;
    if (counts[number] === 0) noteAbsent(element, invocation);
    else if (element.lastPresent === undefined || element.lastPresent.index < invocation.index) {
      element.lastPresent = invocation;
    }
  }
}

function noteAbsent(element: Element, invocation: Operation): void {
  if (element.lastAbsent === undefined || element.lastAbsent.index < invocation.index) element.lastAbsent = invocation;
}

function startsWith(values: readonly unknown[], beginning: readonly unknown[]): boolean {
  if (values === beginning) return true;
  if (values.length < beginning.length) return false;
  for (let place = 0; place < beginning.length; place++) {
    if (values[place] !== beginning[place]) return false;
  }
  return true;
}
