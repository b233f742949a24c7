import { assert, assertEquals, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { impliedAnomalies } from "../../../../lib/workbench/checkers/consistency_model.ts";
import { checkTxnListAppend, checkTxnRWRegister } from "../../../../lib/workbench/checkers/txn/mod.ts";
import type { Anomaly } from "../../../../lib/workbench/checkers/verdict.ts";
import { assertSameVerdict, type Recorded, testRecorded, TIMED_OUT } from "../../recorded.ts";
import { type Line, sequential } from "../sequential.ts";
import { LIST_CASES, type MicroOperationTuple, REGISTER_CASES, txn } from "./cases.ts";

/** Asserts that a verdict has the same anomalies with the same counts as Maelstrom's, and rules out the same models. */
function assertSameAnomalies({ name, results }: Recorded, verdict: ReturnType<typeof checkTxnListAppend>) {
  const theirs: string[] = results.workload["anomaly-types"] ?? [];
  const timedOut = TIMED_OUT[name];
  for (const type of timedOut?.theirs ?? []) assert(impliedAnomalies([timedOut!.insteadOf]).has(type));
  assertEquals(verdict.anomaly_types, theirs.filter((type) => !timedOut?.theirs.includes(type)).sort());
  for (const { type, count, allowed } of verdict.anomalies!) {
    const more = timedOut?.insteadOf === type ? timedOut.theirs.length : 0;
    if (!allowed) assertEquals(count, results.workload.anomalies[type].length + more, type);
  }
  if (theirs.length === 0) return;
  assertEquals(verdict.not, [...results.workload.not].sort());
  assertEquals(verdict.also_not, [...results.workload["also-not"]].sort());
}

testRecorded("checkTxnListAppend agrees with Maelstrom on every recorded history", ["txn-list-append"], (recorded) => {
  const verdict = checkTxnListAppend(recorded.history, recorded.consistencyModels);
  assertSameVerdict(recorded, verdict);
  assertSameAnomalies(recorded, verdict);
});

testRecorded("checkTxnRWRegister agrees with Maelstrom on every recorded history", ["txn-rw-register"], (recorded) => {
  const verdict = checkTxnRWRegister(recorded.history, recorded.consistencyModels);
  assertSameVerdict(recorded, verdict);
  assertSameAnomalies(recorded, verdict);
});

for (
  const [name, check, cases] of [
    ["checkTxnListAppend", checkTxnListAppend, LIST_CASES],
    ["checkTxnRWRegister", checkTxnRWRegister, REGISTER_CASES],
  ] as const
) {
  for (const [type, { flawed, repaired, says, not, allowedBy, also = [] }] of Object.entries(cases)) {
    Deno.test(`${name} finds ${type}, and nothing in the repaired history`, () => {
      const verdict = check(sequential(flawed));
      assertEquals([verdict.valid, verdict.anomaly_types], [false, [type, ...also].sort()]);
      const anomaly = verdict.anomalies!.find((anomaly) => anomaly.type === type)!;
      assertEquals([anomaly.count, anomaly.explanation, anomaly.allowed], [1, says, undefined]);
      const right = check(sequential(repaired));
      assertEquals([right.valid, right.anomalies, right.not, right.also_not], [true, [], [], []]);
      assertEquals(right.permits, ["strong-serializable"]);
    });

    Deno.test(`${name}: ${type} rules out ${not.join(" and ")}, and nothing weaker`, () => {
      const history = sequential(flawed);
      assertEquals(check(history).not, not);
      for (const model of not) assertEquals(check(history, [model]).valid, false, model);
      if (allowedBy === undefined) return;
      const verdict = check(history, [allowedBy]);
      assertEquals([verdict.valid, verdict.anomaly_types], [true, []]);
      assertEquals(verdict.anomalies!.map(({ type, allowed }): unknown[] => [type, allowed]).sort(), [
        ...[type, ...also].map((type): unknown[] => [type, true]).sort(),
      ]);
    });
  }

  Deno.test(`${name}: the verdict is unknown if nothing was acknowledged`, () => {
    for (const history of [[], sequential([txn(0, "fail", ["r", 1, null]), txn(1, "info", ["r", 1, null])])]) {
      const { valid, anomalies } = check(history);
      assertEquals([valid, anomalies!.map(({ type }) => type)], ["unknown", ["empty-transaction-graph"]]);
    }
  });

  Deno.test(`${name}: a malformed history makes the verdict unknown`, () => {
    const write = name === "checkTxnListAppend" ? "append" : "w";
    for (
      const [lines, says] of [
        [[[0, "ok", "txn", 7]], 'Cannot check operation 1 with value 7: expected a list of ["r", key, value]'],
        [[[0, "ok", "txn", [7]]], `expected every micro-operation to be "r" or "${write}", got 7`],
        [
          [[0, "ok", "txn", [["add", 1, 2]]]],
          `expected every micro-operation to be "r" or "${write}", got ["add",1,2]`,
        ],
        [
          [txn(0, "ok", [write, 1, 7]), txn(1, "ok", [write, 1, 7])],
          "Cannot check key 1: 7 was written more than once, the second time by process 1's transaction",
        ],
      ] as [Line[], string][]
    ) {
      const { valid, anomalies } = check(sequential(lines));
      assertEquals([valid, anomalies![0]!.type], ["unknown", "malformed-history"]);
      assertStringIncludes(anomalies![0]!.explanation, says);
    }
  });

  Deno.test(`${name} refuses an unknown consistency model`, () => {
    assertThrows(
      () => check([], ["serialisable"]),
      RangeError,
      "Cannot check consistency model serialisable: expected one of",
    );
  });
}

Deno.test("a reply that is not to the request is malformed, under every model", () => {
  const asked: MicroOperationTuple[] = [["r", 1, null], ["append", 1, 8]];
  for (
    const [answered, says] of [
      [[], "expected 2 operations, got 0"],
      [7, "expected a list of operations, got 7"],
      [[["r", 1, [7]]], "expected 2 operations, got 1"],
      [[["r", 1, [7]], ["append", 1, 8], ["r", 1, [7, 8]]], "expected 2 operations, got 3"],
      [[["r", 2, [7]], ["append", 1, 8]], 'expected operation 1 to be ["r",1], got ["r",2]'],
      [[["append", 1, [7]], ["append", 1, 8]], 'expected operation 1 to be ["r",1], got ["append",1,[7]]'],
      [
        [["r", 1], ["append", 1, 8]],
        'expected operation 1 to have a function, a key and a value, got ["r",1]',
      ],
      [[["r", 1, [7]], ["append", 1, 9]], 'expected operation 2 to be ["append",1,8], got ["append",1,9]'],
      [[["r", 1, 7], ["append", 1, 8]], 'expected each read to return a value that "append" can lead to, got 7'],
    ] as const
  ) {
    const history = sequential([txn(0, "ok", ["append", 1, 7]), [1, "ok", "txn", asked, answered]]);
    for (const models of [undefined, ["read-uncommitted"], ["linearizable"]]) {
      const { valid, anomalies, anomaly_types, permits } = checkTxnListAppend(history, models);
      assertEquals([valid, anomaly_types, permits], [false, ["malformed-reply"], []], says);
      assertStringIncludes(anomalies![0]!.explanation, says);
    }
  }
});

Deno.test("a transaction with a malformed reply may have happened: its writes can be read", () => {
  const history = sequential([
    [0, "ok", "txn", [["append", 1, 7], ["r", 1, null]], [["append", 1, 7]]],
    txn(1, "ok", ["r", 1, [7]]),
  ]);
  assertEquals(checkTxnListAppend(history).anomaly_types, ["malformed-reply"]);
});

Deno.test("a reply is not compared with a request that the history does not show", () => {
  const history = sequential([[0, "ok", "txn", null, [["append", 1, 7]]], txn(1, "ok", ["r", 1, [7]])]);
  assertEquals(checkTxnListAppend(history).valid, true);
});

Deno.test("checkTxnListAppend: after a read, internal consistency knows the whole list, otherwise only its end", () => {
  const internal = (...result: MicroOperationTuple[]) =>
    (checkTxnListAppend(sequential([txn(0, "ok", ["append", 1, 5]), txn(1, "ok", ...result)]))
      .anomaly_types as string[]).includes(
        "internal",
      );
  assertEquals(internal(["r", 1, [5]], ["r", 1, [5]]), false);
  assertEquals(internal(["r", 1, [5]], ["r", 1, []]), true);
  assertEquals(internal(["r", 1, null], ["r", 1, []]), false);
  // As in Elle since 0.2.7, a read of null is knowledge.
  assertEquals(internal(["r", 1, null], ["r", 1, [5]]), true);
  assertEquals(internal(["r", 1, []], ["r", 1, [5]]), true);
  assertEquals(internal(["r", 1, null], ["append", 1, 6], ["r", 1, [5, 6]]), true);
  assertEquals(internal(["r", 1, [5]], ["append", 1, 6], ["r", 1, [5, 6]]), false);
  assertEquals(internal(["r", 1, [5]], ["append", 1, 6], ["r", 1, [5]]), true);
  assertEquals(internal(["r", 1, []], ["append", 1, 6], ["r", 1, [5, 6]]), true);
  assertEquals(internal(["append", 1, 6], ["append", 1, 7], ["r", 1, [5, 6, 7]]), false);
  assertEquals(internal(["append", 1, 6], ["append", 1, 7], ["r", 1, [7]]), true);
  assertEquals(internal(["append", 1, 6], ["r", 2, []]), false);
});

Deno.test("checkTxnListAppend: dirty updates end with the first acknowledged one", () => {
  const history = sequential([
    txn(0, "fail", ["append", 1, 1]),
    txn(1, "fail", ["append", 1, 2]),
    txn(2, "ok", ["append", 1, 3]),
    txn(3, "ok", ["append", 1, 4]),
    txn(4, "fail", ["append", 1, 5]),
    txn(5, "ok", ["r", 1, [1, 2, 3, 4, 5]]),
  ]);
  const dirty = checkTxnListAppend(history).anomalies!.find(({ type }) => type === "dirty-update") as Anomaly;
  assertEquals(dirty.count, 1);
  assertStringIncludes(dirty.explanation, "appended 3 to key 1 after 1");
});

Deno.test("checkTxnRWRegister: a transaction's own intermediate writes are not lost updates", () => {
  const history = sequential([
    txn(0, "ok", ["w", 1, 6], ["r", 1, 6], ["w", 1, 7]),
    txn(1, "ok", ["w", 2, 1], ["w", 2, 2]),
    txn(2, "ok", ["w", 2, 3], ["w", 2, 4]),
  ]);
  assertEquals(checkTxnRWRegister(history).anomalies, []);
});

Deno.test("checkTxnRWRegister: as in Elle since 0.2.7, a read of null is knowledge", () => {
  const types = (...result: MicroOperationTuple[]) =>
    checkTxnRWRegister(sequential([txn(0, "ok", ["w", 1, 5]), txn(1, "ok", ["w", 1, 6]), txn(2, "ok", ...result)]))
      .anomaly_types as string[];
  assertEquals(types(["r", 1, null], ["r", 1, 5]).includes("internal"), true);
  assertEquals(types(["r", 1, null], ["r", 1, null]).includes("internal"), false);
  assertEquals(types(["r", 1, 5], ["r", 1, null]).includes("internal"), true);
  assertEquals(types(["r", 1, 5], ["r", 1, 6]).includes("internal"), true);
});

Deno.test("an update after a read of the transaction's own write can be lost as well", () => {
  const own = (later: MicroOperationTuple[]) => [
    txn(0, "ok", ["w", 1, 6], ["r", 1, 6], ["w", 1, 7]),
    txn(1, "ok", ...later),
  ];
  const lost = (later: MicroOperationTuple[]) =>
    (checkTxnRWRegister(sequential(own(later))).anomaly_types as string[]).includes("lost-update");
  assertEquals(lost([["r", 1, 6], ["w", 1, 8]]), true);
  assertEquals(lost([["r", 1, 7], ["w", 1, 8]]), false);
  assertEquals(lost([["w", 1, 8], ["r", 1, 8]]), false);
});

Deno.test("checkTxnRWRegister explains a cycle of versions without the versions that merely follow it", () => {
  const history = sequential([
    txn(0, "ok", ["r", 1, 7], ["w", 1, 5]),
    txn(1, "ok", ["r", 1, 8], ["w", 1, 7]),
    txn(2, "ok", ["r", 1, 7], ["w", 1, 8]),
    txn(3, "ok", ["r", 2, null], ["w", 2, 1]),
  ]);
  const cyclic = checkTxnRWRegister(history).anomalies!.find(({ type }) => type === "cyclic-versions") as Anomaly;
  assertEquals(cyclic.count, 1);
  assertEquals([...cyclic.explanation.matchAll(/read (\d) and wrote (\d)/g)].map(([_, from, to]) => [from, to]), [[
    "7",
    "8",
  ], ["8", "7"]]);
});

Deno.test("the checkers of transactions distinguish keys and values of different types", () => {
  const history = sequential([
    [0, "ok", "txn", [["w", "1", "7"]]],
    [1, "ok", "txn", [["w", 1, 7]]],
    [2, "ok", "txn", [["w", { a: [1, 2], b: null }, 7]]],
    [3, "ok", "txn", [["r", { b: null, a: [1, 2] }, null], ["r", 1, null]], [["r", { b: null, a: [1, 2] }, 7], [
      "r",
      1,
      "7",
    ]]],
  ]);
  const { anomalies } = checkTxnRWRegister(history);
  assertEquals(anomalies!.map(({ type, count }) => [type, count]), [["garbage-read", 1]]);
  assertStringIncludes(anomalies![0]!.explanation, 'read "7" from key 1, which no transaction');
});

Deno.test("the checkers of transactions return a bounded verdict", () => {
  const elements = Array.from({ length: 20_000 }, (_, index) => index);
  const verdict = checkTxnListAppend(sequential([txn(0, "fail", ["append", 1, -1]), txn(1, "ok", ["r", 1, elements])]));
  assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["garbage-read", 20_000]]);
  assertLess(JSON.stringify(verdict).length, 70_000);
});

