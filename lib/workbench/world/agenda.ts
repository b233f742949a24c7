/**
 * Scheduled callbacks of a clock, in the order in which they run.
 *
 * @module
 */

import TinyQueue from "tinyqueue";

/** Scheduled callback. */
export interface ScheduledCallback {
  at: number;
  /** Order of scheduling. */
  sequence: number;
  /** Undefined after it has run or was cancelled. */
  callback: (() => void) | undefined;
}

/** Scheduled callbacks, by time and then by order of scheduling. */
export class Agenda {
  /** Heap. Cancelled entries stay in it until they are the first, or more than half. */
  #queue = new TinyQueue<ScheduledCallback>([], inOrder);
  /** Number of cancelled entries in the queue. */
  #cancelled = 0;
  #nextSequence = 0;

  /**
   * Adds a callback that is due at a time, ms.
   *
   * @throws {RangeError} The time is not finite.
   */
  add(at: number, callback: () => void): ScheduledCallback {
    if (!Number.isFinite(at)) throw new RangeError(`Cannot schedule: expected a time in ms, got ${at}`);
    const entry = { at, sequence: this.#nextSequence++, callback };
    this.#queue.push(entry);
    return entry;
  }

  /** Number of entries so far: the sequence of the next one. */
  get scheduled(): number {
    return this.#nextSequence;
  }

  /** Returns the next entry, and removes the cancelled ones before it. */
  first(): ScheduledCallback | undefined {
    let first = this.#queue.peek();
    while (first !== undefined && first.callback === undefined) {
      this.#queue.pop();
      this.#cancelled--;
      first = this.#queue.peek();
    }
    return first;
  }

  /** Removes the entry that {@linkcode Agenda.first} has returned; returns its callback. */
  take(): () => void {
    const entry = this.#queue.pop()!;
    const callback = entry.callback!;
    entry.callback = undefined;
    return callback;
  }

  /** Cancels an entry. Has no effect after it was taken. */
  cancel(entry: ScheduledCallback): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    if (++this.#cancelled * 2 > this.#queue.length) this.#sweep();
  }

  /** Removes all cancelled entries from the queue. */
  #sweep(): void {
    const live = this.#queue.data.filter(({ callback }) => callback !== undefined);
    this.#queue = new TinyQueue(live, inOrder);
    this.#cancelled = 0;
  }
}

function inOrder(a: ScheduledCallback, b: ScheduledCallback): number {
  return a.at - b.at || a.sequence - b.sequence;
}
