import { assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { asMaelstrom } from "../../../../lib/workbench/checkers/finding_types.ts";
import { checkSetFull } from "../../../../lib/workbench/checkers/set/mod.ts";
import { parseEDNHistory } from "../../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { assertSameVerdict, testRecorded } from "../../recorded.ts";
import { MOVES, play } from "./set_history.ts";

testRecorded("checkSetFull agrees with Maelstrom on every recorded history", ["broadcast", "g-set"], (recorded) => {
  const verdict = checkSetFull(recorded.history, recorded);
  assertSameVerdict(recorded, verdict);
  const { workload } = recorded.results;
  for (const kind of ["lost", "stale", "never-read"]) {
    const name = kind.replace("-", "_");
    assertEquals(verdict[`${name}_count`], workload[`${kind}-count`], kind);
    assertEquals(verdict[name], workload[kind], kind);
  }
  assertEquals(verdict.attempt_count, workload["attempt-count"]);
  assertEquals(verdict.stable_count, workload["stable-count"]);
  assertEquals(verdict.duplicated_count, workload["duplicated-count"]);
  assertEquals(verdict.unexpected_count, 0);
  assertEquals(verdict.stable_latencies, fromMap(workload["stable-latencies"]));
  assertEquals(verdict.lost_latencies, fromMap(workload["lost-latencies"]));
  // Maelstrom calls broadcasts adds, and shows the values of reads.
  const worst = workload["worst-stale"].map((stale: Record<string, unknown>) => ({
    element: stale.element,
    outcome: stale.outcome,
    stable_latency: stale["stable-latency"],
    lost_latency: stale["lost-latency"],
    known: operationSummary(stale.known as Operation, recorded.history),
    last_absent: operationSummary(stale["last-absent"] as Operation, recorded.history),
  }));
  assertEquals(verdict.worst_stale, worst);
});

function fromMap(quantiles: Map<number, number> | undefined): Record<string, number> | null {
  return quantiles === undefined ? null : Object.fromEntries(quantiles);
}

function operationSummary({ index, time, type, process }: Operation, history: Operation[]) {
  return { index, time, type, process, f: history[index]!.f };
}

/** A history from lines with milliseconds, process, type, function and value in EDN. */
function historyOf(...lines: string[]): Operation[] {
  return parseEDNHistory(
    lines.map((line) => {
      const [ms, process, type, f, ...value] = line.split(" ");
      return `{:time ${ms}000000 :process ${process} :type :${type} :f :${f} :value ${value.join(" ") || "nil"}}`;
    }).join("\n"),
  );
}

const ADDED_AND_READ = ["0 0 invoke add 7", "1 0 ok add 7", "2 1 invoke read", "3 1 ok read [7]"];

Deno.test("checkSetFull: an element that later reads contain is stable", () => {
  const verdict = checkSetFull(historyOf(...ADDED_AND_READ));
  assertEquals(verdict.valid, true);
  assertEquals([verdict.attempt_count, verdict.stable_count, verdict.stale_count], [1, 1, 0]);
  assertEquals(verdict.stable_latencies, { "0": 0, "0.5": 0, "0.95": 0, "0.99": 0, "1": 0 });
  assertEquals(verdict.lost_latencies, null);
  assertEquals(verdict.anomalies, []);
});

Deno.test("checkSetFull: an element missing from a later read is lost, or stale if one more read contains it", () => {
  const lossy = [...ADDED_AND_READ, "40 2 invoke read", "50 2 ok read []"];
  const verdict = checkSetFull(historyOf(...lossy), { nodes: ["n0", "n1", "n2"], concurrency: 3 });
  assertEquals([verdict.valid, verdict.lost_count, verdict.lost], [false, 1, [7]]);
  assertEquals(verdict.lost_latencies, { "0": 1, "0.5": 1, "0.95": 1, "0.99": 1, "1": 1 });
  assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["lost", 1]]);
  assertEquals(
    verdict.anomalies![0]!.explanation,
    "Element 7 (acknowledged to process 0 on n0 at 0.001 s) never reached n2: no read there has it, the last of them " +
      "by process 2 on n2, begun at 0.040 s",
  );
  const forgotten = checkSetFull(historyOf(...lossy, "60 1 invoke read", "61 1 ok read []"), {
    nodes: ["n0", "n1", "n2"],
    concurrency: 3,
  });
  assertEquals(
    forgotten.anomalies![0]!.explanation,
    "Element 7 (acknowledged to process 0 on n0 at 0.001 s) was last in the read that process 1 on n1 began at " +
      "0.002 s, and is in none that began later, the last of them by process 1 on n1, begun at 0.060 s",
  );

  const mended = checkSetFull(historyOf(...lossy, "60 1 invoke read", "61 1 ok read [7]"));
  assertEquals([mended.valid, mended.lost_count, mended.stale], [true, 0, [7]]);
  assertEquals((mended.stable_latencies as Record<string, number>)["1"], 39);
  assertEquals(mended.worst_stale, [{
    element: 7,
    outcome: "stable",
    stable_latency: 39,
    lost_latency: null,
    known: { index: 1, time: 1e6, type: "ok", process: 0, f: "add" },
    last_absent: { index: 4, time: 40e6, type: "invoke", process: 2, f: "read" },
  }]);
});

