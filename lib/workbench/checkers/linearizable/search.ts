/**
 * The search for a linearization, depth first.
 *
 * A configuration is a set of operations that have taken effect, and the state they led to. From each configuration:
 *
 * 1. List the operations that can take effect next: of those left, the ones invoked before the first of them completes.
 * 2. Let one take effect. If the configuration it leads to has been explored, try the next one.
 * 3. If none is left, undo the last operation.
 * 4. Once all completed operations have taken effect, there is a linearization; if nothing is left to undo, there is
 *    none.
 *
 * Here an operation is called completed if it was acknowledged. Those that were not, with `end` infinite, may take
 * effect at any time after their invocation, or never.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { EXAMPLES } from "../explain.ts";
import { identify, type Identity } from "../identify.ts";
import type { Validity } from "../verdict.ts";
import { addConfiguration, createExplored, type Explored } from "./explored.ts";
import type { Interval } from "./interval.ts";
import { LinearizedSet } from "./linearized_set.ts";
import type { Model } from "./model.ts";

/** The result of a search. */
export interface SearchResult<State> {
  valid: Validity;
  /** Number of configurations explored. */
  configurations: number;
  /** The point at which the search got furthest. Set if `valid` is false. */
  blocked?: Blocked<State>;
}

/** An operation that cannot be linearized, although all operations that completed before it can. */
export interface Blocked<State> {
  operation: Interval;
  /** Number of operations that can be linearized before it. */
  linearized: number;
  /** The last few of them, in one such order. */
  last: Interval[];
  /** The states that such orders lead to; the first few. */
  states: State[];
}

/** Number of comparisons with other configurations that the budget allows per configuration, on average. */
const COMPARISONS = 50;

/** An operation that can take effect next. */
interface Step<State> {
  /** Its index among the intervals. */
  index: number;
  /** The state after it. */
  after: State;
}

/** A configuration on the current path. */
interface Configuration<State> {
  /** The operation that took effect last; -1 for the initial configuration. */
  index: number;
  state: State;
  /** The steps that have not been tried yet. The last one is tried first. */
  steps: Step<State>[];
}

/** State of a search. */
interface Search<State> {
  readonly intervals: readonly Interval[];
  readonly model: Model<State>;
  /** Numbers distinct states. */
  readonly idOf: (state: State) => number;
  /** The operations on the path. */
  readonly linearized: LinearizedSet;
  readonly explored: Explored;
  /** From the initial configuration to the current one. */
  readonly path: Configuration<State>[];
  /** The furthest point so far. */
  blocked?: Blocked<State>;
  /** Ids of `blocked.states`. */
  readonly blockedIds: Set<number>;
}

/**
 * Searches for an order of all completed operations and any of the others. The model must allow it.
 *
 * @param intervals In order of invocation.
 * @param budget Number of configurations to explore at most.
 */
export function linearize<State>(
  intervals: readonly Interval[],
  model: Model<State>,
  budget: number,
): SearchResult<State> {
  const search = createSearch(intervals, model);
  const { linearized, explored, idOf, path } = search;
  let configurations = 0;
  if (linearized.missing > 0) enter(search, -1, model.init());
  while (linearized.missing > 0) {
    const { index, steps } = path.at(-1)!;
    const step = steps.pop();
    if (step === undefined) {
      path.pop();
      if (path.length === 0) return { valid: false, configurations, blocked: search.blocked };
      linearized.delete(index);
      continue;
    }
    linearized.add(step.index);
    const key = `${idOf(step.after)} ${linearized.completedKey()}`;
    if (!addConfiguration(explored, key, linearized.uncompletedBits())) {
      linearized.delete(step.index);
      continue;
    }
    if (configurations === budget || explored.comparisons > COMPARISONS * budget) {
      return { valid: "unknown", configurations };
    }
    configurations++;
    if (linearized.missing > 0) enter(search, step.index, step.after);
  }
  return { valid: true, configurations };
}

function createSearch<State>(intervals: readonly Interval[], model: Model<State>): Search<State> {
  return {
    intervals,
    model,
    idOf: createNumbering(model),
    linearized: new LinearizedSet(intervals),
    explored: createExplored(),
    path: [],
    blockedIds: new Set(),
  };
}

/** Numbers distinct states 0, 1, 2 … */
function createNumbering<State>({ equal }: Model<State>): (state: State) => number {
  if (equal === undefined) {
    const numbers = new Map<Identity, number>();
    return (state) => getOrInsert(numbers, identify(state), () => numbers.size);
  }
  const states: State[] = [];
  return (state) => {
    const number = states.findIndex((other) => equal(other, state));
    return number >= 0 ? number : states.push(state) - 1;
  };
}

/** Extends the path by the configuration in which the operation `index` took effect last. */
function enter<State>(search: Search<State>, index: number, state: State): void {
  const { enabled, due } = search.linearized.next();
  search.path.push({ index, state, steps: stepsFrom(search, state, enabled, index) });
  recordProgress(search, due, state);
}

/**
 * Lists the steps that are worth trying, of the operations that are enabled.
 *
 * - A completed read-only operation takes effect at once, without an alternative: if there is a linearization, moving
 *   that operation here gives another one.
 * - An operation that may never have happened is left out if it changes nothing. Directly after such an operation, a
 *   step is left out if it leads to the same state without that operation.
 */
function stepsFrom<State>(
  { intervals, model, idOf, path }: Search<State>,
  state: State,
  enabled: readonly number[],
  last: number,
): Step<State>[] {
  // The state without the last operation, if that may never have happened.
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

/**
 * Records how far the search got. The furthest point is the one whose due operation completes last.
 *
 * @param due Of the operations that have not taken effect, the one that completes first.
 * @param state The state that the path leads to.
 */
function recordProgress<State>(search: Search<State>, due: number, state: State): void {
  const { intervals, path, blockedIds } = search;
  const operation = intervals[due]!;
  const furthest = search.blocked?.operation.end ?? -1;
  if (operation.end < furthest) return;
  if (operation.end > furthest) {
    const last = path.slice(1).slice(-EXAMPLES).map(({ index }) => intervals[index]!);
    search.blocked = { operation, linearized: path.length - 1, last, states: [] };
    blockedIds.clear();
  }
  const id = search.idOf(state);
  if (blockedIds.has(id) || blockedIds.size === EXAMPLES) return;
  blockedIds.add(id);
  search.blocked!.states.push(state);
}
