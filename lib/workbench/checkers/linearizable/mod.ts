/**
 * The checker of linearizability: each operation appears to take effect at one moment between its invocation and its
 * completion. In the order of these moments, every result is the one that a single object would return.
 *
 * 1. Pair invocations with completions, and split them by object, since each can be checked on its own (`mod.ts`).
 * 2. Search for a linearization of each object's operations (`search.ts`), allowed by its model (`model.ts`).
 *    `linearized_set.ts` is the set of operations that have taken effect so far, `explored.ts` the memory of the
 *    search.
 * 3. If there is none, explain where the search got stuck.
 *
 * Sources: Herlihy, Wing, "Linearizability" (1990). Wing, Gong, "Testing and Verifying Concurrent Objects" (1993): the
 * search. Lowe, "Testing for Linearizability" (2017): no configuration is explored twice.
 *
 * @module
 */

import { getOrInsert } from "../../base/get_or_insert.ts";
import { show } from "../../base/text.ts";
import type { Operation } from "../../history/operation.ts";
import { attempts } from "../attempts.ts";
import { type ClusterShape, onNode } from "../cluster_shape.ts";
import { checkOrUnknown, EXAMPLES, explainCases, MalformedHistoryError, seconds } from "../explain.ts";
import { identify, type Identity, showIdentity, valueOf } from "../identify.ts";
import { type Anomaly, mergeValidity, type Verdict } from "../verdict.ts";
import type { Interval } from "./interval.ts";
import { type Model, REGISTER } from "./model.ts";
import { linearize, type SearchResult } from "./search.ts";

export { type Model, type ModelOperation, REGISTER } from "./model.ts";

/** Options for {@linkcode checkLinearizable}. */
export interface LinearizableOptions extends ClusterShape {
  /**
   * Splits an operation's value into the key of an independent object and the value without that key. Without it, all
   * operations concern one object. The fewer operations an object has, the faster the search.
   *
   * @throws {MalformedHistoryError} The value is malformed.
   */
  split?(operation: Operation): [key: unknown, value: unknown];
  /**
   * Number of configurations to explore for each object; if that is not enough, the verdict is `"unknown"`.
   * `@default` {@linkcode CONFIGURATION_BUDGET}
   */
  budget?: number;
}

/** Default of {@linkcode LinearizableOptions.budget}. */
export const CONFIGURATION_BUDGET = 300_000;

/**
 * Checks a history of lin-kv: `read`, `write` and `cas` with values `[key, value]`, where each key is a register. A
 * read of null is one of a key that does not exist. Knossos takes its result for unknown, and finds less.
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
export function checkLinKV(
  history: readonly Operation[],
  { budget, nodes, concurrency }: Omit<LinearizableOptions, "split"> = {},
): Verdict {
  const options = { split: splitKey, budget, nodes, concurrency };
  const check = (history: readonly Operation[]) => checkLinearizable(history, REGISTER, options);
  const repeated = withRequestedValues(history);
  const verdict = check(repeated);
  const isMissed = verdict.valid === false && check(repeated.map(withUnknownNull)).valid === true;
  return isMissed ? { ...verdict, anomalies: verdict.anomalies?.map(asOverlooked) } : verdict;
}

/**
 * Gives acknowledgements of writes and cas the value of their request: many systems acknowledge without repeating it.
 */
export function withRequestedValues(history: readonly Operation[]): Operation[] {
  const open = new Map<unknown, Operation>();
  return history.map((operation) => {
    const { type, f, process, value } = operation;
    if (type === "invoke") open.set(process, operation);
    const requested = open.get(process)?.value ?? null;
    const isWritten = type === "ok" && (f === "write" || f === "cas") && requested !== null;
    return isWritten && identify(value) !== identify(requested) ? { ...operation, value: requested } : operation;
  });
}

/** Turns a read of null into one whose result is unknown, as Knossos takes it. */
function withUnknownNull(operation: Operation): Operation {
  const isNull = operation.type === "ok" && operation.f === "read" && splitKey(operation)[1] === null;
  return isNull ? { ...operation, type: "info" } : operation;
}

function asOverlooked(anomaly: Anomaly): Anomaly {
  return anomaly.type === "nonlinearizable" ? { ...anomaly, maelstrom: "overlooks" } : anomaly;
}

