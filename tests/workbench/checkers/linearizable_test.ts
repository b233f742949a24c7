// @ts-types="../../../types/assert.d.ts"
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { checkLinearizable, checkLinKv, type Model, REGISTER } from "../../../lib/workbench/checkers/linearizable.ts";
import type { Operation } from "../../../lib/workbench/operation.ts";
import { assertSameVerdict, testRecorded } from "../recorded.ts";
import { type Line, sequential } from "./sequential.ts";

testRecorded("checkLinKv agrees with Maelstrom on every recorded history", ["lin-kv"], (recorded) => {
  const verdict = checkLinKv(recorded.history);
  assertSameVerdict(recorded, verdict);
  const { workload } = recorded.results;
  assertEquals(verdict.failures, workload.failures);
  if (verdict.valid === true) return;
  // Knossos names the operation that has no place, too.
  const { op: { process, f, value, index } } = workload.results.get(0).linearizable;
  const { time } = recorded.history[index]!;
  const [anomaly] = verdict.anomalies!;
  assertEquals([anomaly!.type, anomaly!.count], ["nonlinearizable", 1]);
  assertStringIncludes(anomaly!.explanation.split("\n")[0]!, `process ${process}'s ${f} ${value} (from`);
  assertStringIncludes(anomaly!.explanation.split("\n")[0]!, `to ${(time / 1e9).toFixed(3)} s)`);
});

/** Operations on key k, one after another. */
function registers(...lines: (readonly [Operation["type"], string, unknown, unknown?])[]): Operation[] {
  return sequential(
    lines.map(([type, f, value, result = value], process): Line => [process, type, f, ["k", value], ["k", result]]),
  );
}

const CASES: Record<string, { flawed: Operation[]; repaired: Operation[] }> = {
  "a stale read": {
    flawed: registers(["ok", "write", 1], ["ok", "write", 2], ["ok", "read", null, 1]),
    repaired: registers(["ok", "write", 1], ["ok", "write", 2], ["ok", "read", null, 2]),
  },
  "a read of nothing after a write": {
    flawed: registers(["ok", "write", 1], ["ok", "read", null]),
    repaired: registers(["ok", "read", null], ["ok", "write", 1]),
  },
  "a cas from a value that is not there": {
    flawed: registers(["ok", "write", 1], ["ok", "cas", [2, 3]]),
    repaired: registers(["ok", "write", 2], ["ok", "cas", [2, 3]]),
  },
  "a cas that did nothing": {
    flawed: registers(["ok", "write", 1], ["ok", "cas", [1, 2]], ["ok", "read", null, 1]),
    repaired: registers(["ok", "write", 1], ["fail", "cas", [1, 2]], ["ok", "read", null, 1]),
  },
  "a failed write that is read": {
    flawed: registers(["ok", "write", 1], ["fail", "write", 2], ["ok", "read", null, 2]),
    repaired: registers(["ok", "write", 1], ["info", "write", 2], ["ok", "read", null, 2]),
  },
  "a write of unknown outcome that comes and goes": {
    flawed: registers(["ok", "write", 1], ["info", "write", 2], ["ok", "read", null, 2], ["ok", "read", null, 1]),
    repaired: registers(["ok", "write", 1], ["info", "write", 2], ["ok", "read", null, 1], ["ok", "read", null, 2]),
  },
  "a write that is never completed and read before it begins": {
    flawed: registers(["ok", "write", 1], ["ok", "read", null, 2], ["invoke", "write", 2]),
    repaired: registers(["ok", "write", 1], ["invoke", "write", 2], ["ok", "read", null, 2]),
  },
};

for (const [name, { flawed, repaired }] of Object.entries(CASES)) {
  Deno.test(`checkLinKv finds ${name}, and does not where it is repaired`, () => {
    const verdict = checkLinKv(flawed);
    assertEquals([verdict.valid, verdict.failures], [false, ["k"]]);
    assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["nonlinearizable", 1]]);
    const right = checkLinKv(repaired);
    assertEquals([right.valid, right.anomalies, right.failures], [true, [], []]);
  });
}

