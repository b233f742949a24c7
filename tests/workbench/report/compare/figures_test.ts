import { assertEquals } from "@std/assert";
import { compareFigures } from "../../../../lib/workbench/report/compare/figures.ts";
import { resultsWith } from "../good_run.ts";

Deno.test("a run without operations has no share that succeeded", () => {
  const operations = { count: 0, ok: 0, fail: 0, info: 0, by_f: {} };
  const runs = [resultsWith({}), resultsWith({ operations, availability: { valid: true, ok_fraction: 1 } })];
  assertEquals(compareFigures(runs).find(({ label }) => label === "operations ok")?.values[1], null);
});

Deno.test("a figure is better or worse between runs of one workload only", () => {
  const changeOfRate = (workload: string) => {
    const runs = [resultsWith({ ops_per_second: 100 }), resultsWith({ ops_per_second: 50, workload })];
    return compareFigures(runs).find(({ label }) => label === "operations a second")?.changes[1];
  };
  assertEquals(changeOfRate("broadcast"), { text: "−50 %", isBetter: false });
  assertEquals(changeOfRate("echo"), { text: "−50 %", isBetter: null });
});
