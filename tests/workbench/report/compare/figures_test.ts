import { assertEquals } from "@std/assert";
import { compareFigures } from "../../../../lib/workbench/report/compare/figures.ts";
import { resultsWith } from "../good_run.ts";

Deno.test("a figure is better or worse between runs of one workload only", () => {
  const changeOfRate = (workload: string) => {
    const runs = [resultsWith({ ops_per_second: 100 }), resultsWith({ ops_per_second: 50, workload })];
    return compareFigures(runs).find(({ label }) => label === "operations a second")?.changes[1];
  };
  assertEquals(changeOfRate("broadcast"), { text: "−50 %", isBetter: false });
  assertEquals(changeOfRate("echo"), { text: "−50 %", isBetter: null });
});