Deno.test("checkLinKv explains what has no place, what comes before it and what the register can hold", () => {
  const history = registers(["ok", "write", 1], ["info", "write", 3], ["ok", "write", 2], ["ok", "read", null, 1]);
  assertEquals(
    checkLinKv(history).anomalies![0]!.explanation,
    'Key "k" is not linearizable: there is no moment at which process 3\'s read 1 (from 6.000 s to 7.000 s) could have taken effect\n' +
      "  the 2 before it can be put in an order:\n" +
      "    process 0's write 1 (from 0.000 s to 1.000 s)\n" +
      "    process 2's write 2 (from 4.000 s to 5.000 s)\n" +
      "  at that point the register can only hold 2 or 3",
  );
  assertEquals(
    checkLinKv(registers(["ok", "read", null, 1])).anomalies![0]!.explanation,
    'Key "k" is not linearizable: there is no moment at which process 0\'s read 1 (from 0.000 s to 1.000 s) could have taken effect\n' +
      "  no operation need have taken effect before it\n" +
      "  at that point the register can only hold null",
  );
});

Deno.test("checkLinKv checks each key by itself", () => {
  const lines = (key: unknown, read: number): Line[] => [
    [0, "ok", "write", [key, 1]],
    [0, "ok", "read", [key, null], [key, read]],
  ];
  const verdict = checkLinKv(sequential([...lines(0, 1), ...lines("0", 1), ...lines(1, 2), ...lines({ a: 1 }, 3)]));
  assertEquals([verdict.valid, verdict.keys, verdict.failures?.toString()], [false, 4, '1,\u0000{"a":1}']);
  assertEquals(verdict.anomalies![0]!.count, 2);
});

Deno.test("checkLinKv: which operation of unknown outcome explains a read is open until the end", () => {
  // Either of the first two explains the first read, but only the write can explain the second.
  const history = registers(
    ["info", "write", 1],
    ["info", "cas", [0, 1]],
    ["ok", "write", 0],
    ["ok", "read", null, 1],
    ["ok", "write", 5],
    ["ok", "read", null, 1],
  );
  assertEquals(checkLinKv(history).valid, true);
});

Deno.test("checkLinKv: operations of unknown outcome cost little where nobody sees their effect", () => {
  const unknown = Array.from({ length: 20 }, (_, value) => ["info", "write", 100 + value] as const);
  const others = Array.from(
    { length: 50 },
    (_, value) => [["ok", "write", value], ["ok", "read", null, value]] as const,
  ).flat();
  const { valid, configurations } = checkLinKv(registers(...unknown, ...others));
  assertEquals([valid, configurations], [true, 100]);
  const wrong = checkLinKv(registers(...unknown, ...others, ["ok", "read", null, -1]));
  assertEquals(wrong.valid, false);
  // Each of the 20 may be the last to take effect at the beginning and after each of the 50 reads; which others did makes no difference.
  assertEquals(wrong.configurations, 100 + 20 * 51);
  const reads = Array.from({ length: 20 }, () => ["info", "read", null] as const);
  assertEquals(checkLinKv(registers(...reads, ...others, ["ok", "read", null, -1])).configurations, 100);
});

Deno.test("REGISTER: a read of unknown outcome fits any state", () => {
  assertEquals(REGISTER.step(3, { f: "read", value: null, type: "info" }), 3);
  assertEquals(REGISTER.step(3, { f: "read", value: null, type: "ok" }), undefined);
});

Deno.test("checkLinKv has nothing to object to in an empty history", () => {
  assertEquals(checkLinKv([]), { valid: true, anomalies: [], keys: 0, failures: [], undecided: [], configurations: 0 });
});

Deno.test("checkLinKv: a malformed history makes the verdict unknown", () => {
  for (
    const [line, says] of [
      [[0, "ok", "read", 3], "Cannot check operation 1 with value 3: expected [key, value]"],
      [[0, "ok", "cas", ["k", 3]], "Cannot check cas of 3: expected a read, a write or a cas of [from, to]"],
      [[0, "ok", "delete", ["k", 3]], "Cannot check delete of 3: expected a read, a write or a cas of [from, to]"],
    ] as [Line, string][]
  ) {
    const { valid, anomalies } = checkLinKv(sequential([line]));
    assertEquals([valid, anomalies![0]!.type, anomalies![0]!.explanation], ["unknown", "malformed-history", says]);
  }
});

