import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  checkLinearizable,
  checkLinKV,
  type Model,
  REGISTER,
} from "../../../../lib/workbench/checkers/linearizable/mod.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { assertSameVerdict, testRecorded } from "../../recorded.ts";
import { type Line, sequential } from "../sequential.ts";

testRecorded("checkLinKV agrees with Maelstrom on every recorded history", ["lin-kv"], (recorded) => {
  const verdict = checkLinKV(recorded.history);
  assertSameVerdict(recorded, verdict);
  const { workload } = recorded.results;
  assertEquals(verdict.failures, workload.failures);
  if (verdict.valid === true) return;
  // Knossos names the operation that fits nowhere as well.
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
  Deno.test(`checkLinKV finds ${name}, and nothing in the repaired history`, () => {
    const verdict = checkLinKV(flawed);
    assertEquals([verdict.valid, verdict.failures], [false, ["k"]]);
    assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["nonlinearizable", 1]]);
    const right = checkLinKV(repaired);
    assertEquals([right.valid, right.anomalies, right.failures], [true, [], []]);
  });
}

Deno.test("checkLinKV explains the operation that fits nowhere, those before it, and the possible states", () => {
  const history = registers(["ok", "write", 1], ["info", "write", 3], ["ok", "write", 2], ["ok", "read", null, 1]);
  assertEquals(
    checkLinKV(history).anomalies![0]!.explanation,
    'Key "k" is not linearizable: there is no moment at which process 3\'s read 1 (from 6.000 s to 7.000 s) ' +
      "can have taken effect\n" +
      "  the 2 before it can be linearized:\n" +
      "    process 0's write 1 (from 0.000 s to 1.000 s)\n" +
      "    process 2's write 2 (from 4.000 s to 5.000 s)\n" +
      "  at that point the register can only contain 2 or 3",
  );
  assertEquals(
    checkLinKV(registers(["ok", "read", null, 1])).anomalies![0]!.explanation,
    'Key "k" is not linearizable: there is no moment at which process 0\'s read 1 (from 0.000 s to 1.000 s) ' +
      "can have taken effect\n" +
      "  no operation has to take effect before it, so nothing has changed yet\n" +
      "  at that point the register can only contain null",
  );
});

Deno.test("checkLinKV checks each key on its own", () => {
  const lines = (key: unknown, read: number): Line[] => [
    [0, "ok", "write", [key, 1]],
    [0, "ok", "read", [key, null], [key, read]],
  ];
  const verdict = checkLinKV(sequential([...lines(0, 1), ...lines("0", 1), ...lines(1, 2), ...lines({ a: 1 }, 3)]));
  assertEquals([verdict.valid, verdict.keys, verdict.failures?.toString()], [false, 4, '1,\u0000{"a":1}']);
  assertEquals(verdict.anomalies![0]!.count, 2);
});

Deno.test("checkLinKV tries all operations of unknown outcome that can explain a read", () => {
  // Either of the first two explains the first read, but only the write can explain the second.
  const history = registers(
    ["info", "write", 1],
    ["info", "cas", [0, 1]],
    ["ok", "write", 0],
    ["ok", "read", null, 1],
    ["ok", "write", 5],
    ["ok", "read", null, 1],
  );
  assertEquals(checkLinKV(history).valid, true);
});

Deno.test("checkLinKV explores few configurations for operations of unknown outcome without visible effect", () => {
  const unknown = Array.from({ length: 20 }, (_, value) => ["info", "write", 100 + value] as const);
  const others = Array.from(
    { length: 50 },
    (_, value) => [["ok", "write", value], ["ok", "read", null, value]] as const,
  ).flat();
  const { valid, configurations } = checkLinKV(registers(...unknown, ...others));
  assertEquals([valid, configurations], [true, 100]);
  const wrong = checkLinKV(registers(...unknown, ...others, ["ok", "read", null, -1]));
  assertEquals(wrong.valid, false);
  // Each of the 20 may be the last to take effect, at the beginning and after each of the 50 reads.
  assertEquals(wrong.configurations, 100 + 20 * 51);
  const alike = Array.from({ length: 20 }, () => ["info", "write", 100] as const);
  assertEquals(checkLinKV(registers(...alike, ...others, ["ok", "read", null, -1])).configurations, 100 + 51);
  const reads = Array.from({ length: 20 }, () => ["info", "read", null] as const);
  assertEquals(checkLinKV(registers(...reads, ...others, ["ok", "read", null, -1])).configurations, 100);
});

Deno.test("REGISTER: a read of unknown outcome fits any state", () => {
  assertEquals(REGISTER.step(3, { f: "read", value: null, type: "info" }), 3);
  assertEquals(REGISTER.step(3, { f: "read", value: null, type: "ok" }), undefined);
});

