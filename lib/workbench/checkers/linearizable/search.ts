/**
 * The search for a linearization. See `linearizable.ts` for what it means.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { entry } from "../entry.ts";
import { EXAMPLES } from "../explain.ts";
import { identify, type Identity } from "../identify.ts";
import type { Model, ModelOperation } from "./mod.ts";
import type { Validity } from "../verdict.ts";

/** An operation and the time in which it takes effect. */
export interface Interval {
  operation: ModelOperation;
  /** Index of the invocation. */
  begin: number;
  /** Index of the completion; infinite where the operation may take effect at any later time, or never. */
  end: number;
  invocation: Operation;
  completion: Operation;
}

/** What a search found. */
export interface Linearization<State> {
  valid: Validity;
  /** How many configurations were explored. */
  configurations: number;
  /** Where the search got farthest, if it did not succeed. */
  blocked?: Blocked<State>;
}

/** The first operation to be completed that cannot be placed: all that were completed before it can. */
export interface Blocked<State> {
  operation: Interval;
  /** How many operations can be put in an order before it. */
  ordered: number;
  /** The last few of them, in one such order. */
  last: Interval[];
  /** The states to which such orders lead, the first few. */
  states: State[];
}

/** How many comparisons with other configurations the budget allows for each of its configurations, on average. */
const COMPARISONS = 50;

/** A configuration on the path of the search. */
interface Configuration<State> {
  /** The operation that took effect last; −1 at the beginning. */
  index: number;
  state: State;
  /** The ways on that have not been tried yet; the last is tried first. */
  steps: Step<State>[];
}

/** One way on: an operation takes effect. */
interface Step<State> {
  index: number;
  after: State;
}

/**
 * Looks for an order of all operations that were completed, and any of the others, which the model allows.
 *
 * @param intervals In the order of their invocations.
 * @param budget How many configurations to explore at most.
 */
export function linearize<State>(
  intervals: readonly Interval[],
  model: Model<State>,
  budget: number,
): Linearization<State> {
  const taken = new TakenSet(intervals);
  const idOf = numberStates(model);
  const farthest = new Farthest(intervals, idOf);
  const explored = new ExploredSets();
  let configurations = 0;
  const path: Configuration<State>[] = [];

  /**
   * The ways on that are worth trying, among the operations that are enabled.
   *
   * - An acknowledged operation that never changes anything can take effect at once: whatever order there is, it is
   *   still one with that operation moved here.
   * - An operation that may never have happened is left out where it changes nothing, or where the next one undoes it.
   */
  function stepsFrom(state: State, enabled: readonly number[], last: number): Step<State>[] {
    const before = intervals[last]?.end === Infinity ? path.at(-1)!.state : undefined;
    const steps: Step<State>[] = [];
    for (const index of enabled) {
      const { operation, end } = intervals[index]!;
      const after = model.step(state, operation);
      if (after === undefined || (end === Infinity && idOf(after) === idOf(state))) continue;
      if (end !== Infinity && model.isReadOnly?.(operation)) return [{ index, after }];
      const without = before === undefined ? undefined : model.step(before, operation);
      if (without === undefined || idOf(without) !== idOf(after)) steps.push({ index, after });
    }
    return steps.reverse();
  }

  /** Goes on to the configuration in which the operation `index` has taken effect last. */
  function enter(index: number, state: State): void {
    const { enabled, due } = taken.next();
    path.push({ index, state, steps: stepsFrom(state, enabled, index) });
    farthest.note(due, state, path);
  }

  if (taken.open > 0) enter(-1, model.init());
  while (taken.open > 0) {
    const { index, steps } = path.at(-1)!;
    const step = steps.pop();
    if (step === undefined) {
      path.pop();
      if (path.length === 0) return { valid: false, configurations, blocked: farthest.blocked };
      taken.delete(index);
      continue;
    }
    taken.add(step.index);
    if (!explored.add(`${idOf(step.after)} ${taken.key()}`, taken.indefinite())) {
      taken.delete(step.index);
      continue;
    }
    if (configurations === budget || explored.comparisons > COMPARISONS * budget) {
      return { valid: "unknown", configurations };
    }
    configurations++;
    if (taken.open > 0) enter(step.index, step.after);
  }
  return { valid: true, configurations };
}

/** Gives each different state a number. */
function numberStates<State>({ equal }: Model<State>): (state: State) => number {
  if (equal === undefined) {
    const numbers = new Map<Identity, number>();
    return (state) => entry(numbers, identify(state), () => numbers.size);
  }
  const states: State[] = [];
  return (state) => {
    const number = states.findIndex((other) => equal(other, state));
    return number >= 0 ? number : states.push(state) - 1;
  };
}

/** Remembers how far the search got: the operation that is due latest among those due first. */
class Farthest<State> {
  blocked?: Blocked<State>;
  readonly #intervals: readonly Interval[];
  readonly #idOf: (state: State) => number;
  readonly #ids = new Set<number>();

  constructor(intervals: readonly Interval[], idOf: (state: State) => number) {
    this.#intervals = intervals;
    this.#idOf = idOf;
  }