/** Twelve writes at the same time, and a read of what nobody wrote: every order has to be tried. */
const HARD: Operation[] = [
  ...Array.from({ length: 12 }, (_, process) => ["invoke", process, "write", process] as const),
  ["invoke", 12, "read", null] as const,
  ["ok", 12, "read", 99] as const,
  ...Array.from({ length: 12 }, (_, process) => ["ok", process, "write", process] as const),
].map(([type, process, f, value], index) => ({ index, time: index, type, process, f, value: ["k", value] }));

Deno.test("checkLinKv gives up where the budget is used up, and always at the same point", () => {
  const verdict = checkLinKv(HARD, { budget: 1000 });
  assertEquals([verdict.valid, verdict.undecided, verdict.configurations], ["unknown", ["k"], 1000]);
  assertEquals(
    verdict.anomalies,
    [{
      type: "budget-exceeded",
      count: 1,
      explanation: 'Key "k" could not be decided: gave up after 1000 configurations',
    }],
  );
  const { valid, configurations } = checkLinKv(HARD);
  assertEquals(valid, false);
  // As many as it takes, and not one more.
  assertEquals(checkLinKv(HARD, { budget: configurations as number }).valid, false);
  assertEquals(checkLinKv(HARD, { budget: configurations as number - 1 }).valid, "unknown");
});

Deno.test("checkLinKv: one key that is wrong outweighs another that is undecided", () => {
  const wrong = sequential([[99, "ok", "read", ["x", null], ["x", 1]]]).map((operation) => ({
    ...operation,
    index: operation.index + HARD.length,
  }));
  const verdict = checkLinKv([...HARD, ...wrong], { budget: 1000 });
  assertEquals([verdict.valid, verdict.failures, verdict.undecided], [false, ["x"], ["k"]]);
});

Deno.test("checkLinearizable takes a model of one's own", () => {
  const queue: Model<readonly number[]> = {
    name: "queue",
    initial: [],
    step: (state, { f, value, type }) => {
      if (f === "enqueue") return [...state, value as number];
      return type === "ok" && state[0] !== value ? undefined : state.slice(1);
    },
    identify: (state) => state.join(),
  };
  const lines = (...dequeued: number[]): Line[] => [
    [0, "ok", "enqueue", 1],
    [1, "info", "dequeue", null],
    [2, "ok", "enqueue", 2],
    [3, "ok", "enqueue", 3],
    ...dequeued.map((value): Line => [4, "ok", "dequeue", null, value]),
  ];
  assertEquals(checkLinearizable(sequential(lines(1, 2)), queue).valid, true);
  assertEquals(checkLinearizable(sequential(lines(2, 3)), queue).valid, true);
  const verdict = checkLinearizable(sequential(lines(3)), queue);
  assertEquals([verdict.valid, verdict.failures], [false, [null]]);
  assertStringIncludes(verdict.anomalies![0]!.explanation, "The queue is not linearizable");
  assertStringIncludes(verdict.anomalies![0]!.explanation, "the queue can only hold [1,2,3] or [2,3]");
});

Deno.test("checkLinearizable: an operation of unknown outcome counts where the next one does not undo it", () => {
  const counter: Model<number> = {
    name: "counter",
    initial: 0,
    step: (state, { f, value }) => f === "increment" ? state + 1 : value === state ? state : undefined,
    identify: (state) => state,
  };
  const valid = (read: number) =>
    checkLinearizable(
      sequential([[0, "info", "increment", null], [1, "ok", "increment", null], [2, "ok", "read", null, read]]),
      counter,
    ).valid;
  assertEquals([0, 1, 2, 3].map(valid), [false, true, true, false]);
});

/** One operation of a generated history: what it is to do, and how long it takes. */
interface Draw {
  f: string;
  value: unknown;
  type: Operation["type"];
  begin: number;
  duration: number;
}

/** Up to seven operations on one register with any answers: most such histories are wrong, but not by far. */
const SMALL: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({
    operation: fc.oneof(
      fc.record({ f: fc.constant("read"), value: fc.constantFrom(null, 0, 1, 1, 2) }),
      fc.record({ f: fc.constant("write"), value: fc.nat({ max: 2 }) }),
      fc.record({ f: fc.constant("cas"), value: fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })) }),
    ),
    type: fc.constantFrom<Operation["type"][]>("ok", "ok", "ok", "info", "info", "fail", "invoke"),
    begin: fc.nat({ max: 20 }),
    duration: fc.integer({ min: 1, max: 10 }),
  }),
  { minLength: 1, maxLength: 7, size: "max" },
).map((draws) => toHistory(draws.map(({ operation, ...rest }) => ({ ...operation, ...rest }))));

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

