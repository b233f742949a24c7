import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { latencies } from "../../../lib/workbench/checkers/latency.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { testRecorded } from "../recorded.ts";

/** Consecutive operations with these latencies, in milliseconds. */
function taking(f: string, type: Operation["type"], ...milliseconds: number[]): Operation[] {
  return milliseconds.flatMap((ms, at): Operation[] => [
    { index: 2 * at, time: at * 1e9, type: "invoke", process: 0, f, value: null },
    { index: 2 * at + 1, time: at * 1e9 + ms * 1e6, type, process: 0, f, value: null },
  ]);
}

Deno.test("latencies are quantiles from invocation to acknowledgement, in milliseconds", () => {
  const hundred = Array.from({ length: 101 }, (_, n) => (n * 37) % 101);
  assertEquals(latencies(taking("read", "ok", ...hundred)), { read: { p50: 50, p95: 95, p99: 99, max: 100 } });
  assertEquals(latencies(taking("read", "ok", 0.25)), { read: { p50: 0.25, p95: 0.25, p99: 0.25, max: 0.25 } });
});

Deno.test("latencies are measured for each function, only of operations that succeeded", () => {
  const history = [
    ...taking("write", "ok", 5, 7),
    ...taking("read", "ok", 1),
    ...taking("read", "fail", 1000),
    ...taking("cas", "info", 5000),
  ];
  assertEquals(Object.keys(latencies(history)), ["read", "write"]);
  assertEquals(latencies(history).read!.max, 1);
  assertEquals(latencies(history).write!.p50, 6);
});

Deno.test("latencies belong to the process that was acknowledged", () => {
  const history = parseEDNHistory(`
    {:time 0 :process 0 :type :invoke :f :read}
    {:time 1000000 :process 1 :type :invoke :f :read}
    {:time 4000000 :process 0 :type :ok :f :read}
    {:time 3000000000 :process 1 :type :fail :f :read}`);
  assertEquals(latencies(history).read!.max, 4);
});

Deno.test("latencies of an empty history are empty", () => {
  assertEquals(latencies([]), {});
});

testRecorded("latencies of recorded histories ascend with the quantile", undefined, ({ history, results }) => {
  const found = latencies(history);
  const succeeded = Object.entries(results.stats["by-f"]).filter(([, stats]) => stats["ok-count"] > 0).map(([f]) => f);
  assertEquals(Object.keys(found), succeeded.sort());
  for (const { p50, p95, p99, max } of Object.values(found)) {
    assertGreater(p50, 0);
    assertLessOrEqual(p50, p95);
    assertLessOrEqual(p95, p99);
    assertLessOrEqual(p99, max);
  }
});
