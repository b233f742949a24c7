/**
 * What a history of a set says about each of its elements: when it became known, and which reads last had it and last lacked it.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { show } from "../../base/text.ts";
import { identify, type Identity } from "../identify.ts";

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

/** One read: the places of its invocation and its completion in the history, and what it returned. */
interface ReadOperation {
  invocation: number;
  completion: number;
  values: readonly unknown[];
}

/**
 * What one process read last. A node's set mostly grows at its end, and then a read says all that the process's read before it said,
 * but for the elements that are new in it. So only those are dealt with at once, and the rest when the process has read for the last
 * time: this makes the work proportional to the length of the reads, with little to do for each value in them.
 */
interface Reader {
  last: ReadOperation;
  /** How often the read has each element, by the element's number; at most 255. */
  counts: Uint8Array;
  /** How many elements there were when the read completed. */
  tracked: number;
  /** Whether the read has values that were no elements then. They may have become some. */
  hasUnexpected: boolean;
}

interface Tracker {
  /** The elements; an element's number is its place here. */
  values: unknown[];
  numbers: Map<Identity, number>;
  /** By an element's number, the places in the history of what an {@linkcode Element} names; -1 where there is none. */
  known: number[];
  lastPresent: number[];
  lastAbsent: number[];
  readers: Map<number, Reader>;
  duplicated: Map<number, { count: number; place: number }>;
  unexpected: Map<Identity, { value: unknown; place: number }>;
}

/**
 * Follows each element of a set through a history.
 *
 * @param history Operations `add` or `broadcast` of an element, and `read`, each `ok` with the list of all elements as its value.
 * @throws {TypeError} A read's value is no list.
 */
export function trackElements(history: readonly Operation[]): SetTimeline {
  const tracker: Tracker = {
    values: [],
    numbers: new Map(),
    known: [],
    lastPresent: [],
    lastAbsent: [],
    readers: new Map(),
    duplicated: new Map(),
    unexpected: new Map(),
  };
  const invocations = new Map<number, number>();
  for (const [place, operation] of history.entries()) {
    const { process, type, f } = operation;
    if (process === "nemesis") continue;
    const isAdd = f === "add" || f === "broadcast";
    if (type === "invoke") {
      invocations.set(process, place);
      if (isAdd) beginAdd(tracker, operation.value);
      continue;
    }
    const invocation = invocations.get(process);
    invocations.delete(process);
    if (type === "ok" && isAdd) completeAdd(tracker, operation.value, place);
    if (type === "ok" && f === "read" && invocation !== undefined) {
      read(tracker, process, { invocation, completion: place, values: listOf(operation) });
    }
    if (type === "info") forget(tracker, process);
  }
  forgetAll(tracker);
  return toTimeline(tracker, history);
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
    duplicated: Array.from(duplicated, ([number, { count, place }]) => {
      return { value: values[number], count, read: history[place]! };
    }),
    unexpected: Array.from(unexpected.values(), ({ value, place }) => ({ value, read: history[place]! })),
  };
}

function listOf({ value, index }: Operation): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new TypeError(`Cannot check operation ${index}: expected a list of elements, got ${show(value)}`);
}

function beginAdd(tracker: Tracker, value: unknown): void {
  const number = numberOf(tracker, value) ?? tracker.values.length;
  // Added once more: as in Jepsen, what was seen of it before does not count, and all processes' reads begin afresh.
  if (number < tracker.values.length) forgetAll(tracker);
  tracker.values[number] = value;
  tracker.numbers.set(identify(value), number);
  tracker.known[number] = tracker.lastPresent[number] = tracker.lastAbsent[number] = -1;
}

function completeAdd(tracker: Tracker, value: unknown, place: number): void {
  const number = numberOf(tracker, value);
  if (number !== undefined && tracker.known[number] === -1) tracker.known[number] = place;
}

function numberOf({ values, numbers }: Tracker, value: unknown): number | undefined {
  // Elements are mostly 0, 1, 2 … in the order of their addition: their own numbers.
  if (typeof value === "number" && values[value] === value) return value;
  return numbers.get(identify(value));
}

function read(tracker: Tracker, process: number, current: ReadOperation): void {
  const reader = tracker.readers.get(process);
  if (reader !== undefined && !reader.hasUnexpected && startsWith(current.values, reader.last.values)) {
    readGrown(tracker, reader, current);
    return;
  }
  forget(tracker, process);
  const tracked = tracker.values.length;
  const fresh: Reader = { last: current, counts: new Uint8Array(tracked), tracked, hasUnexpected: false };
  tracker.readers.set(process, fresh);
  for (const value of current.values) see(tracker, fresh, value);
}

/** A read that has all that the process's read before it had, in the same order, and perhaps more. */
function readGrown(tracker: Tracker, reader: Reader, current: ReadOperation): void {
  const { last, tracked } = reader;
  reader.last = current;
  reader.tracked = tracker.values.length;
  if (reader.tracked > reader.counts.length) {
    const counts = new Uint8Array(2 * reader.tracked);
    counts.set(reader.counts);
    reader.counts = counts;
  }
  for (let place = last.values.length; place < current.values.length; place++) {
    const number = see(tracker, reader, current.values[place]);
    const isNew = number !== undefined && reader.counts[number] === 1;
    if (isNew && number < tracked) noteLater(tracker.lastAbsent, number, last.invocation);
  }
}

/** Counts one value of a reader's last read; returns the element's number, or nothing where there is no such element. */
function see(tracker: Tracker, reader: Reader, value: unknown): number | undefined {
  const { completion } = reader.last;
  const number = numberOf(tracker, value);
  if (number === undefined) {
    reader.hasUnexpected = true;
    const identity = identify(value);
    if (!tracker.unexpected.has(identity)) tracker.unexpected.set(identity, { value, place: completion });
    return undefined;
  }
  const count = Math.min(reader.counts[number]! + 1, 255);
  reader.counts[number] = count;
  if (tracker.known[number] === -1) tracker.known[number] = completion;
  if (count > 1 && count > (tracker.duplicated.get(number)?.count ?? 1)) {
    tracker.duplicated.set(number, { count, place: completion });
  }
  return number;
}

/** Does what was put off for a process. */
function forget(tracker: Tracker, process: number): void {
  const reader = tracker.readers.get(process);
  if (reader === undefined) return;
  tracker.readers.delete(process);
  const { lastPresent, lastAbsent } = tracker;
  const { counts, tracked, last: { invocation } } = reader;
  for (let number = 0; number < tracked; number++) {
    noteLater(counts[number] === 0 ? lastAbsent : lastPresent, number, invocation);
  }
}

function forgetAll(tracker: Tracker): void {
  for (const process of [...tracker.readers.keys()]) forget(tracker, process);
}

function noteLater(places: number[], number: number, place: number): void {
  if (places[number]! < place) places[number] = place;
}

function startsWith(values: readonly unknown[], beginning: readonly unknown[]): boolean {
  if (values === beginning) return true;
  if (values.length < beginning.length) return false;
  for (let place = 0; place < beginning.length; place++) {
    if (values[place] !== beginning[place]) return false;
  }
  return true;
}