/** Tries all orders of operations. Calls `visit` with the state wherever none remain that are completed before `end`. */
function tryAll(remaining: Possible[], end: number, state: unknown, visit: (state: unknown) => void) {
  if (remaining.every((operation) => operation.end >= end)) visit(state);
  for (const operation of remaining) {
    if (remaining.some((other) => other.end < operation.begin)) continue;
    const after = REGISTER.step(state, operation);
    if (after !== undefined) tryAll(remaining.filter((other) => other !== operation), end, after, visit);
  }
}

/** Whether some order works. */
function bruteForce(history: readonly Operation[]): boolean {
  let works = false;
  tryAll(possible(history), Infinity, null, () => works = true);
  return works;
}

Deno.test("checkLinKv agrees with trying all orders, on thousands of small histories", () => {
  const counts = { true: 0, false: 0 };
  fc.assert(
    fc.property(SMALL, (history) => {
      const expected = bruteForce(history);
      counts[`${expected}`]++;
      assertEquals(checkLinKv(history).valid, expected);
    }),
    { numRuns: 5000, seed: 7 },
  );
  assertGreater(counts.true, 1000);
  assertGreater(counts.false, 1000);
});

Deno.test("checkLinKv finds the same with a model that does not tell which operations only read", () => {
  const { isReadOnly: _, ...plain } = REGISTER;
  const split = ({ value }: Operation) => value as [unknown, unknown];
  fc.assert(
    fc.property(SMALL, (history) => {
      assertEquals(checkLinearizable(history, plain, { split }).valid, checkLinKv(history).valid);
    }),
    { numRuns: 1000, seed: 8 },
  );
});

Deno.test("checkLinKv names the operation up to which, but not with which, the history is linearizable, and the states there", () => {
  let wrong = 0;
  fc.assert(
    fc.property(SMALL, (history) => {
      const verdict = checkLinKv(history);
      if (verdict.valid === true) return;
      wrong++;
      const { explanation } = verdict.anomalies![0]!;
      const process = Number(/at which process (\d+)'s/.exec(explanation)![1]);
      const { index } = history.find((operation) => operation.process === process && operation.type === "ok")!;
      const failed = history.filter(({ type }) => type === "fail").map(({ process }) => process);
      const before = (end: number) =>
        history.filter((operation) => operation.index < end && !failed.includes(operation.process));
      assert(bruteForce(before(index)));
      assert(!bruteForce(before(index + 1)));
      // What is still open there may have taken effect with the result it turned out to have.
      const states = new Set<unknown>();
      const open = possible(history).filter(({ begin, end }) => begin < index && end !== index);
      tryAll(open, index, null, (state) => states.add(state));
      const shown = /can only hold (.*)$/.exec(explanation)![1]!.split(" or ").map((state) => JSON.parse(state));
      assertEquals(shown.sort(), [...states].sort());
    }),
    { numRuns: 2000, seed: 9 },
  );
  assertGreater(wrong, 500);
});

/** Plays operations on a right register; each takes effect at a moment of its own between invocation and completion. */
function play(draws: readonly { process: number; draw: number }[]): Operation[] {
  const history: Operation[] = [];
  const open = new Map<number, { f: string; value: unknown; type?: Operation["type"] }>();
  let state: unknown = null;
  const log = (process: number, type: Operation["type"], f: string, value: unknown) =>
    history.push({ index: history.length, time: history.length * 1e6, process, type, f, value: ["k", value] });
  // A process number that is used up by an operation of unknown outcome is followed by another.
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

Deno.test("checkLinKv: a right register is linearizable, however concurrent its clients", () => {
  const draws = fc.array(fc.record({ process: fc.nat({ max: 5 }), draw: fc.nat({ max: 9999 }) }), {
    maxLength: 300,
    size: "max",
  });
  fc.assert(
    fc.property(draws, (draws) => {
      const verdict = checkLinKv(play(draws));
      assertEquals([verdict.valid, verdict.anomalies], [true, []]);
    }),
    { numRuns: 500, seed: 10 },
  );
});
