/**
 * Models: sequential specifications of objects, against which histories are checked.
 *
 * @module
 */

import { show } from "../../base/text.ts";
import { MalformedHistoryError } from "../explain.ts";
import { identify } from "../identify.ts";

/** An operation as a model sees it. */
export interface ModelOperation {
  /** The function. */
  f: string;
  /** The argument; if the operation was acknowledged, with its result. */
  value: unknown;
  /** `"ok"` if the operation was acknowledged; otherwise its result is unknown. */
  type: "ok" | "info";
}

/**
 * A sequential specification of an object: what it returns if it does one operation after another.
 *
 * @typeParam State The object's state: never `undefined`, and never changed in place.
 */
export interface Model<State> {
  /** Name of the object, for explanations: `"register"`. */
  name: string;
  /** Returns the initial state. */
  init(): State;
  /**
   * Does one operation.
   *
   * @returns The state after it; `undefined` if the operation cannot have this result in this state.
   * @throws {MalformedHistoryError} The object has no such operation.
   */
  step(state: State, operation: ModelOperation): State | undefined;
  /** True if an operation never changes the state. Optional; it makes the search much faster. */
  isReadOnly?(operation: ModelOperation): boolean;
  /**
   * True if two states are equal. Without it, states are compared as JSON, maps and sets by their contents; objects of
   * other classes throw a TypeError. With it, each state is compared with every other one in turn, which is slow for an
   * object with many states.
   */
  equal?(a: State, b: State): boolean;
}

/**
 * A register with the operations of lin-kv: `read` (the value is the result), `write` (the value to write) and `cas`
 * (`[from, to]`). Initially null.
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
    throw new MalformedHistoryError(
      `Cannot check ${f} of ${show(value)}: expected a read, a write or a cas of [from, to]`,
    );
  },
  isReadOnly: ({ f }) => f === "read",
};