Deno.test("checkSetFull measures latencies until just after the read began, in whole milliseconds", () => {
  for (const [lacking, latency] of [[1_999_998, 0], [1_999_999, 1], [900_000, 0]]) {
    const verdict = checkSetFull(parseEDNHistory(`
      {:time 0 :process 0 :type :invoke :f :add :value 7}
      {:time 1000000 :process 0 :type :ok :f :add :value 7}
      {:time ${lacking} :process 1 :type :invoke :f :read}
      {:time 3000000 :process 1 :type :ok :f :read :value []}
      {:time 4000000 :process 1 :type :invoke :f :read}
      {:time 5000000 :process 1 :type :ok :f :read :value [7]}`));
    assertEquals([verdict.valid, (verdict.stable_latencies as Record<string, number>)["1"]], [true, latency]);
    assertEquals(verdict.stale_count, latency);
  }
});

Deno.test("checkSetFull: an acknowledged element that no read ever contains is lost", () => {
  const verdict = checkSetFull(historyOf("0 0 invoke add 7", "1 0 ok add 7", "2 4 invoke read", "3 4 ok read []"), {
    nodes: ["n0", "n1"],
    concurrency: 4,
  });
  assertEquals([verdict.valid, verdict.lost], [false, [7]]);
  assertEquals((verdict.lost_latencies as Record<string, number>)["1"], 0);
  assertStringIncludes(
    verdict.anomalies![0]!.explanation,
    "is in no read after that, the last of them by process 4 on n0, begun at 0.002 s",
  );
});

Deno.test("checkSetFull: a read proves an element whose add was not acknowledged", () => {
  const story = ["0 0 invoke broadcast 7", "2 1 invoke read", "3 1 ok read [7]", "5 0 info broadcast 7"];
  assertEquals(checkSetFull(historyOf(...story)).valid, true);
  const lost = checkSetFull(historyOf(...story, "6 2 invoke read", "7 2 ok read []"));
  assertEquals(lost.valid, false);
  assertStringIncludes(lost.anomalies![0]!.explanation, "Element 7 (first read by process 1 at 0.003 s)");
});

Deno.test("checkSetFull: an element that was never known may be missing", () => {
  const unknown = ["0 0 invoke add 7", "1 0 info add 7", "2 1 invoke read", "3 1 ok read []"];
  const verdict = checkSetFull(historyOf(...unknown));
  assertEquals([verdict.valid, verdict.never_read, verdict.lost_count], ["unknown", [7], 0]);
});

Deno.test("checkSetFull: a read concurrent with the add may miss the element", () => {
  const verdict = checkSetFull(historyOf("0 0 invoke add 7", "1 1 invoke read", "2 0 ok add 7", "3 1 ok read []"));
  assertEquals([verdict.valid, verdict.never_read_count], ["unknown", 1]);
});