  /**
   * The operations on `path` have led to `state`, and the operation `due` must take effect before any other is
   * completed.
   */
  note(due: number, state: State, path: readonly Configuration<State>[]): void {
    const operation = this.#intervals[due]!;
    const end = this.blocked?.operation.end ?? -1;
    if (operation.end < end) return;
    if (operation.end > end) {
      const last = path.slice(1).slice(-EXAMPLES).map(({ index }) => this.#intervals[index]!);
      this.blocked = { operation, ordered: path.length - 1, last, states: [] };
      this.#ids.clear();
    }
    const id = this.#idOf(state);
    if (this.#ids.has(id) || this.#ids.size === EXAMPLES) return;
    this.#ids.add(id);
    this.blocked!.states.push(state);
  }
}

/** The set of operations that have taken effect. */
class TakenSet {
  readonly #intervals: readonly Interval[];
  readonly #taken: Uint8Array;
  /** The operations that were completed, and those that were not. */
  readonly #definite: number[];
  readonly #indefinite: number[];
  /** By indefinite operation, the one before it that is just the same, if any. */
  readonly #twins: Map<number, number>;
  /** By operation, its place among the indefinite ones. */
  readonly #places: Map<number, number>;
  /** Which of the indefinite ones are in the set: 32 bits a number. */
  readonly #bits: Uint32Array;
  /** Where in `#definite` the first one stands that is not in the set. */
  #first = 0;
  /** How many definite operations are not in the set. */
  open: number;

  constructor(intervals: readonly Interval[]) {
    const indices = [...intervals.keys()];
    this.#intervals = intervals;
    this.#taken = new Uint8Array(intervals.length);
    this.#definite = indices.filter((index) => intervals[index]!.end !== Infinity);
    this.#indefinite = indices.filter((index) => intervals[index]!.end === Infinity);
    this.#twins = findTwins(intervals, this.#indefinite);
    this.#places = new Map(this.#indefinite.map((index, place) => [index, place]));
    this.#bits = new Uint32Array(Math.ceil(this.#indefinite.length / 32));
    this.open = this.#definite.length;
  }

  add(index: number): void {
    this.#taken[index] = 1;
    if (this.#intervals[index]!.end === Infinity) return this.#flip(index);
    this.open--;
    while (this.#taken[this.#definite[this.#first]!]) this.#first++;
  }

  delete(index: number): void {
    this.#taken[index] = 0;
    if (this.#intervals[index]!.end === Infinity) return this.#flip(index);
    this.open++;
    while (this.#first > 0 && this.#definite[this.#first - 1]! >= index) this.#first--;
  }

  /**
   * The operations that can take effect next: those not in the set that begin before any such is completed. Definite
   * ones come first; of indefinite ones that are just the same, only the first is named.
   *
   * @returns Also `due`, the operation that is completed first.
   */
  next(): { enabled: number[]; due: number } {
    const intervals = this.#intervals;
    const enabled: number[] = [];
    let due = this.#definite[this.#first]!;
    for (let place = this.#first; place < this.#definite.length; place++) {
      const index = this.#definite[place]!;
      if (intervals[index]!.begin > intervals[due]!.end) break;
      if (this.#taken[index]) continue;
      enabled.push(index);
      if (intervals[index]!.end < intervals[due]!.end) due = index;
    }
    for (const index of this.#indefinite) {
      if (intervals[index]!.begin > intervals[due]!.end) break;
      const twin = this.#twins.get(index);
      if (!this.#taken[index] && (twin === undefined || this.#taken[twin])) enabled.push(index);
    }
    return { enabled, due };
  }

  #flip(index: number): void {
    const place = this.#places.get(index)!;
    this.#bits[place >> 5]! ^= 1 << (place & 31);
  }

  /** The indefinite operations in the set, as bits. */
  indefinite(): Uint32Array {
    return this.#bits.slice();
  }

  /**
   * A text that is equal for sets of the same definite operations. It is short: all before the first missing one are in
   * the set, and none that began after that one's end.
   */
  key(): string {
    let text = `${this.#first} `;
    let [bits, count] = [0, 0];
    const put = (index: number) => {
      bits = bits << 1 | this.#taken[index]!;
      if (++count % 16 > 0) return;
      text += String.fromCharCode(bits);
      bits = 0;
    };
    const end = this.#intervals[this.#definite[this.#first]!]?.end ?? -1;
    for (let place = this.#first + 1; place < this.#definite.length; place++) {
      const index = this.#definite[place]!;
      if (this.#intervals[index]!.begin > end) break;
      put(index);
    }
    return text + String.fromCharCode(bits);
  }
}

/**
 * What has been explored. Whoever came to the same state with the same definite operations, but with fewer indefinite ones,
 * had all the ways on that there are now, and more: since no indefinite operation need ever take effect.
 */
class ExploredSets {
  /** By state and definite operations, sets of indefinite ones, of which none is a part of another. */
  readonly #sets = new Map<string, Uint32Array[]>();
  /** How many sets have been held against others. */
  comparisons = 0;

  /** Adds a configuration; false where there was no need to, since it or a better one has been explored. */
  add(key: string, indefinite: Uint32Array): boolean {
    const sets = this.#sets.get(key);
    if (sets === undefined) {
      this.#sets.set(key, [indefinite]);
      return true;
    }
    this.comparisons += sets.length;
    if (sets.some((set) => isSubset(set, indefinite))) return false;
    this.#sets.set(key, [...sets.filter((set) => !isSubset(indefinite, set)), indefinite]);
    return true;
  }
}

function isSubset(part: Uint32Array, whole: Uint32Array): boolean {
  for (let word = 0; word < part.length; word++) {
    if ((part[word]! & ~whole[word]!) !== 0) return false;
  }
  return true;
}

function findTwins(intervals: readonly Interval[], indefinite: readonly number[]): Map<number, number> {
  const latest = new Map<Identity, number>();
  const twins = new Map<number, number>();
  for (const index of indefinite) {
    const { f, value } = intervals[index]!.operation;
    const what = identify([f, value]);
    const twin = latest.get(what);
    if (twin !== undefined) twins.set(index, twin);
    latest.set(what, index);
  }
  return twins;
}
