import { assertEquals } from "@std/assert";
import { nodeLog } from "../../../../lib/workbench/report/html/logs.ts";

Deno.test("lines have the times in the file beside the log; without it, those that they begin with", () => {
  const lines = ["0.500 info hello", "  more", "last"];
  assertEquals(nodeLog("n0", lines, ["1.000", "1.250"], []).time, [1_000_000, 1_250_000, -1]);
  assertEquals(nodeLog("n0", lines, [], []).time, [500_000, -1, -1]);
  assertEquals(nodeLog("n0", lines, ["", "soon", "-1"], []).time, [-1, -1, -1]);
});

Deno.test("of too many lines the first and the last stay, each with its time", () => {
  const omitted: string[] = [];
  const count = 5000;
  const lines = Array.from({ length: count }, (_, row) => `line ${row}`);
  const { time, text } = nodeLog("n0", lines, lines.map((_, row) => `${row}.000`), omitted);
  assertEquals([text.length, text[2000], time[2000]], [4000, "line 3000", 3000e6]);
  assertEquals(omitted, ["Of the 5000 lines that n0 logged, 4000 are here: the first and the last"]);
});

Deno.test("a long line is cut", () => {
  assertEquals(nodeLog("n0", ["x".repeat(600)], [], []).text, [`${"x".repeat(500)}…`]);
});

Deno.test("the colours of a terminal are left out", () => {
  assertEquals(nodeLog("n0", ["\x1b[31mred\x1b[0m"], [], []).text, ["red"]);
});
