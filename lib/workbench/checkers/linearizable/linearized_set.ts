/**
 * The set of operations that have taken effect in a configuration.
 *
 * @module
 */

import { identify, type Identity } from "../identify.ts";
import type { Interval } from "./interval.ts";

/** A set of operations, each named by its index among the intervals. */
export class LinearizedSet {
  readonly #intervals: readonly Interval[];
  /** By operation, 1 if it is in the set. */
  readonly #isMember: Uint8Array;
  /** The operations that completed, and those that did not, in order of invocation. */
  readonly #completed: number[];
  readonly #uncompleted: number[];
  /** By uncompleted operation, the last one before it with the same function and value, if any. */
  readonly #previousEqual: Map<number, number>;
  /** By uncompleted operation, the number of its bit. */
  readonly #bitOf: Map<number, number>;
  /** By number of a bit, 1 if the uncompleted operation is in the set. 32 bits per element. */
  readonly #bits: Uint32Array;
  /** Position in `#completed` of the first one that is not in the set; its length if there is none. */
  #firstMissing = 0;
  /** Number of completed operations that are not in the set. */
  missing: number;

  constructor(intervals: readonly Interval[]) {
    const indices = [...intervals.keys()];
    this.#intervals = intervals;
    this.#isMember = new Uint8Array(intervals.length);
    this.#completed = indices.filter((index) => intervals[index]!.end !== Infinity);
    this.#uncompleted = indices.filter((index) => intervals[index]!.end === Infinity);
    this.#previousEqual = findPreviousEqual(intervals, this.#uncompleted);
    this.#bitOf = new Map(this.#uncompleted.map((index, bit) => [index, bit]));
    this.#bits = new Uint32Array(Math.ceil(this.#uncompleted.length / 32));
    this.missing = this.#completed.length;
  }

  /** Adds an operation that is not in the set. */
  add(index: number): void {
    this.#isMember[index] = 1;
    if (this.#intervals[index]!.end === Infinity) return this.#flipBit(index);
    this.missing--;
    while (this.#isMember[this.#completed[this.#firstMissing]!]) this.#firstMissing++;
  }

  /** Removes an operation that is in the set. */
  delete(index: number): void {
    this.#isMember[index] = 0;
    if (this.#intervals[index]!.end === Infinity) return this.#flipBit(index);
    this.missing++;
    while (this.#firstMissing > 0 && this.#completed[this.#firstMissing - 1]! >= index) this.#firstMissing--;
  }

  #flipBit(index: number): void {
    const bit = this.#bitOf.get(index)!;
    this.#bits[bit >> 5]! ^= 1 << (bit & 31);
  }

  /**
   * Lists the operations that can take effect next: of those not in the set, the ones invoked before the first of them
   * completes. Completed ones come first. Of equal uncompleted ones only the first is listed.
   *
   * Must not be called on a set that contains all completed operations.
   *
   * @returns `enabled`, these operations; `due`, the one that completes first.
   */
  next(): { enabled: number[]; due: number } {
    const intervals = this.#intervals;
    const enabled: number[] = [];
    let due = this.#completed[this.#firstMissing]!;
    for (let at = this.#firstMissing; at < this.#completed.length; at++) {
      const index = this.#completed[at]!;
      if (intervals[index]!.begin > intervals[due]!.end) break;
      if (this.#isMember[index]) continue;
      enabled.push(index);
      if (intervals[index]!.end < intervals[due]!.end) due = index;
    }
    for (const index of this.#uncompleted) {
      if (intervals[index]!.begin > intervals[due]!.end) break;
      const equal = this.#previousEqual.get(index);
      if (!this.#isMember[index] && (equal === undefined || this.#isMember[equal])) enabled.push(index);
    }
    return { enabled, due };
  }

  /** Copies the bits of the uncompleted operations. */
  uncompletedBits(): Uint32Array {
    return this.#bits.slice();
  }

  /**
   * Returns a string that is equal for sets with the same completed operations. It is short: all completed operations
   * before the first missing one are in the set, and those invoked after that one completed are not.
   */
  completedKey(): string {
    let key = `${this.#firstMissing} `;
    let [bits, count] = [0, 0];
    const end = this.#intervals[this.#completed[this.#firstMissing]!]?.end ?? -1;
    for (let at = this.#firstMissing + 1; at < this.#completed.length; at++) {
      const index = this.#completed[at]!;
      if (this.#intervals[index]!.begin > end) break;
      bits = bits << 1 | this.#isMember[index]!;
      if (++count % 16 > 0) continue;
      key += String.fromCharCode(bits);
      bits = 0;
    }
    return key + String.fromCharCode(bits);
  }
}

function findPreviousEqual(intervals: readonly Interval[], uncompleted: readonly number[]): Map<number, number> {
  const latest = new Map<Identity, number>();
  const previous = new Map<number, number>();
  for (const index of uncompleted) {
    const { f, value } = intervals[index]!.operation;
    const identity = identify([f, value]);
    const equal = latest.get(identity);
    if (equal !== undefined) previous.set(index, equal);
    latest.set(identity, index);
  }
  return previous;
}