Deno.test("checkSetFull: reads that failed or never completed prove nothing", () => {
  const verdict = checkSetFull(historyOf(
    ...["0 0 invoke add 7", "1 0 ok add 7", "2 1 invoke read", "3 1 fail read"],
    ...["4 1 invoke read", "5 1 info read", "6 2 invoke read"],
  ));
  assertEquals([verdict.valid, verdict.never_read_count], ["unknown", 1]);
});

Deno.test("checkSetFull: an empty history is unknown", () => {
  const verdict = checkSetFull([]);
  assertEquals([verdict.valid, verdict.attempt_count, verdict.stable_latencies], ["unknown", 0, null]);
});

Deno.test("checkSetFull: a set with duplicated or unexpected values is invalid, for Maelstrom it is not", () => {
  const verdict = checkSetFull(historyOf("0 0 invoke add 7", "1 0 ok add 7", "2 1 invoke read", "3 1 ok read [7 9 7]"));
  assertEquals([verdict.valid, asMaelstrom(verdict, "g-set")], [false, true]);
  assertEquals([verdict.duplicated_count, verdict.duplicated], [1, [{ element: 7, count: 2 }]]);
  assertEquals([verdict.unexpected_count, verdict.unexpected], [1, [9]]);
  assertEquals(verdict.anomalies!.map(({ type, explanation }) => [type, explanation]), [
    ["duplicated", "Element 7 occurs 2 times in the read by process 1 at 0.003 s"],
    ["unexpected", "Element 9 is in the read by process 1 at 0.003 s, but no add of it had begun"],
  ]);
  for (const read of ["[7 9]", "[7 7]"]) {
    const { valid, anomalies } = checkSetFull(historyOf(...ADDED_AND_READ.slice(0, 3), `3 1 ok read ${read}`));
    assertEquals([valid, anomalies!.length], [false, 1]);
  }
  // Without a stable element, Maelstrom does not decide.
  const undecided = checkSetFull(historyOf("0 1 invoke read", "1 1 ok read [9]"));
  assertEquals([undecided.valid, asMaelstrom(undecided, "g-set")], [false, "unknown"]);
});

Deno.test("checkSetFull: an element that is read although every add of it failed makes the set invalid", () => {
  const failed = ["0 0 invoke add 7", "1 0 fail add 7", "2 0 invoke add 8", "3 0 ok add 8"];
  const read = ["10 1 invoke read", "11 1 ok read [7 8]"];
  const verdict = checkSetFull(historyOf(...failed, ...read));
  assertEquals([verdict.valid, asMaelstrom(verdict, "g-set")], [false, true]);
  assertEquals(verdict.anomalies!.map(({ type, explanation, cases }) => [type, explanation, cases![0]!.operations]), [[
    "failed-add-read",
    "Element 7 is in the read by process 1 at 0.011 s, but the add of it by process 0 failed at 0.001 s",
    [1, 5],
  ]]);
  for (
    const again of [["4 2 invoke add 7", "5 2 ok add 7"], ["4 2 invoke add 7", "5 2 info add 7"], ["4 2 invoke add 7"]]
  ) {
    assertEquals(checkSetFull(historyOf(...failed, ...again, ...read)).anomalies, []);
  }
  assertEquals(checkSetFull(historyOf(...failed, "10 1 invoke read", "11 1 ok read [8]")).valid, true);
});

Deno.test("checkSetFull: an acknowledgement need not repeat the element", () => {
  for (const value of ["", " nil", ' "OK"', " {}"]) {
    const acknowledged = ["0 0 invoke add 7", `1 0 ok add${value}`, "2 1 invoke read"];
    const { valid, lost } = checkSetFull(historyOf(...acknowledged, "3 1 ok read []"));
    assertEquals([valid, lost], [false, [7]], value);
    assertEquals(checkSetFull(historyOf(...acknowledged, "3 1 ok read [7]")).valid, true);
  }
});

