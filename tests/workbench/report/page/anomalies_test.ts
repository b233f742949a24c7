import { assertEquals } from "@std/assert";
import { operationAt } from "../../../../lib/workbench/report/page/anomalies.js";

/** Four operations, all of which begin or end at 15 s. */
const OPERATIONS = {
  process: [1, 0, 0, 2],
  start: [15e6, 14e6, 15e6, 15e6],
  duration: [0, 1e6, -1, 100],
  index: [0, 1, 3, 4],
  completion: [2, 5, -1, 6],
};

/** Rows of the operations that the times of a sentence lead to. */
function rowsOf(sentence: string, ...listed: number[]): number[] {
  const parts = sentence.split(/(\b\d+\.\d{3} s\b)/);
  return parts.flatMap((part, at) =>
    at % 2 === 0 ? [] : [operationAt(parts.slice(0, at), Number.parseFloat(part) * 1e6, new Set(listed), OPERATIONS)]
  );
}

Deno.test("a time leads to an operation of the process that is named before it", () => {
  assertEquals(rowsOf("Read by process 2 at 15.000 s, and by process 1, begun at 15.000 s"), [3, 0]);
  assertEquals(rowsOf("Process 9 read at 15.000 s, after 16.000 s"), [0, -1]);
});

Deno.test("a time leads to an operation that the checker listed", () => {
  assertEquals(rowsOf("16 on n1 (at 15.000 s)", 4), [3]);
  assertEquals(rowsOf("Process 0 at 15.000 s", 3), [2]);
});

Deno.test("a time that is named twice leads to two operations", () => {
  assertEquals(rowsOf("for process 0 at 15.000 s and process 0 at 15.000 s"), [1, 2]);
  assertEquals(rowsOf("for process 0 at 15.000 s, process 1 at 15.000 s and process 0 at 15.000 s"), [1, 0, 2]);
});