Deno.test("checkTxnListAppend: lists with the same last element are different versions, so no update is lost", () => {
  const lost = (...read: number[]) => {
    const history = sequential([
      txn(0, "ok", ["append", 1, 5]),
      txn(1, "ok", ["append", 1, 6]),
      txn(2, "ok", ["r", 1, [5, 6]], ["append", 1, 7]),
      txn(3, "ok", ["r", 1, read], ["append", 1, 8]),
    ]);
    return (checkTxnListAppend(history).anomaly_types as string[]).includes("lost-update");
  };
  assertEquals([lost(5, 6), lost(6), lost(5)], [true, false, false]);
});

Deno.test("a garbage read of a key that was not written by then says what was expected", () => {
  const explain = (
    write: string,
    checker: typeof checkTxnRWRegister,
    value: unknown,
    ...earlier: [number, "ok", string, unknown][]
  ) =>
    checker(sequential([...earlier, [0, "ok", "txn", [["r", 1, value]]], [1, "ok", "txn", [[write, 1, 5]]]]))
      .anomalies!.find(({ type }) => type === "garbage-read")!.explanation;
  assertStringIncludes(
    explain("w", checkTxnRWRegister, 0),
    "read 0 from key 1, which no transaction wrote; null was expected: the key has never been written before",
  );
  assertStringIncludes(explain("append", checkTxnListAppend, [0]), "; an empty list was expected: the key has never");
  const written = explain("w", checkTxnRWRegister, 0, [2, "ok", "txn", [["w", 1, 4]]]);
  assertEquals(written.includes("expected"), false);
  const after = checkTxnRWRegister(sequential([[0, "ok", "txn", [["w", 1, 5], ["r", 1, 0]]]]));
  const garbage = after.anomalies!.find(({ type }) => type === "garbage-read")!;
  assertEquals(garbage.explanation.includes("expected"), false);
  const own = checkTxnRWRegister(sequential([[0, "ok", "txn", [["r", 1, 0], ["w", 1, 5]]]]));
  assertStringIncludes(own.anomalies![0]!.explanation, "; null was expected");
});