Deno.test("checkSetFull says why nothing is decided", () => {
  const added = ["0 0 invoke add 7", "1 0 ok add 7"];
  for (
    const [history, reason] of [
      [["0 0 invoke read", "1 0 ok read []"], "no element was added"],
      [added, "no read succeeded, so the only element can be in the set or not"],
      [
        [...added, "2 0 invoke add 8", "3 0 info add 8", "4 1 invoke read", "5 1 fail read"],
        "no read succeeded, so any of 2 elements can be in the set or not",
      ],
      [
        ["0 0 invoke add 7", "1 0 info add 7", "2 1 invoke read", "3 1 ok read []"],
        "no add was acknowledged, and no read contains the only element",
      ],
      [
        ["0 1 invoke read", ...["1 0 invoke add 7", "2 0 ok add 7"], "3 1 ok read []"],
        "no read that began after an element was acknowledged shows if the set has the only element",
      ],
    ] as const
  ) {
    const { valid, anomalies } = checkSetFull(historyOf(...history));
    assertEquals([valid, anomalies!.map(({ type, explanation }) => [type, explanation])], [
      "unknown",
      [["nothing-decided", `Nothing is decided: ${reason}`]],
    ]);
  }
});

Deno.test("checkSetFull accepts elements of any type, and compares them by value", () => {
  const story = [
    '0 0 invoke add {"a" [1], "b" 2}',
    '1 0 ok add {"b" 2, "a" [1]}',
    '2 0 invoke add "x"',
    '3 0 ok add "x"',
  ];
  const verdict = checkSetFull(historyOf(...story, "4 1 invoke read", '5 1 ok read ["x" {"b" 2, "a" [1]}]'));
  assertEquals([verdict.valid, verdict.stable_count], [true, 2]);
  const lost = checkSetFull(historyOf(...story, "4 1 invoke read", '5 1 ok read ["x" {"b" 2, "a" [2]}]'));
  assertEquals([lost.valid, lost.lost], [false, [{ a: [1], b: 2 }]]);
});

Deno.test("checkSetFull: a read without a list makes the verdict unknown", () => {
  const verdict = checkSetFull(historyOf("0 0 invoke read", "1 0 ok read 5"));
  assertEquals(verdict.valid, "unknown");
  assertEquals(verdict.anomalies![0]!.explanation, "Cannot check operation 1: expected a list of elements, got 5");
});

Deno.test("checkSetFull returns a bounded verdict", () => {
  const adds = Array.from({ length: 20_000 }, (_, element) => [`0 0 invoke add ${element}`, `1 0 ok add ${element}`])
    .flat();
  const verdict = checkSetFull(historyOf(...adds, "2 1 invoke read", "3 1 ok read [1 1 a b c]"));
  assertEquals([verdict.lost_count, (verdict.lost as unknown[]).length], [19_999, 10_000]);
  assertEquals(verdict.anomalies![0]!.cases!.length, 1000);
  assertLessOrEqual(JSON.stringify(verdict).length, 130_000);
});

Deno.test("checkSetFull accepts a correct set", () => {
  fc.assert(fc.property(MOVES, (moves) => {
    const history = play(moves, (elements) => elements);
    const verdict = checkSetFull(history);
    const isUndecided = verdict.stable_count === 0;
    assertEquals(verdict.valid, isUndecided ? "unknown" : true);
    assertEquals([verdict.lost_count, verdict.stale_count], [0, 0]);
    const types = isUndecided && history.length > 0 ? ["nothing-decided"] : [];
    assertEquals(verdict.anomalies!.map(({ type }) => type), types);
  }));
});

Deno.test("checkSetFull finds every element that vanishes after it was acknowledged", () => {
  fc.assert(fc.property(MOVES, fc.nat(), (moves, pick) => {
    const history = play(moves, (elements) => elements);
    const acknowledged = history.filter(({ type, f }) => type === "ok" && f === "add");
    fc.pre(acknowledged.length > 0);
    const { index, value } = acknowledged[pick % acknowledged.length]!;
    const lossy = history.map((operation) => {
      const isLaterRead = operation.index > index && operation.f === "read" && operation.type === "ok";
      if (!isLaterRead) return operation;
      return { ...operation, value: (operation.value as number[]).filter((element) => element !== value) };
    });
    const verdict = checkSetFull(lossy);
    assertEquals([verdict.valid, verdict.lost], [false, [value]]);
  }));
});
