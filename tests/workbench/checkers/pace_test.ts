import { assertEquals } from "@std/assert";
import { paceOf } from "../../../lib/workbench/checkers/pace.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";

function entry(seconds: number, type: Operation["type"], changes: Partial<Operation> = {}): Operation {
  return { index: 0, time: seconds * 1e9, type, process: 0, f: "read", value: null, ...changes };
}

Deno.test("the pace counts completions of clients in the main phase, and lasts until the last operation", () => {
  const history = [
    entry(0, "invoke"),
    entry(1, "ok"),
    entry(1, "invoke"),
    entry(2, "info"),
    entry(3, "info", { process: "nemesis" }),
    entry(13, "invoke", { final: true }),
    entry(14, "ok", { final: true }),
  ];
  assertEquals(paceOf(history), { duration_ms: 14_000, ops_per_second: 1 });
});

Deno.test("the rate begins with the first operation, however long the nodes take to start", () => {
  const start = entry(5, "info", { process: "nemesis" });
  const history = [start, entry(7, "invoke"), entry(8, "ok"), entry(8, "invoke"), entry(9, "ok")];
  assertEquals(paceOf(history), { duration_ms: 9000, ops_per_second: 1 });
});

Deno.test("a history without times, or without operations, has no pace", () => {
  const nothing = { duration_ms: null, ops_per_second: null };
  assertEquals(paceOf([]), nothing);
  assertEquals(paceOf([entry(0, "invoke"), entry(0, "ok")]), nothing);
});
