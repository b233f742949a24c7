import { assert, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import {
  checkLinearizable,
  checkLinKV,
  type Model,
  REGISTER,
} from "../../../../lib/workbench/checkers/linearizable/mod.ts";
import { pairs } from "../../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";

/** A list of letters, as one string: the order of appends matters. */
const LIST: Model<string> = {
  name: "list",
  init: () => "",
  step: (state, { f, value, type }) => {
    if (f === "append") return state + value;
    return value === state || type === "info" ? state : undefined;
  },
};

/** An operation of a generated history, with its start and duration. */
interface Draw {
  f: string;
  value: unknown;
  type: Operation["type"];
  begin: number;
  duration: number;
}

/** Up to seven operations with random results: many such histories are nearly linearizable. */
function histories(operation: fc.Arbitrary<{ f: string; value: unknown }>): fc.Arbitrary<Operation[]> {
  const draw = fc.record({
    operation,
    type: fc.constantFrom<Operation["type"][]>("ok", "ok", "ok", "info", "info", "fail", "invoke"),
    begin: fc.nat({ max: 20 }),
    duration: fc.integer({ min: 1, max: 10 }),
  });
  return fc.array(draw, { minLength: 1, maxLength: 7, size: "max" })
    .map((draws) => toHistory(draws.map(({ operation, ...rest }) => ({ ...operation, ...rest }))));
}

const REGISTER_HISTORIES = histories(fc.oneof(
  fc.record({ f: fc.constant("read"), value: fc.constantFrom(null, 0, 1, 1, 2) }),
  fc.record({ f: fc.constant("write"), value: fc.nat({ max: 2 }) }),
  fc.record({ f: fc.constant("cas"), value: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })) }),
));

const LIST_HISTORIES = histories(fc.oneof(
  fc.record({ f: fc.constant("read"), value: fc.constantFrom("", "a", "b", "ab", "ba", "aab") }),
  fc.record({ f: fc.constant("append"), value: fc.constantFrom("a", "b") }),
));

function toHistory(draws: Draw[]): Operation[] {
  const entries = draws.flatMap(({ f, value, type, begin, duration }, process) => {
    const asked = f === "read" ? null : value;
    const invoke = { at: begin, type: "invoke" as const, process, f, value: ["k", asked] };
    return type === "invoke" ? [invoke] : [invoke, { ...invoke, at: begin + duration, type, value: ["k", value] }];
  });
  return entries.sort((a, b) => a.at - b.at).map(({ at, ...operation }, index) => ({ ...operation, index, time: at }));
}

/** An operation that may have happened. */
interface Possible {
  f: string;
  value: unknown;
  type: "ok" | "info";
  begin: number;
  end: number;
}

function possible(history: readonly Operation[]): Possible[] {
  return history.filter(({ type }) => type === "invoke").flatMap((invocation): Possible[] => {
    const { index, process } = invocation;
    const end = history.find((operation) => operation.process === process && operation.type !== "invoke");
    if (end?.type === "fail") return [];
    const { f, value } = end?.type === "ok" ? end : invocation;
    const type = end?.type === "ok" ? "ok" : "info";
    return [{ f, value: (value as unknown[])[1], type, begin: index, end: end?.type === "ok" ? end.index : Infinity }];
  });
}

/**
 * Tries all orders of operations. Calls `visit` with each state in which no operation is left that completed before
 * `end`.
 */
function tryAll<State>(
  model: Model<State>,
  remaining: Possible[],
  end: number,
  state: State,
  visit: (state: State) => void,
): void {
  if (remaining.every((operation) => operation.end >= end)) visit(state);
  for (const operation of remaining) {
    if (remaining.some((other) => other.end < operation.begin)) continue;
    const after = model.step(state, operation);
    if (after !== undefined) tryAll(model, remaining.filter((other) => other !== operation), end, after, visit);
  }
}

/** True if some order explains all results. */
function bruteForce<State>(history: readonly Operation[], model: Model<State>): boolean {
  let works = false;
  tryAll(model, possible(history), Infinity, model.init(), () => works = true);
  return works;
}

Deno.test("checkLinKV agrees with brute force on thousands of small histories", () => {
  const counts = { true: 0, false: 0 };
  fc.assert(
    fc.property(REGISTER_HISTORIES, (history) => {
      const expected = bruteForce(history, REGISTER);
      counts[`${expected}`]++;
      assertEquals(checkLinKV(history).valid, expected);
    }),
    { numRuns: 5000, seed: 7 },
  );
  assertGreater(counts.true, 1000);
  assertGreater(counts.false, 1000);
});

Deno.test("checkLinearizable agrees with brute force for a list", () => {
  const split = ({ value }: Operation) => value as [unknown, unknown];
  const counts = { true: 0, false: 0 };
  fc.assert(
    fc.property(LIST_HISTORIES, (history) => {
      const expected = bruteForce(history, LIST);
      counts[`${expected}`]++;
      for (const isReadOnly of [undefined, ({ f }: { f: string }) => f === "read"]) {
        for (const equal of [undefined, (a: string, b: string) => a === b]) {
          assertEquals(checkLinearizable(history, { ...LIST, isReadOnly, equal }, { split }).valid, expected);
        }
      }
    }),
    { numRuns: 2000, seed: 13 },
  );
  assertGreater(counts.true, 500);
  assertGreater(counts.false, 500);
});

Deno.test("checkLinKV finds the same with a model without isReadOnly", () => {
  const { isReadOnly: _, ...plain } = REGISTER;
  const split = ({ value }: Operation) => value as [unknown, unknown];
  fc.assert(
    fc.property(REGISTER_HISTORIES, (history) => {
      assertEquals(checkLinearizable(history, plain, { split }).valid, checkLinKV(history).valid);
    }),
    { numRuns: 1000, seed: 8 },
  );
});

