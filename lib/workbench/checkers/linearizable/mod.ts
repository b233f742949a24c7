/**
 * Linearizability: whether every operation can be given one moment between its invocation and its completion at which
 * it took effect, so that one copy of the object, doing one operation after another, would have answered the same.
 *
 * The search is Wing and Gong's, "Testing and Verifying Concurrent Objects", with the memory of Lowe, "Testing for
 * Linearizability": a configuration, which is the set of operations that have taken effect and the state they led to,
 * is explored once.
 *
 * @module
 */

import type { Operation } from "../../history/operation.ts";
import { attempts } from "../attempts.ts";
import { entry } from "../entry.ts";
import { checkOrUnknown, EXAMPLES, found, seconds } from "../explain.ts";
import { show } from "../../base/text.ts";
import { identify, type Identity, showIdentity } from "../identify.ts";
import { type Interval, type Linearization, linearize } from "./search.ts";
import { mergeValidity, type Verdict } from "../verdict.ts";

/** An operation as a model sees it. */
export interface ModelOperation {
  /** The function. */
  f: string;
  /** Argument and, where the operation is ok, result. */
  value: unknown;
  /** Whether the operation was acknowledged; otherwise its result is not known. */
  type: "ok" | "info";
}

/**
 * An object that does one operation after another. A model of one's own makes any history checkable.
 *
 * @typeParam State What the object remembers; never `undefined`, and never changed in place.
 */
export interface Model<State> {
  /** The object's name, for people: `"register"`. */
  name: string;
  /** The state at the beginning. */
  init(): State;
  /**
   * Does one operation.
   *
   * @returns The state after it; `undefined` where the object, in this state, could not do it with that result.
   * @throws {TypeError} The object has no such operation.
   */
  step(state: State, operation: ModelOperation): State | undefined;
  /**
   * Whether an operation leaves every state in which it is possible as it is. Optional; it makes the search much
   * quicker.
   */
  isReadOnly?(operation: ModelOperation): boolean;
  /**
   * Whether two states are the same. Optional: without it, states are compared as JSON, maps and sets by what they hold; objects
   * of other classes are refused with a TypeError. With it, each state is compared with every other one that was come to, so that
   * an object of many states is better off without.
   */
  equal?(a: State, b: State): boolean;
}

/** How a history is checked for linearizability. */
export interface LinearizableOptions {
  /**
   * Tells which of several independent objects an operation concerns, and its value without that key. Without it, all
   * operations concern one object. The fewer operations an object has, the quicker the search.
   *
   * @throws {TypeError} The value has no such shape.
   */
  split?(operation: Operation): [key: unknown, value: unknown];
  /**
   * How many configurations to explore for each object at most; the verdict is `"unknown"` where they do not suffice.
   */
  budget?: number;
}

/** The default of {@linkcode LinearizableOptions.budget}. */
export const BUDGET = 300_000;

/**
 * A register with the operations of lin-kv: `read` (the value is what was read), `write` (what to write) and `cas`
 * (`[from, to]`). Null at the beginning.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { REGISTER } from "./mod.ts";
 *
 * assertEquals(REGISTER.step(1, { f: "cas", value: [1, 2], type: "ok" }), 2);
 * assertEquals(REGISTER.step(1, { f: "read", value: 2, type: "ok" }), undefined);
 * ```
 */
export const REGISTER: Model<unknown> = {
  name: "register",
  init: () => null,
  step(state, { f, value, type }) {
    if (f === "read") return type === "info" || identify(value) === identify(state) ? state : undefined;
    if (f === "write") return value ?? null;
    if (f === "cas" && Array.isArray(value) && value.length === 2) {
      return identify(value[0]) === identify(state) ? value[1] ?? null : undefined;
    }
    throw new TypeError(`Cannot check ${f} of ${show(value)}: expected a read, a write or a cas of [from, to]`);
  },
  isReadOnly: ({ f }) => f === "read",
};

/**
 * Checks a history of lin-kv: `read`, `write` and `cas` with values `[key, value]`, of independent registers.
 *
 * @param budget See {@linkcode LinearizableOptions}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkLinKV } from "./mod.ts";
 *
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "write", value: ["k", 1] },
 *   { index: 1, time: 1e6, type: "ok", process: 0, f: "write", value: ["k", 1] },
 *   { index: 2, time: 2e6, type: "invoke", process: 1, f: "read", value: ["k", null] },
 *   { index: 3, time: 3e6, type: "ok", process: 1, f: "read", value: ["k", null] },
 * ] as const;
 * assertEquals(checkLinKV(history).valid, false);
 * ```
 */