Deno.test("checkLinKV accepts an empty history", () => {
  assertEquals(checkLinKV([]), { valid: true, anomalies: [], keys: 0, failures: [], undecided: [], configurations: 0 });
});

Deno.test("checkLinKV: a malformed history makes the verdict unknown", () => {
  for (
    const [line, says] of [
      [[0, "ok", "read", 3], "Cannot check operation 1 with value 3: expected [key, value]"],
      [[0, "ok", "cas", ["k", 3]], "Cannot check cas of 3: expected a read, a write or a cas of [from, to]"],
      [[0, "ok", "delete", ["k", 3]], "Cannot check delete of 3: expected a read, a write or a cas of [from, to]"],
    ] as [Line, string][]
  ) {
    const { valid, anomalies } = checkLinKV(sequential([line]));
    assertEquals([valid, anomalies![0]!.type, anomalies![0]!.explanation], ["unknown", "malformed-history", says]);
  }
});

Deno.test("checkLinearizable: a bug in a model is not taken for a malformed history", () => {
  const buggy: Model<unknown> = { ...REGISTER, step: (state) => (state as { missing: object }).missing.toString() };
  assertThrows(() => checkLinearizable(sequential([[0, "ok", "write", 3]]), buggy), TypeError);
});

/** Twelve concurrent writes and a read of a value that was never written: every order has to be tried. */
const HARD: Operation[] = [
  ...Array.from({ length: 12 }, (_, process) => ["invoke", process, "write", process] as const),
  ["invoke", 12, "read", null] as const,
  ["ok", 12, "read", 99] as const,
  ...Array.from({ length: 12 }, (_, process) => ["ok", process, "write", process] as const),
].map(([type, process, f, value], index) => ({ index, time: index, type, process, f, value: ["k", value] }));

Deno.test("checkLinKV is undecided once the budget runs out, always at the same point", () => {
  const verdict = checkLinKV(HARD, { budget: 1000 });
  assertEquals([verdict.valid, verdict.undecided, verdict.configurations], ["unknown", ["k"], 1000]);
  assertEquals(
    verdict.anomalies,
    [{
      type: "budget-exceeded",
      count: 1,
      explanation: 'Key "k" is undecided: the budget ran out after 1000 configurations',
      cases: [{ key: "k" }],
    }],
  );
  const { valid, configurations } = checkLinKV(HARD);
  assertEquals(valid, false);
  // The budget suffices exactly.
  assertEquals(checkLinKV(HARD, { budget: configurations as number }).valid, false);
  assertEquals(checkLinKV(HARD, { budget: configurations as number - 1 }).valid, "unknown");
});

Deno.test("checkLinKV is false if one key is wrong and another one undecided", () => {
  const wrong = sequential([[99, "ok", "read", ["x", null], ["x", 1]]]).map((operation) => ({
    ...operation,
    index: operation.index + HARD.length,
  }));
  const verdict = checkLinKV([...HARD, ...wrong], { budget: 1000 });
  assertEquals([verdict.valid, verdict.failures, verdict.undecided], [false, ["x"], ["k"]]);
});

Deno.test("checkLinearizable accepts a model of the caller", () => {
  const queue: Model<readonly number[]> = {
    name: "queue",
    init: () => [],
    step: (state, { f, value, type }) => {
      if (f === "enqueue") return [...state, value as number];
      return type === "ok" && state[0] !== value ? undefined : state.slice(1);
    },
    equal: (a, b) => a.join() === b.join(),
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
  assertStringIncludes(verdict.anomalies![0]!.explanation, "the queue can only contain [1,2,3] or [2,3]");
});

Deno.test("checkLinearizable lets an operation of unknown outcome take effect before a later one", () => {
  const list: Model<string> = {
    name: "list",
    init: () => "",
    step: (state, { f, value }) => f === "append" ? state + value : value === state ? state : undefined,
  };
  const valid = (read: string) =>
    checkLinearizable(
      sequential([[0, "info", "append", "a"], [1, "ok", "append", "b"], [2, "ok", "read", null, read]]),
      list,
    ).valid;
  assertEquals(["b", "ab", "ba", "a", ""].map(valid), [true, true, true, false, false]);
});

Deno.test("checkLinKV says that Maelstrom overlooks what only a read of null shows", () => {
  const view = (...lines: Parameters<typeof registers>) => checkLinKV(registers(...lines)).anomalies![0]!.maelstrom;
  assertEquals(view(["ok", "write", 1], ["ok", "read", null]), "overlooks");
  assertEquals(view(["ok", "write", 1], ["ok", "read", null], ["ok", "read", null, 2]), undefined);
  assertEquals(view(["ok", "write", 1], ["ok", "read", null, 2]), undefined);
});
