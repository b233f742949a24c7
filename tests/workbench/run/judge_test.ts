import { assertEquals, assertStringIncludes } from "@std/assert";
import { judge, judgeTarget, type TestRecord } from "../../../lib/workbench/run/judge.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import type { Verdict } from "../../../lib/workbench/checkers/verdict.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { testOptions } from "./stand_in.ts";

const OPTIONS = testOptions({ consistencyModels: [] });

function record(check: () => Verdict, rest: Partial<TestRecord> = {}): TestRecord {
  return {
    challenge: null,
    workload: { ...WORKLOADS.echo!, check },
    mode: "process",
    seed: "7",
    options: OPTIONS,
    limits: [],
    history: [operation(0, "invoke"), operation(1, "ok"), operation(2, "invoke"), operation(3, "info")],
    counts: null,
    exceptions: [],
    store: null,
    ...rest,
  };
}

function operation(index: number, type: Operation["type"]): Operation {
  return { index, time: index * 1e6, type, process: 0, f: "echo", value: "hi" };
}

Deno.test("validities merge: false before unknown before true", () => {
  const cases = [
    [{ valid: true }, undefined, true],
    [{ valid: "unknown" }, undefined, "unknown"],
    [{ valid: "unknown" }, "total", false],
    [{ valid: true }, 0.5, true],
    [{ valid: true }, 0.6, false],
    [{ valid: false }, undefined, false],
  ] as const;
  for (const [verdict, availability, expected] of cases) {
    const results = judge(record(() => verdict, { options: { ...OPTIONS, availability } }));
    assertEquals([results.valid, results.passed], [expected, expected === true]);
  }
});

Deno.test("only a fatal exception makes a test invalid", () => {
  const exception = { type: "malformed-reply", message: "strange", count: 3 };
  assertEquals(judge(record(() => ({ valid: true }), { exceptions: [exception] })).valid, true);
  assertEquals(judge(record(() => ({ valid: true }), { exceptions: [{ ...exception, fatal: true }] })).valid, false);
});

Deno.test("an interrupted test is at best unknown, and not invalid for what a final phase would show", () => {
  const cases = [
    [WORKLOADS.echo!, true, "unknown"],
    [WORKLOADS.echo!, false, false],
    [WORKLOADS.broadcast!, true, "unknown"],
    [WORKLOADS.broadcast!, false, "unknown"],
  ] as const;
  for (const [workload, valid, expected] of cases) {
    const check = () => ({ valid });
    const results = judge(record(check, { workload: { ...workload, check }, interrupted: true }));
    assertEquals([results.valid, results.passed, results.interrupted], [expected, false, true]);
  }
  assertEquals(judge(record(() => ({ valid: true }))).interrupted, false);
});

Deno.test("the verdict of a checker that crashes is unknown", () => {
  const results = judge(record(() => {
    throw new Error("checker out of order");
  }));
  assertEquals([results.valid, results.passed, results.result], ["unknown", false, { valid: "unknown" }]);
  assertEquals(results.exceptions[0]!.type, "checker-crashed");
  assertStringIncludes(results.exceptions[0]!.message, "checker out of order");
});

Deno.test("the anomalies of all checkers are in one list", () => {
  const lost = { type: "lost", count: 1, explanation: "gone" };
  const results = judge(record(() => ({ valid: false, anomalies: [lost], lost_count: 1 }), {
    options: { ...OPTIONS, availability: "total" },
  }));
  assertEquals(results.anomalies.map(({ type }) => type), ["lost", "unavailable"]);
  assertEquals(results.result, { valid: false, lost_count: 1 });
  assertEquals(results.availability, { valid: false, ok_fraction: 0.5 });
});

Deno.test("a target is met if its figure is known and below the limit", () => {
  const results = judge(record(() => ({ valid: true, stable_latencies: { "0": 0, "0.5": 400, "1": 599 } })));
  assertEquals(judgeTarget({ name: "max_latency_ms", limit: 600 }, results).met, true);
  assertEquals(judgeTarget({ name: "median_latency_ms", limit: 400 }, results).met, false);
  assertEquals(judgeTarget({ name: "msgs_per_op", limit: 20 }, results), {
    name: "msgs_per_op",
    limit: 20,
    value: null,
    met: false,
  });
});