function splitKey({ index, value }: Operation): [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new MalformedHistoryError(`Cannot check operation ${index} with value ${show(value)}: expected [key, value]`);
}

/**
 * Checks a history against a model. Failed operations did not happen. Those of type info may have taken effect at any
 * time after their invocation, or never.
 *
 * @returns Figures: `keys` (number of objects), `failures` and `undecided` (keys of the first few objects that are not
 *   linearizable, or for which the budget was too small), `configurations` (number explored).
 * @throws What the model throws, except a {@linkcode MalformedHistoryError}: that makes the verdict unknown.
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
  { split = ({ value }) => [null, value], budget = CONFIGURATION_BUDGET, ...shape }: LinearizableOptions = {},
): Verdict {
  return checkOrUnknown(() => {
    const results = [...intervalsByKey(history, split, shape)].map(([key, intervals]) => ({
      key,
      search: linearize(intervals, model, budget),
    }));
    const failures = results.filter(({ search }) => search.valid === false);
    const undecided = results.filter(({ search }) => search.valid === "unknown");
    return {
      valid: mergeValidity(results.map(({ search }) => search.valid)),
      anomalies: [
        ...explainCases(
          "nonlinearizable",
          failures,
          ({ key, search }) => explainFailure(key, search, model),
          ({ key, search: { blocked } }) => ({
            operations: [...blocked!.last, blocked!.operation].map(({ completion }) => completion),
            ...key === null ? {} : { key: valueOf(key) },
            values: [blocked!.operation.operation.value],
          }),
        ),
        ...explainCases(
          "budget-exceeded",
          undecided,
          ({ key, search }) =>
            `${objectName(key, model)} is undecided: the budget ran out after ${search.configurations} configurations`,
          ({ key }) => key === null ? {} : { key: valueOf(key) },
        ),
      ],
      keys: results.length,
      failures: failures.slice(0, EXAMPLES).map(({ key }) => key),
      undecided: undecided.slice(0, EXAMPLES).map(({ key }) => key),
      configurations: results.reduce((sum, { search }) => sum + search.configurations, 0),
    };
  });
}

/** By object, its operations in order of invocation, except failed ones. All may have failed. */
function intervalsByKey(
  history: readonly Operation[],
  split: NonNullable<LinearizableOptions["split"]>,
  shape: ClusterShape,
): Map<Identity, Interval[]> {
  const byKey = new Map<Identity, Interval[]>();
  for (const { type, f, node, invocation, completion, end } of attempts(history, shape)) {
    const [key, value] = split(type === "ok" ? completion : invocation);
    const ofKey = getOrInsert(byKey, identify(key), () => []);
    if (type === "fail") continue;
    ofKey.push({
      operation: { f, value, type },
      begin: invocation.index,
      end: type === "ok" ? end : Infinity,
      node,
      invocation,
      completion,
    });
  }
  for (const ofKey of byKey.values()) ofKey.sort((a, b) => a.begin - b.begin);
  return byKey;
}

function objectName(key: Identity, { name }: { name: string }): string {
  return key === null ? `the ${name}` : `key ${showIdentity(key)}`;
}

/** Explains the operation that fits nowhere: a linearization of those before it, and the states that these lead to. */
function explainFailure<State>(key: Identity, { blocked }: SearchResult<State>, model: Model<State>): string {
  const { operation, linearized, last, states } = blocked!;
  const before = last.length === 0 ? ["  no operation has to take effect before it, so nothing has changed yet"] : [
    `  the ${linearized} before it can be linearized${linearized > last.length ? ", ending with:" : ":"}`,
    ...last.map((interval) => `    ${describeInterval(interval)}`),
  ];
  return [
    `${objectName(key, model)} is not linearizable: ` +
    `there is no moment at which ${describeInterval(operation)} can have taken effect`,
    ...before,
    `  at that point the ${model.name} can only contain ${states.map((state) => show(state)).join(" or ")}`,
  ].join("\n");
}

function describeInterval({ operation: { f, value, type }, node, invocation, completion }: Interval): string {
  const end = type === "ok" ? `to ${seconds(completion.time)}` : "on, outcome unknown";
  return `process ${invocation.process}'s ${f} ${show(value)}${onNode(node)} (from ${seconds(invocation.time)} ${end})`;
}
