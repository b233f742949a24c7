import { assertEquals, assertThrows } from "@std/assert";
import {
  checkOrUnknown,
  explainCases,
  MalformedHistoryError,
  outcome,
  seconds,
} from "../../../lib/workbench/checkers/explain.ts";
import { show } from "../../../lib/workbench/base/text.ts";
import { parseExactJSON } from "../../../lib/workbench/base/json.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";

Deno.test("explainCases explains the first eight cases, and counts all", () => {
  const cases = Array.from({ length: 10 }, (_, index) => index);
  assertEquals(explainCases("lost-write", cases, (n) => `write ${n} was lost`), [{
    type: "lost-write",
    count: 10,
    explanation: "Write 0 was lost\nWrite 1 was lost\nWrite 2 was lost\nWrite 3 was lost\n" +
      "Write 4 was lost\nWrite 5 was lost\nWrite 6 was lost\nWrite 7 was lost\n… and 2 more",
  }]);
  assertEquals(explainCases("unseen", [1], () => "one")[0]!.explanation, "One");
});

Deno.test("explainCases returns no anomaly if there are no cases", () => {
  assertEquals(explainCases("unseen", [], String), []);
  assertEquals(explainCases("unseen", [1], String), [{ type: "unseen", count: 1, explanation: "1" }]);
});

Deno.test("show: JSON, cut where it is long", () => {
  assertEquals([show([1, "a"]), show(undefined), show(new Map([[1, 2n]]))], ['[1,"a"]', "nothing", '{"1":2}']);
  assertEquals(show("a".repeat(100), 5), '"aaaa…');
});

Deno.test("outcome says how and when an operation ended", () => {
  const outcomeOf = (fields: Partial<Operation>) =>
    outcome({ index: 0, time: 3.2144e9, type: "ok", process: 0, f: "send", value: null, ...fields });
  assertEquals(outcomeOf({}), "acknowledged at 3.214 s");
  assertEquals(
    outcomeOf({ type: "fail", error: ["txn-conflict", "root moved"] }),
    "failed at 3.214 s with txn-conflict, root moved",
  );
  assertEquals(
    outcomeOf({ type: "info", error: "net-timeout" }),
    'abandoned at 3.214 s with "net-timeout", outcome unknown',
  );
  assertEquals(
    outcomeOf({ type: "fail", error: parseExactJSON('["abort", 1.0, 9007199254740993]') }),
    "failed at 3.214 s with abort, 1.0, 9007199254740993",
  );
  assertEquals(outcomeOf({ type: "invoke" }), "invoked at 3.214 s and never completed");
  assertEquals(seconds(0), "0.000 s");
});

Deno.test("checkOrUnknown makes a malformed history unknown, and rethrows other errors", () => {
  assertEquals(checkOrUnknown(() => ({ valid: true })), { valid: true });
  const fail = (error: Error) => () => {
    throw error;
  };
  assertEquals(checkOrUnknown(fail(new MalformedHistoryError("Cannot check operation 1"))), {
    valid: "unknown",
    anomalies: [{ type: "malformed-history", count: 1, explanation: "Cannot check operation 1" }],
  });
  assertThrows(() => checkOrUnknown(fail(new RangeError("no such model"))), RangeError, "no such model");
  assertThrows(() => checkOrUnknown(fail(new TypeError("x is undefined"))), TypeError, "x is undefined");
});
