import { assertEquals } from "@std/assert";
import type { OperationColumns } from "../../../../lib/workbench/report/html/report_data.ts";
import { binLength, latencyQuantiles, quantileOf, rates, thin } from "../../../../lib/workbench/report/page/series.js";

/** Operations `[f, outcome, start, duration]`. */
function columns(...rows: [f: number, outcome: number, start: number, duration: number][]): OperationColumns {
  const [f, outcome, start, duration] = [0, 1, 2, 3].map((at) => rows.map((row) => row[at]!));
  const none = rows.map(() => 0);
  const texts = rows.map(() => "");
  return {
    functions: ["read", "add"],
    f: f!,
    outcome: outcome!,
    start: start!,
    duration: duration!,
    index: none,
    completion: none,
    process: none,
    worker: none,
    argument: texts,
    result: texts,
  };
}

Deno.test("a run has 40 to 100 bins of a round length", () => {
  assertEquals([1, 15_000_000, 20_000_000, 100_000_000].map(binLength), [0.01, 200_000, 200_000, 1_000_000]);
});

Deno.test("rates count completions a second by function and outcome; open operations have none", () => {
  const operations = columns([0, 0, 0, 100], [0, 0, 400_000, 200_000], [1, 2, 0, 700_000], [1, 3, 0, -1]);
  assertEquals(rates(operations, 999_999, 500_000), {
    times: [250_000, 750_000],
    curves: [{ f: 0, outcome: 0, perSecond: [2, 2] }, { f: 1, outcome: 2, perSecond: [0, 2] }],
  });
});

Deno.test("quantiles of latency are of operations that succeeded, in the bin in which they ended", () => {
  const operations = columns([0, 0, 0, 10], [0, 0, 0, 30], [1, 0, 0, 500], [0, 2, 0, 90], [0, 0, 990, 20]);
  assertEquals(latencyQuantiles(operations, 2999, 1000, [0.5, 1], 0), [[20, 20, null], [30, 20, null]]);
  assertEquals(latencyQuantiles(operations, 2999, 1000, [1], null), [[500, 20, null]]);
});

Deno.test("quantileOf() interpolates", () => {
  assertEquals([0, 0.25, 0.5, 1].map((quantile) => quantileOf([10, 20, 40], quantile)), [10, 15, 20, 40]);
});

Deno.test("thinning keeps the extremes of each group, in order, and everything if it is little", () => {
  const values = [5, 1, 9, 4, 7, 7, 2, 8];
  const rows = values.map((_, row) => row);
  assertEquals(thin(rows, (row) => values[row]!, 8), rows);
  assertEquals(thin(rows, (row) => values[row]!, 4), [1, 2, 6, 7]);
});