Deno.test("checkLinKV names the first operation that makes a history nonlinearizable, and the states before it", () => {
  let wrong = 0;
  fc.assert(
    fc.property(REGISTER_HISTORIES, (history) => {
      const verdict = checkLinKV(history);
      if (verdict.valid === true) return;
      wrong++;
      const { explanation } = verdict.anomalies![0]!;
      const process = Number(/at which process (\d+)'s/.exec(explanation)![1]);
      const { index } = history.find((operation) => operation.process === process && operation.type === "ok")!;
      const failed = history.filter(({ type }) => type === "fail").map(({ process }) => process);
      const before = (end: number) =>
        history.filter((operation) => operation.index < end && !failed.includes(operation.process));
      assert(bruteForce(before(index), REGISTER));
      assert(!bruteForce(before(index + 1), REGISTER));
      // Operations that are open at that point may have taken effect with the results they got later.
      const states = new Set<unknown>();
      const open = possible(history).filter(({ begin, end }) => begin < index && end !== index);
      tryAll(REGISTER, open, index, null, (state) => states.add(state));
      const shown = /can only contain (.*)$/.exec(explanation)![1]!.split(" or ").map((state) => JSON.parse(state));
      assertEquals(shown.sort(), [...states].sort());
    }),
    { numRuns: 2000, seed: 9 },
  );
  assertGreater(wrong, 500);
});

/** Runs operations on a correct register: each takes effect between its invocation and its completion. */
function play(draws: readonly { process: number; draw: number }[]): Operation[] {
  const history: Operation[] = [];
  const open = new Map<number, { f: string; value: unknown; type?: Operation["type"] }>();
  let state: unknown = null;
  const log = (process: number, type: Operation["type"], f: string, value: unknown) =>
    history.push({ index: history.length, time: history.length * 1e6, process, type, f, value: ["k", value] });
  // After an operation of unknown outcome the process continues under a new number.
  const generations = new Map<number, number>();
  for (const { process: worker, draw } of draws) {
    const process = worker + 10 * (generations.get(worker) ?? 0);
    const current = open.get(worker);
    if (current === undefined) {
      const f = ["read", "read", "write", "cas"][draw % 4]!;
      const value = f === "read" ? null : f === "write" ? draw % 5 : [draw % 5, (draw >> 3) % 5];
      open.set(worker, { f, value });
      log(process, "invoke", f, value);
    } else if (current.type === undefined) {
      const happens = draw % 10 !== 0;
      current.type = draw % 5 === 0 ? "info" : "ok";
      if (!happens) current.type = draw % 20 === 0 ? "info" : "fail";
      else if (current.f === "read") current.value = state;
      else if (current.f === "write") state = current.value;
      else if ((current.value as unknown[])[0] === state) state = (current.value as unknown[])[1];
      else current.type = "fail";
    } else {
      log(process, current.type, current.f, current.value);
      open.delete(worker);
      if (current.type === "info") generations.set(worker, (generations.get(worker) ?? 0) + 1);
    }
  }
  return history;
}

Deno.test("checkLinKV accepts a correct register, however concurrent its clients", () => {
  const draws = fc.array(fc.record({ process: fc.nat({ max: 5 }), draw: fc.nat({ max: 9999 }) }), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(draws, (draws) => {
      const verdict = checkLinKV(play(draws));
      assertEquals([verdict.valid, verdict.anomalies], [true, []]);
    }),
    { numRuns: 500, seed: 10 },
  );
});

/** As `play`, followed by a write and a read of its value after all other operations. */
function playToEnd(draws: readonly { process: number; draw: number }[], read: number): Operation[] {
  const history = play(draws);
  const log = (type: Operation["type"], f: string, value: unknown) =>
    history.push({ index: history.length, time: history.length * 1e6, process: 999, type, f, value: ["k", value] });
  log("invoke", "write", 77);
  log("ok", "write", 77);
  log("invoke", "read", null);
  log("ok", "read", read);
  return history;
}

const DRAWS = fc.array(fc.record({ process: fc.nat({ max: 5 }), draw: fc.nat({ max: 9999 }) }), {
  maxLength: 100,
  size: "max",
});

Deno.test("checkLinKV rejects a read of a value that was never written", () => {
  let changed = 0;
  fc.assert(
    fc.property(DRAWS, fc.nat({ max: 99 }), (draws, pick) => {
      const history = playToEnd(draws, 77);
      assertEquals(checkLinKV(history).valid, true);
      const reads = history.filter(({ type, f }) => type === "ok" && f === "read");
      reads[pick % reads.length]!.value = ["k", 99];
      changed++;
      const { valid, anomalies } = checkLinKV(history);
      assertEquals([valid, anomalies!.map(({ type }) => type)], [false, ["nonlinearizable"]]);
    }),
    { numRuns: 300, seed: 14 },
  );
  assertEquals(changed, 300);
});

Deno.test("checkLinKV rejects a last read that misses the last write, unless an open operation explains it", () => {
  let changed = 0;
  fc.assert(
    fc.property(DRAWS, fc.nat({ max: 4 }), (draws, stale) => {
      const history = playToEnd(draws, stale);
      // An open operation may have written the same value.
      const open = pairs(history).filter(({ invocation, completion }) =>
        invocation.f !== "read" && (completion === undefined || completion.type === "info")
      );
      if (open.length > 0) return;
      changed++;
      assertEquals(checkLinKV(history).valid, false);
    }),
    { numRuns: 500, seed: 15 },
  );
  assertGreater(changed, 30);
});
