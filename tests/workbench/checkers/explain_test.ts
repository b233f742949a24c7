import { assertEquals, assertThrows } from "@std/assert";
import { checkOrUnknown, explain, found, outcome, seconds } from "../../../lib/workbench/checkers/explain.ts";
import { show } from "../../../lib/workbench/base/text.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";

Deno.test("explain tells the first eight cases, and counts all", () => {
  const cases = Array.from({ length: 10 }, (_, index) => index);
  assertEquals(explain("lost-write", cases, (n) => `write ${n} was lost`), {
    type: "lost-write",
    count: 10,
    explanation: "Write 0 was lost\nWrite 1 was lost\nWrite 2 was lost\nWrite 3 was lost\n" +
      "Write 4 was lost\nWrite 5 was lost\nWrite 6 was lost\nWrite 7 was lost\n… and 2 more",
  });
  assertEquals(explain("unseen", [1], () => "one").explanation, "One");
});

Deno.test("found: no cases, no anomaly", () => {
  assertEquals(found("unseen", [], String), []);
  assertEquals(found("unseen", [1], String), [{ type: "unseen", count: 1, explanation: "1" }]);
});

Deno.test("show: JSON, cut where it is long", () => {
  assertEquals([show([1, "a"]), show(undefined), show(new Map([[1, 2n]]))], ['[1,"a"]', "nothing", '{"1":2}']);
  assertEquals(show("a".repeat(100), 5), '"aaaa…');
});

Deno.test("outcome says what became of an operation", () => {
  const tell = (fields: Partial<Operation>) =>
    outcome({ index: 0, time: 3.2144e9, type: "ok", process: 0, f: "send", value: null, ...fields });
  assertEquals(tell({}), "acknowledged at 3.214 s");
  assertEquals(
    tell({ type: "fail", error: ["txn-conflict", "root moved"] }),
    "failed at 3.214 s with txn-conflict, root moved",
  );
  assertEquals(
    tell({ type: "info", error: "net-timeout" }),
    'given up at 3.214 s with "net-timeout", so that nobody knows its outcome',
  );
  assertEquals(tell({ type: "invoke" }), "begun at 3.214 s and never completed");
  assertEquals(seconds(0), "0.000 s");
});

Deno.test("checkOrUnknown: malformed input is unknown, a bug is a bug", () => {
  assertEquals(checkOrUnknown(() => ({ valid: true })), { valid: true });
  const fail = (error: Error) => () => {
    throw error;
  };
  assertEquals(checkOrUnknown(fail(new TypeError("Cannot check operation 1"))), {
    valid: "unknown",
    anomalies: [{ type: "malformed-history", count: 1, explanation: "Cannot check operation 1" }],
  });
  assertThrows(() => checkOrUnknown(fail(new RangeError("no such model"))), RangeError, "no such model");
});
