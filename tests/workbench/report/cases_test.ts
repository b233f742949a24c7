import { assertEquals } from "@std/assert";
import { caseLines as format } from "../../../lib/workbench/report/cases.ts";
import { explainCases } from "../../../lib/workbench/checkers/explain.ts";
import type { Anomaly, AnomalyCase } from "../../../lib/workbench/checkers/verdict.ts";
import { EXAMPLES } from "../checkers/anomaly_docs.ts";

function caseLines(anomaly: Anomaly, isStored: boolean, width: number): string[] {
  return format(anomaly, { isStored, width, indent: "    " });
}

/** Makes an anomaly of cases, each a sentence and what shows it. */
function anomalyOf(...cases: [sentence: string, evidence?: AnomalyCase][]): Anomaly {
  const [anomaly] = explainCases("lost", cases, ([sentence]) => sentence);
  return { ...anomaly!, cases: cases.map(([_, evidence = {}]) => evidence) };
}

function lost(element: number, ...nodes: string[]): [string, AnomalyCase] {
  const names = nodes.join(" and ");
  const rest = nodes.length === 1 ? "" : ", and one more";
  return [`Element ${element} (sent at ${element}.5 s) never reached ${names}: no read there has it${rest}`, { nodes }];
}

Deno.test("of cases that are alike, the first is shown and the others are counted", () => {
  const anomaly = anomalyOf(...Array.from({ length: 40 }, (_, index) => lost(index, "n1", `n${index + 2}`)));
  const first = "    Element 0 (sent at 0.5 s) never reached n1 and n2: no read there has it, and one more";
  assertEquals(caseLines(anomaly, true, 100), [first, "    … and 39 more like it (results.json has all)"]);
  assertEquals(caseLines(anomaly, false, 100), [first, "    … and 39 more like it"]);
});

Deno.test("the first case of each pattern is shown: another cause is not summed up", () => {
  const aborted = (time: number, why: string): [string] => [`Transaction ${time} failed at ${time} s with ${why}`];
  const anomaly = anomalyOf(
    aborted(1, "txn-conflict"),
    aborted(2, "txn-conflict"),
    aborted(3, "not-supported"),
    aborted(4, "txn-conflict"),
    aborted(5, "not-supported"),
  );
  assertEquals(caseLines(anomaly, true, 80), [
    "    Transaction 1 failed at 1 s with txn-conflict",
    "    Transaction 3 failed at 3 s with not-supported",
    "    … and 3 more like these (results.json has all)",
  ]);
});

Deno.test("cases differ in keys, values, names of nodes, lists and their lengths without another cause", () => {
  const same = (...sentences: [string, AnomalyCase?][]) => caseLines(anomalyOf(...sentences), false, 200).length;
  const alike = "Key [1] has it";
  for (
    const [one, another] of [
      ['Key "a\\"b" has 2', 'Key "c" has 31'],
      ["Read [[1,2],[3]] of it", "Read [] of it"],
      ["It was null", 'It was {"a":{"b":[1]}}'],
      [
        "Id 7 was generated twice: for process 1 on n1 and process 2 on n2",
        "Id 8 was generated 5 times: for process 3 on n0",
      ],
      ["Lacked 4 of 9: 1, 2, 3, 4 …", "Lacked 1 of 9: 1"],
      ["Key 1: process 1 sent 5, process 2 sent 6, process 3 sent 7", "Key 2: process 1 sent 5"],
    ]
  ) assertEquals(same([one!], [another!], [another!]), 2, `${one} / ${another}`);
  assertEquals(
    same(["node a lacks it", { nodes: ["a"] }], ["node b-c lacks it", { nodes: ["b-c"] }], [alike], [alike]),
    3,
  );
});

Deno.test("nodes are named if each case is about one", () => {
  const anomaly = anomalyOf(lost(7, "n1"), lost(7, "n2"), lost(7, "n4"));
  assertEquals(caseLines(anomaly, true, 80)[1], "    … and 2 more like it, on n2, n4 (results.json has all)");
  const twice = anomalyOf(lost(7, "n1"), lost(7, "n2"), lost(8, "n2"));
  assertEquals(caseLines(twice, true, 80)[1], "    … and 2 more like it (results.json has all)");
});

Deno.test("a case is not counted where it takes no more lines to show it", () => {
  assertEquals(caseLines(anomalyOf(lost(7, "n1"), lost(8, "n2")), true, 80).length, 2);
  assertEquals(caseLines(anomalyOf(lost(7, "n1"), lost(8, "n2")), false, 40).length, 3);
});

Deno.test("results that do not have all cases are not said to have them", () => {
  const sentences = Array.from({ length: 20 }, (_, index): [string] => [`Element ${index} was lost`]);
  const anomaly = anomalyOf(...sentences);
  const last = (cases?: AnomalyCase[]) => caseLines({ ...anomaly, cases }, true, 80).at(-1);
  assertEquals(last(anomaly.cases!.slice(0, 10)), "    … and 19 more like it (results.json has the first 10)");
  assertEquals(last(undefined), "    … and 19 more like it");
});

Deno.test("of many patterns, as many are shown as fit", () => {
  const words = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
  const anomaly = anomalyOf(...words.map((word): [string] => [`Lost ${word}\n  because\n  of it`]));
  assertEquals(caseLines(anomaly, false, 80).slice(-4), [
    "    Lost three",
    "      because",
    "      of it",
    "    … and 5 more",
  ]);
});

Deno.test("anomalies of every checker are divided into their cases", () => {
  const found = EXAMPLES.flatMap(({ history, check }) => check(history).anomalies ?? []);
  for (const { type, count, explanation } of found) {
    // Its sentences name errors in lines of their own.
    if (count > 1 || type === "never-succeeded") continue;
    const repeated = anomalyOf(...Array.from({ length: 9 }, (): [string] => [explanation]));
    const lines = caseLines(repeated, true, 5000);
    const expected = explanation.split("\n").map((line) => `    ${line}`);
    assertEquals(lines, [...expected, "    … and 8 more like it (results.json has all)"], type);
  }
});
