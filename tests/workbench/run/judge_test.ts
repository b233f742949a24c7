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

Deno.test("an exception counts by its type, and always if it is fatal; Maelstrom overlooks some types", () => {
  const cases = [
    ["malformed-reply", false, true, "overlooks"],
    ["unmatched-reply", false, true, "overlooks"],
    ["client-crashed", true, true, "finds"],
    ["not-stored", true, true, "finds"],
    ["a-new-type", true, true, "finds"],
  ] as const;
  for (const [type, valid, maelstrom, view] of cases) {
    const exception = { type, message: "strange", count: 3 };
    const results = judge(record(() => ({ valid: true }), { exceptions: [exception] }));
    assertEquals([results.valid, results.maelstrom.valid], [valid, maelstrom], type);
    assertEquals(results.exceptions, [{ ...exception, maelstrom: view }]);
    const ended = judge(record(() => ({ valid: true }), { exceptions: [{ ...exception, fatal: true }] }));
    assertEquals([ended.valid, ended.maelstrom.valid], [false, false], type);
  }
});

Deno.test("Maelstrom's verdict leaves out what it does not look for, and is unknown where its checker stops", () => {
  const garbage = { type: "garbage-read", count: 1, explanation: "…" };
  const check = (...types: string[]) => () => ({
    valid: types.length === 0,
    anomalies: types.map((type) => ({ ...garbage, type })),
  });
  const verdicts = (workload: string, ...types: string[]) => {
    const { valid, passed, maelstrom, anomalies } = judge(
      record(() => ({ valid: true }), { workload: { ...WORKLOADS[workload]!, check: check(...types) } }),
    );
    return [valid, passed, maelstrom.valid, maelstrom.passed, ...anomalies.map(({ maelstrom }) => maelstrom)];
  };
  assertEquals(verdicts("txn-rw-register"), [true, true, true, true]);
  assertEquals(verdicts("txn-rw-register", "garbage-read"), [false, false, true, true, "overlooks"]);
  assertEquals(verdicts("txn-rw-register", "G1a"), [false, false, false, false, "finds"]);
  assertEquals(verdicts("txn-rw-register", "garbage-read", "G1a"), [false, false, false, false, "overlooks", "finds"]);
  assertEquals(verdicts("txn-list-append", "garbage-read"), [false, false, "unknown", false, "stops"]);
  assertEquals(verdicts("kafka", "garbage-read", "lost-write"), [false, false, "unknown", false, "stops", "finds"]);
});

Deno.test("a target that is missed is missed by both verdicts", () => {
  const limits = [{ name: "msgs_per_op", limit: 20 } as const];
  const { valid, passed, maelstrom } = judge(record(() => ({ valid: true }), { limits }));
  assertEquals([valid, passed, maelstrom], [true, false, { valid: true, passed: false }]);
});

Deno.test("the final phase counts for total availability, but not for Maelstrom if it has none", () => {
  const history = [operation(0, "invoke"), operation(1, "ok"), operation(2, "invoke"), operation(3, "info")]
    .map((each, index) => ({ ...each, final: index > 1 }));
  const rest = { history, options: { ...OPTIONS, availability: "total" } as const };
  const workload = { ...WORKLOADS["txn-rw-register"]!, check: () => ({ valid: true }) };
  const results = judge(record(() => ({ valid: true }), { ...rest, workload }));
  assertEquals([results.valid, results.maelstrom.valid], [false, true]);
  assertEquals(results.anomalies.map(({ type, maelstrom }) => [type, maelstrom]), [["unavailable", "overlooks"]]);
  const main = history.map((each) => ({ ...each, final: false }));
  const failed = judge(record(() => ({ valid: true }), { ...rest, workload, history: main }));
  assertEquals([failed.valid, failed.maelstrom.valid], [false, false]);
});

Deno.test("nodes that do not converge are invalid strictly, and valid for Maelstrom", () => {
  const convergence = { time: null, lacking: ["n0 lacked 7"] };
  const { valid, maelstrom, anomalies } = judge(record(() => ({ valid: true }), { convergence }));
  assertEquals([valid, maelstrom.valid], [false, true]);
  assertEquals(anomalies.map(({ type, maelstrom }) => [type, maelstrom]), [["not-converged", "overlooks"]]);
});

Deno.test("the strict verdict decides unless the record says otherwise", () => {
  assertEquals(judge(record(() => ({ valid: true }))).decided_by, "strict");
  assertEquals(judge(record(() => ({ valid: true }), { decidedBy: "maelstrom" })).decided_by, "maelstrom");
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