export function checkLinKV(history: readonly Operation[], { budget }: { budget?: number } = {}): Verdict {
  return checkLinearizable(history, REGISTER, { split: splitKey, budget });
}

function splitKey({ index, value }: Operation): [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new TypeError(`Cannot check operation ${index} with value ${show(value)}: expected [key, value]`);
}

/**
 * Checks a history against a model. Operations that failed did not happen; those of type info may have taken effect at
 * any time after their invocation, or never.
 *
 * @returns `keys` (how many objects there were), `failures` and `undecided` (the first few that are not linearizable,
 *   or whose budget ran out), `configurations` (how many were explored in all).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { checkLinearizable, type Model } from "./mod.ts";
 *
 * const counter: Model<number> = {
 *   name: "counter",
 *   init: () => 0,
 *   step: (state, { f, value }) => f === "increment" ? state + 1 : value === state ? state : undefined,
 *   equal: (a, b) => a === b,
 * };
 * const history = [
 *   { index: 0, time: 0, type: "invoke", process: 0, f: "increment", value: null },
 *   { index: 1, time: 1, type: "invoke", process: 1, f: "read", value: null },
 *   { index: 2, time: 2, type: "ok", process: 1, f: "read", value: 1 },
 * ] as const;
 * assertEquals(checkLinearizable(history, counter).valid, true);
 * ```
 */
export function checkLinearizable<State>(
  history: readonly Operation[],
  model: Model<State>,
  { split = ({ value }) => [null, value], budget = BUDGET }: LinearizableOptions = {},
): Verdict {
  return checkOrUnknown(() => {
    const results = [...intervals(history, split)].map(([key, operations]) => ({
      key,
      search: linearize(operations, model, budget),
    }));
    const failures = results.filter(({ search }) => search.valid === false);
    const undecided = results.filter(({ search }) => search.valid === "unknown");
    const anomalies = [
      ...found("nonlinearizable", failures, ({ key, search }) => tellFailure(key, search, model)),
      ...found(
        "budget-exceeded",
        undecided,
        ({ key, search }) =>
          `${nameOf(key, model)} could not be decided: gave up after ${search.configurations} configurations`,
      ),
    ];
    return {
      valid: mergeValidity(results.map(({ search }) => search.valid)),
      anomalies,
      keys: results.length,
      failures: failures.slice(0, EXAMPLES).map(({ key }) => key),
      undecided: undecided.slice(0, EXAMPLES).map(({ key }) => key),
      configurations: results.reduce((sum, { search }) => sum + search.configurations, 0),
    };
  });
}

/** By object, its operations in the order of their invocations; those that failed are left out. */
function intervals(
  history: readonly Operation[],
  split: NonNullable<LinearizableOptions["split"]>,
): Map<Identity, Interval[]> {
  const byKey = new Map<Identity, Interval[]>();
  for (const { type, f, invocation, completion, end } of attempts(history)) {
    if (type === "fail") continue;
    const [key, value] = split(type === "ok" ? completion : invocation);
    entry(byKey, identify(key), () => []).push({
      operation: { f, value, type },
      begin: invocation.index,
      end: type === "ok" ? end : Infinity,
      invocation,
      completion,
    });
  }
  for (const ofKey of byKey.values()) ofKey.sort((a, b) => a.begin - b.begin);
  return byKey;
}

function nameOf(key: Identity, { name }: { name: string }): string {
  return key === null ? `the ${name}` : `key ${showIdentity(key)}`;
}

/**
 * The operation that has no place, the order that was found for those before it, and what the object holds at that
 * point.
 */
function tellFailure<State>(key: Identity, { blocked }: Linearization<State>, model: Model<State>): string {
  const { operation, ordered, last, states } = blocked!;
  const before = last.length === 0 ? ["  no operation need have taken effect before it"] : [
    `  the ${ordered} before it can be put in an order${ordered > last.length ? "; its end is:" : ":"}`,
    ...last.map((interval) => `    ${tellInterval(interval)}`),
  ];
  return [
    `${nameOf(key, model)} is not linearizable: ` +
    `there is no moment at which ${tellInterval(operation)} could have taken effect`,
    ...before,
    `  at that point the ${model.name} can only hold ${states.map((state) => show(state)).join(" or ")}`,
  ].join("\n");
}

function tellInterval({ operation: { f, value, type }, invocation, completion }: Interval): string {
  const end = type === "ok" ? `to ${seconds(completion.time)}` : "on, outcome unknown";
  return `process ${invocation.process}'s ${f} ${show(value)} (from ${seconds(invocation.time)} ${end})`;
}
