import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { formatExactJSON, parseExactJSON } from "../../../lib/workbench/base/json.ts";
import { checkUniqueIds } from "../../../lib/workbench/checkers/unique_ids.ts";
import { parseEDNHistory, parseHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { assertSameVerdict, testRecorded } from "../recorded.ts";

testRecorded("checkUniqueIds agrees with Maelstrom on every recorded history", ["unique-ids"], (recorded) => {
  const verdict = checkUniqueIds(recorded.history);
  assertSameVerdict(recorded, verdict);
  const { workload } = recorded.results;
  assertEquals(verdict.attempted_count, workload["attempted-count"]);
  assertEquals(verdict.acknowledged_count, workload["acknowledged-count"]);
  assertEquals(verdict.duplicated_count, workload["duplicated-count"]);
  assertEquals(verdict.range, workload.range);
  // Of ids equally frequent Maelstrom lists the greatest 48, this checker the least 48.
  const duplicated = verdict.duplicated as { id: number; count: number }[];
  const theirs = workload.duplicated instanceof Map ? [...workload.duplicated.values()] : [];
  assertEquals(duplicated.map(({ count }) => count), theirs);
});

/** A history in which process 0 generates these ids, one per second. */
function generated(...ids: unknown[]): Operation[] {
  return ids.flatMap((id, at): Operation[] => [
    { index: 2 * at, time: at * 1e9, type: "invoke", process: 0, f: "generate", value: null },
    { index: 2 * at + 1, time: at * 1e9, type: "ok", process: 0, f: "generate", value: id },
  ]);
}

Deno.test("checkUniqueIds finds an id that was generated twice", () => {
  const verdict = checkUniqueIds(generated("a", "b", "a"));
  assertEquals(verdict.valid, false);
  assertEquals(verdict.duplicated, [{ id: "a", count: 2 }]);
  assertEquals(verdict.range, ["a", "b"]);
  const [anomaly] = verdict.anomalies!;
  assertEquals([anomaly!.type, anomaly!.count], ["duplicate-id", 1]);
  assertEquals(anomaly!.explanation, 'Id "a" was generated twice: for process 0 at 0.000 s and process 0 at 2.000 s');
  assertEquals(checkUniqueIds(generated("a", "b", "c")).valid, true);
});

Deno.test("checkUniqueIds names the first receivers of an id", () => {
  const { explanation } = checkUniqueIds(generated(7, 7, 7, 7, 7)).anomalies![0]!;
  assertStringIncludes(explanation, "Id 7 was generated 5 times: for process 0 at 0.000 s, process 0 at 1.000 s");
  assertStringIncludes(explanation, "and 2 more");
});

Deno.test("checkUniqueIds compares ids by value, whatever their type", () => {
  assertEquals(checkUniqueIds(generated(1, "1", [1], { a: 1 }, null, true, "true", "null", 1.5)).valid, true);
  assertEquals(checkUniqueIds(generated({ a: 1, b: [2, "n0"] }, { b: [2, "n0"], a: 1 })).valid, false);
  assertEquals(checkUniqueIds(generated([1, [2]], [1, [2]])).valid, false);
});

Deno.test("checkUniqueIds distinguishes integers beyond 2^53", () => {
  const lines = ["9007199254740992", "9007199254740993"].map((id, process) => {
    return `{"index":${process},"time":0,"type":"ok","process":${process},"f":"generate","value":${id}}\n`;
  });
  assertEquals(checkUniqueIds(parseHistory(lines.join(""))).valid, true);
  assertEquals(checkUniqueIds(parseHistory(lines[0]! + lines[0]!.replace('"index":0', '"index":1'))).valid, false);
});

Deno.test("checkUniqueIds counts attempts that did not succeed", () => {
  const verdict = checkUniqueIds(parseEDNHistory(`
    {:type :invoke, :process 0, :f :generate}
    {:type :info, :process 0, :f :generate}
    {:type :invoke, :process 1, :f :generate}
    {:type :fail, :process 1, :f :generate}`));
  assertEquals(verdict, {
    valid: true,
    attempted_count: 2,
    acknowledged_count: 0,
    duplicated_count: 0,
    duplicated: [],
    range: null,
    anomalies: [],
  });
});

Deno.test("checkUniqueIds is valid exactly if all ids differ", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40, size: "max" }), (ids) => {
    const verdict = checkUniqueIds(generated(...ids));
    assertEquals(verdict.valid, new Set(ids).size === ids.length);
    const repeated = new Set(ids.filter((id, at) => ids.indexOf(id) !== at));
    assertEquals(verdict.duplicated_count, repeated.size);
    assertEquals(verdict.range, ids.length === 0 ? null : [Math.min(...ids), Math.max(...ids)]);
  }));
});

Deno.test("checkUniqueIds lists a bounded number of ids", () => {
  const ids = Array.from({ length: 500 }, (_, id) => [id, id]).flat();
  const verdict = checkUniqueIds(generated(...ids));
  assertEquals(verdict.duplicated_count, 500);
  assertEquals((verdict.duplicated as unknown[]).length, 48);
  assertEquals(verdict.anomalies![0]!.explanation.split("\n").length, 9);
});

Deno.test("checkUniqueIds tells of ids that Clojure cannot compare, and is valid", () => {
  const incomparable = (...ids: unknown[]) => {
    const { valid, anomalies } = checkUniqueIds(generated(...ids));
    assertEquals(valid, true);
    return anomalies!.map(({ type }) => type).join();
  };
  const ids = [[1, 2.5, 7n], ["a", "b"], [null, 1, null, 2].slice(1), [true, false], [[1, "a"], [2, "b"], [1, 2, 3]]];
  for (const comparable of ids) assertEquals(incomparable(...comparable), "");
  for (const mixed of [[1, "1"], [{ a: 1 }, { a: 2 }], [true, 1], [[1], ["a"]], [null, { a: 1 }, { a: 2 }]]) {
    assertEquals(incomparable(...mixed), "incomparable-ids");
  }
  // Such as ids from a clock that counts in floats.
  const floats = checkUniqueIds(generated(...parseExactJSON("[2.0, 10.0, 3.5, 4]") as unknown[]));
  assertEquals([floats.anomalies, formatExactJSON(floats.range)], [[], "[2.0,10.0]"]);
  const [anomaly] = checkUniqueIds(generated(17, 18, "n1-17")).anomalies!;
  assertEquals(
    anomaly!.explanation,
    'Ids 17 and "n1-17" are distinct, but Maelstrom\'s checker cannot compare them, and stops',
  );
});
