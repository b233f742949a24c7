import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { checkTxnListAppend } from "../../../../lib/workbench/checkers/txn/mod.ts";
import { checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Verdict } from "../../../../lib/workbench/checkers/verdict.ts";
import { timeline } from "../timeline.ts";
import { txn } from "./cases.ts";
import { type CycleCase, EXISTING_CYCLES, LIST_CYCLES, REGISTER_CYCLES, SESSION_CYCLES, THREE } from "./cycle_cases.ts";

type Check = typeof checkTxnListAppend;

/** The reasons in the explanation of a cycle: why each transaction comes before the next. */
function steps({ anomalies }: Verdict, type: string): string[] {
  return anomalies!.find((anomaly) => anomaly.type === type)!.explanation.split("\n").filter((line) =>
    line.includes("because")
  );
}

function testCase(name: string, check: Check, type: string, example: CycleCase): void {
  const { lines, order, repaired, models, says, not, also = [] } = example;
  Deno.test(`${name} finds ${type}, and nothing in the repaired history`, () => {
    const verdict = check(timeline(lines, order), models);
    assertEquals([verdict.valid, verdict.anomaly_types], [false, [type, ...also].sort()]);
    assertEquals(verdict.anomalies!.map(({ count }) => count), verdict.anomalies!.map(() => 1));
    assertEquals(steps(verdict, type), says);
    assertEquals(verdict.not, not);
    const mended = lines.map((line, place) => repaired.lines?.[place] ?? line);
    const right = check(timeline(mended, repaired.order ?? order), models);
    assertEquals([right.valid, right.anomalies, right.not], [true, [], []]);
  });

  Deno.test(`${name}: ${type} makes a history invalid for ${not.join(" and ")}`, () => {
    for (const model of not) assertEquals(check(timeline(lines, order), [model]).valid, false, model);
  });
}

for (const [type, example] of Object.entries(LIST_CYCLES)) {
  testCase("checkTxnListAppend", checkTxnListAppend, type, example);
}
for (const [type, example] of Object.entries(REGISTER_CYCLES)) {
  testCase("checkTxnRWRegister", checkTxnRWRegister, type, example);
}
for (const [type, example] of Object.entries({ ...EXISTING_CYCLES, ...SESSION_CYCLES })) {
  const [name, check]: [string, Check] = example.write === "w"
    ? ["checkTxnRWRegister", checkTxnRWRegister]
    : ["checkTxnListAppend", checkTxnListAppend];
  testCase(name, check, type, example);
}

Deno.test("checkTxnRWRegister with sequentialKeys infers the order of two writes from reads of one process", () => {
  const lines = [
    txn(0, "ok", ["w", 1, 7], ["w", 2, 8]),
    txn(1, "ok", ["w", 1, 9], ["w", 2, 9]),
    txn(2, "ok", ["r", 1, 7]),
    txn(2, "ok", ["r", 1, 9]),
    txn(3, "ok", ["r", 2, 9]),
    txn(3, "ok", ["r", 2, 8]),
  ];
  const history = timeline(lines, [0, 1, 2, 2, 4, 4, 3, 3, 5, 5, 0, 1]);
  assertEquals(checkTxnRWRegister(history).anomalies, []);
  const verdict = checkTxnRWRegister(history, undefined, { sequentialKeys: true });
  // The read of 9 from key 2 precedes T1, which precedes T2, which wrote 9.
  assertEquals(verdict.anomaly_types, ["G-single-item", "G0"]);
  assertEquals(steps(verdict, "G0"), [
    "T1 < T2, because T2 wrote 9 to key 1 after T1 wrote 7",
    "But T2 < T1, because T1 wrote 8 to key 2 after T2 wrote 9",
  ]);
});

Deno.test("checkTxnRWRegister with linearizableKeys finds a cycle if an old version is read again", () => {
  const lines = [txn(0, "ok", ["w", 1, 7]), txn(1, "ok", ["w", 1, 8]), txn(2, "ok", ["r", 1, 7])];
  const history = timeline(lines, THREE);
  assertEquals(checkTxnRWRegister(history).anomalies, []);
  assertEquals(checkTxnRWRegister(history, undefined, { sequentialKeys: true }).anomalies, []);
  const { anomalies } = checkTxnRWRegister(history, undefined, { linearizableKeys: true });
  assertEquals(anomalies, [{
    type: "cyclic-versions",
    count: 1,
    explanation: "The versions of key 1 form a cycle: " +
      'process 0\'s transaction [["w",1,7]] (acknowledged at 1.000 s), which last saw or wrote 7, completed before ' +
      'process 1\'s transaction [["w",1,8]] (acknowledged at 3.000 s), which first saw or wrote 8; ' +
      'process 1\'s transaction [["w",1,8]] (acknowledged at 3.000 s), which last saw or wrote 8, completed before ' +
      'process 2\'s transaction [["r",1,7]] (acknowledged at 5.000 s), which first saw or wrote 7',
    cases: [{ operations: [1, 3, 5], key: 1, values: [7, 8] }],
  }]);
  const own = timeline(lines.map(([, ...rest]): typeof lines[number] => [0, ...rest] as typeof lines[number]), THREE);
  const ownCycles = checkTxnRWRegister(own, undefined, { sequentialKeys: true }).anomalies!;
  assertEquals(ownCycles.map(({ type }) => type), ["cyclic-versions"]);
  assertStringIncludes(
    ownCycles[0]!.explanation,
    "which last saw or wrote 7, was followed in the same process by process 0's",
  );
});

