import { assertEquals } from "@std/assert";
import { COLUMNS } from "../../../../lib/workbench/report/page/runs/columns.js";
import { ALL_RUNS, runFilter } from "../../../../lib/workbench/report/page/runs/filters.js";
import { sortRows } from "../../../../lib/workbench/report/page/runs/table.js";
import type { RunRow } from "../../../../lib/workbench/report/serve/run_row.ts";

/** Row of a valid run that began at a second. */
function row(second: number, changes: Partial<RunRow> = {}): RunRow {
  return {
    path: `echo/2026112${second}`,
    state: "passed",
    challenge: null,
    workload: "echo",
    world: "process",
    seed: `seed-${second}`,
    started: second * 1000,
    durationMs: null,
    operationsPerSecond: null,
    p50: null,
    p99: null,
    messagesPerOperation: null,
    okFraction: null,
    anomalies: null,
    findings: "",
    hasReport: false,
    progress: null,
    ...changes,
  };
}

const ROWS = [
  row(1, { p99: 5, state: "invalid", findings: "lost, stale" }),
  row(2, { p99: null }),
  row(3, { p99: 20, workload: "kafka", challenge: "5c" }),
  row(4, { p99: 5, state: "running" }),
];

function order(key: string, direction: "ascending" | "descending"): number[] {
  const column = COLUMNS.find((column) => column.key === key)!;
  return sortRows(ROWS, { column, direction }).map(({ started }) => started / 1000);
}

Deno.test("rows sort in both directions; unknown figures come last, and of equal ones the newest first", () => {
  assertEquals(order("p99", "ascending"), [4, 1, 3, 2]);
  assertEquals(order("p99", "descending"), [3, 4, 1, 2]);
  assertEquals(order("started", "descending"), [4, 3, 2, 1]);
  assertEquals(order("state", "ascending"), [4, 1, 3, 2]);
  assertEquals(order("test", "ascending"), [3, 4, 2, 1]);
});

Deno.test("a filter asks for words in any order, a workload and a verdict", () => {
  const passing = (filter: Partial<typeof ALL_RUNS>) =>
    ROWS.filter(runFilter({ ...ALL_RUNS, ...filter })).map(({ started }) => started / 1000);
  assertEquals(passing({}), [1, 2, 3, 4]);
  assertEquals(passing({ text: "STALE echo" }), [1]);
  assertEquals(passing({ text: "seed-3" }), [3]);
  assertEquals(passing({ text: "✓ valid" }), [2, 3]);
  assertEquals(passing({ workload: "kafka" }), [3]);
  assertEquals(passing({ verdict: "bad" }), [1]);
  assertEquals(passing({ verdict: "running", workload: "kafka" }), []);
});
