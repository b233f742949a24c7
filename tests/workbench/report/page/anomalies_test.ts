import { assertEquals } from "@std/assert";
import { operationAt, partsOf } from "../../../../lib/workbench/report/page/anomalies.js";

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

Deno.test("of several cycles the first is shown whole, and each of the others stays together", () => {
  const cycle = (key: number) => [
    `T1 is process ${key}'s transaction`,
    "T2 is another",
    "T3 is another",
    `T1 < T2, because T1 read key ${key}`,
    "T2 < T3, because T2 did",
    "T3 < T4, because T3 did",
    "But T4 < T1, because T4 did",
  ];
  const { first, more } = partsOf([...cycle(1), ...cycle(2), ...cycle(3), "… and 9 more"].join("\n"));
  assertEquals([first, more], [cycle(1), [cycle(2), [...cycle(3), "… and 9 more"]]]);
});

Deno.test("of many sentences the first three are shown", () => {
  assertEquals(partsOf("a\nb\nc\nd\ne\nf\ng"), { first: ["a", "b", "c"], more: [["d", "e", "f", "g"]] });
  assertEquals(partsOf("a\nb\nc\nd"), { first: ["a", "b", "c", "d"], more: [] });
});

Deno.test("a line stays together with its indented ones, and the operations of an order have numbers", () => {
  const blocked = (key: number) => [
    `Key ${key} is not linearizable: there is no moment at which process 1's read 2 can have taken effect`,
    "  the 2 before it can be linearized:",
    "    process 0's write 1 (from 0.001 s to 0.002 s)",
    "    process 3's write 2 (from 0.002 s on, outcome unknown)",
    "  at that point the register can only contain 2",
  ];
  const { first, more } = partsOf([...blocked(1), ...blocked(2)].join("\n"));
  assertEquals(first.slice(2, 4), [
    "1. process 0's write 1 (from 0.001 s to 0.002 s)",
    "2. process 3's write 2 (from 0.002 s on, outcome unknown)",
  ]);
  assertEquals([first.length, more.length, more[0]!.length, more[0]![2]!.slice(0, 2)], [5, 1, 5, "1."]);
});