Deno.test("checkTxnRWRegister with sequentialKeys orders a write before what its process reads next", () => {
  const lines = [
    txn(0, "ok", ["r", 1, 5], ["w", 1, 7]),
    txn(1, "ok", ["r", 1, 6], ["w", 1, 9]),
    txn(0, "ok", ["r", 1, 6], ["w", 1, 8]),
    txn(1, "ok", ["r", 1, 7]),
    txn(2, "info", ["w", 1, 5]),
    txn(3, "info", ["w", 1, 6]),
  ];
  const types = (options: Parameters<typeof checkTxnRWRegister>[2]) =>
    checkTxnRWRegister(timeline(lines, [4, 5, 0, 1, 0, 1, 2, 3, 2, 3, 4, 5]), ["read-uncommitted"], options)
      .anomaly_types;
  assertEquals(types({}), []);
  assertEquals(types({ sequentialKeys: true }), ["cyclic-versions"]);
});

Deno.test("checkTxnRWRegister infers nothing from an assumption that leads to a cycle of versions", () => {
  const lines = [
    txn(0, "ok", ["r", 1, 8], ["w", 1, 7]),
    txn(1, "ok", ["r", 1, 7], ["w", 1, 8]),
    txn(2, "ok", ["r", 2, 5], ["w", 2, 6], ["r", 3, 4]),
    txn(3, "ok", ["r", 2, 5], ["w", 3, 4]),
    txn(4, "ok", ["w", 2, 5]),
  ];
  const types = (options: Parameters<typeof checkTxnRWRegister>[2]) =>
    checkTxnRWRegister(timeline(lines), undefined, options).anomaly_types;
  assertEquals(types({}), ["G1c", "cyclic-versions"]);
  assertEquals(types({ wfrKeys: false }), ["G1c"]);
});

Deno.test("checkTxnRWRegister without wfrKeys infers no order from a read and a write", () => {
  const lines = [
    txn(0, "ok", ["w", 1, 5]),
    txn(1, "ok", ["r", 1, 5], ["w", 1, 6], ["w", 2, 4]),
    txn(2, "ok", ["r", 1, 5], ["r", 2, 4]),
  ];
  assertEquals(checkTxnRWRegister(timeline(lines)).anomaly_types, ["G-single-item"]);
  assertEquals(checkTxnRWRegister(timeline(lines), undefined, { wfrKeys: false }).anomalies, []);
});

Deno.test("a failed transaction has no dependencies, and one with unknown outcome only those of its writes", () => {
  const lines = (type: "ok" | "fail" | "info") => [
    txn(0, type, ["append", 1, 7], ["append", 2, 7]),
    txn(1, "ok", ["append", 1, 8], ["append", 2, 8]),
    txn(2, "ok", ["r", 1, [7, 8]], ["r", 2, [8, 7]]),
  ];
  const types = (type: "ok" | "fail" | "info") =>
    (checkTxnListAppend(timeline(lines(type))).anomaly_types as string[]).filter((type) => type.startsWith("G0"));
  assertEquals(types("ok"), ["G0"]);
  assertEquals(types("info"), ["G0"]);
  assertEquals(types("fail"), []);
  // A transaction that never completed can take effect at any time.
  const open = timeline([txn(0, "info", ["append", 1, 7]), txn(1, "ok", ["r", 1, []])], [0, 0, 1, 1]);
  assertEquals(checkTxnListAppend(open).anomalies, []);
});

Deno.test("process and real-time order count only if a model requires them", () => {
  const { lines, order } = LIST_CYCLES["G-single-item-realtime"]!;
  const verdict = checkTxnListAppend(timeline(lines, order), ["serializable"]);
  assertEquals([verdict.valid, verdict.anomalies, verdict.not], [true, [], []]);
});

Deno.test("the explanation of a long cycle is bounded", () => {
  const count = 20_000;
  const lines = Array.from(
    { length: count },
    (_, index) => txn(index, "ok", ["append", index, index], ["r", (index + 1) % count, [(index + 1) % count]]),
  );
  const verdict = checkTxnListAppend(timeline(lines));
  assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["G1c", 1]]);
  const { explanation } = verdict.anomalies![0]!;
  assertLess(explanation.length, 3000);
  assertMatch(explanation, /^T1 is .*\n(T\d is .*\n){6}… 19992 more …\nT20000 is .*\nT1 < T2, because/);
  assertMatch(explanation, /… 19992 more …\nBut T20000 < T1, because T1 observed T20000's append/);
});
