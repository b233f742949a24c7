import { assertEquals } from "@std/assert";
import { attempts } from "../../../lib/workbench/checkers/attempts.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";

Deno.test("attempts come in order of completion, open ones last, without the nemesis", () => {
  const entries: [Operation["process"], Operation["type"], unknown][] = [
    [0, "invoke", "a"],
    [1, "invoke", "b"],
    ["nemesis", "info", null],
    [2, "invoke", "c"],
    [3, "invoke", "d"],
    [1, "ok", "B"],
    ["nemesis", "info", null],
    [0, "fail", "A"],
    [1, "invoke", "e"],
    [3, "info", "D"],
  ];
  const history = entries.map(([process, type, value], index) => ({
    index,
    time: index,
    process,
    type,
    f: "x",
    value,
  }));
  assertEquals(
    attempts(history).map(({ process, type, invocation, completion, end }) => [
      process,
      type,
      invocation.value,
      completion.value,
      end,
    ]),
    [
      [1, "ok", "b", "B", 5],
      [0, "fail", "a", "A", 7],
      [3, "info", "d", "D", 9],
      [2, "info", "c", "c", Infinity],
      [1, "info", "e", "e", Infinity],
    ],
  );
});
