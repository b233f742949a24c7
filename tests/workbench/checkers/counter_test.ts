import { assertEquals, assertGreater, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { checkCounter, reachableSums } from "../../../lib/workbench/checkers/counter.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { assertSameVerdict, testRecorded } from "../recorded.ts";

testRecorded(
  "checkCounter agrees with Maelstrom on every recorded history",
  ["g-counter", "pn-counter"],
  (recorded) => {
    const verdict = checkCounter(recorded.history);
    assertSameVerdict(recorded, verdict);
    const { workload } = recorded.results;
    assertEquals(verdict.final_reads, workload["final-reads"]);
    assertEquals(verdict.acceptable, workload.acceptable);
    const errors: Operation[] = workload.errors ?? [];
    assertEquals(verdict.error_count, errors.length);
    assertEquals(verdict.errors, errors.map(({ index, time, process, value }) => ({ index, time, process, value })));
  },
);

/** Adds with their outcomes, then one final read for each value. */
function history(adds: readonly (readonly [number | bigint, string])[], ...reads: unknown[]): Operation[] {
  const lines = adds.flatMap(([delta, outcome], process) => [
    `{:process ${process} :type :invoke :f :add :value ${delta}}`,
    outcome === "open" ? "" : `{:process ${process} :type :${outcome} :f :add :value ${delta}}`,
  ]);
  for (const value of reads) {
    lines.push("{:process 1000 :type :invoke :f :read :final? true :time 2000000000}");
    lines.push(`{:process 1000 :type :ok :f :read :final? true :time 2500000000 :value ${value}}`);
  }
  return parseEDNHistory(lines.join("\n"));
}

Deno.test("checkCounter accepts the sum of all acknowledged adds, and nothing else", () => {
  const adds = [[3, "ok"], [-1, "ok"], [100, "fail"]] as const;
  const right = checkCounter(history(adds, 2, 2));
  assertEquals([right.valid, right.final_reads, right.acceptable], [true, [2, 2], [[2, 2]]]);
  const wrong = checkCounter(history(adds, 2, 1));
  assertEquals([wrong.valid, wrong.error_count], [false, 1]);
  assertEquals(wrong.errors, [{ index: 9, time: 2_500_000_000, process: 1000, value: 1 }]);
  const [anomaly] = wrong.anomalies!;
  assertEquals([anomaly!.type, anomaly!.count], ["wrong-sum", 1]);
  assertEquals(
    anomaly!.explanation,
    "The final read of process 1000 at 2.500 s returned 1, but the acknowledged adds (2) sum up to 2",
  );
});

Deno.test("checkCounter accepts sums with and without adds of unknown outcome", () => {
  const adds = [[3, "ok"], [10, "info"], [-1, "open"]] as const;
  const right = checkCounter(history(adds, 2, 3, 12, 13));
  assertEquals([right.valid, right.acceptable, right.acceptable_count], [true, [[2, 3], [12, 13]], 2]);
  for (const value of [1, 4, 11, 14]) assertEquals(checkCounter(history(adds, value)).valid, false, `${value}`);
  assertStringIncludes(
    checkCounter(history(adds, 4)).anomalies![0]!.explanation,
    "the acknowledged adds (1) sum up to 3; with adds of unknown outcome (2), the sum can be 2 to 3, 12 to 13",
  );
});

Deno.test("checkCounter says how final reads are marked, if a history marks none", () => {
  const told = (...reads: string[]) => {
    const { valid, anomalies } = checkCounter(parseEDNHistory(reads.join(" ")));
    return [valid, ...anomalies!.map(({ explanation }) => explanation)];
  };
  const none = "No final read succeeded, so there is no sum to check";
  const read = "{:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 3}";
  const how = 'marked as final, with "final": true (JSON) or :final? true (EDN)';
  assertEquals(told(read), ["unknown", `${none}: 1 read succeeded, but it is not ${how}`]);
  assertEquals(told(read, read), ["unknown", `${none}: 2 reads succeeded, but none is ${how}`]);
  assertEquals(told(read, "{:process 1 :type :invoke :f :read :final? true}"), ["unknown", none]);
  assertEquals(told(), ["unknown", none]);
});

Deno.test("checkCounter checks final reads only; without one the verdict is unknown", () => {
  const early = "{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read :value 77}";
  assertEquals(checkCounter(parseEDNHistory(early)).valid, "unknown");
  const failed = "{:process 0 :type :invoke :f :read :final? true} {:process 0 :type :fail :f :read :final? true}";
  assertEquals(checkCounter(parseEDNHistory(failed)).valid, "unknown");
});

Deno.test("checkCounter rejects a read of a non-integer; an add of a non-integer makes the verdict unknown", () => {
  for (const value of ["2.5", '"2"', "nil", "[2]"]) {
    assertEquals(checkCounter(history([[2, "ok"]], value)).valid, false, value);
  }
  const verdict = checkCounter(parseEDNHistory('{:process 0 :type :invoke :f :add :value "3"}'));
  assertEquals(verdict.valid, "unknown");
  assertStringIncludes(verdict.anomalies![0]!.explanation, 'operation 0: expected an integer to add, got "3"');
});

Deno.test("checkCounter copes with thousands of adds of unknown outcome", () => {
  const adds = Array.from({ length: 5000 }, (_, n) => [n % 10 - 5, "info"] as const);
  const verdict = checkCounter(history(adds, 0, 5001));
  // 500 of each of -5 … 4: from -7500 to 5000.
  assertEquals(verdict.acceptable, [[-7500, 5000]]);
  assertEquals([verdict.valid, verdict.error_count], [false, 1]);
});

Deno.test("checkCounter is unknown if there are too many sums, except for reads beyond all of them", () => {
  const adds = Array.from({ length: 40 }, (_, n) => [3 ** n % 1e9 * 2, "info"] as const);
  const inside = checkCounter(history(adds, 2));
  assertEquals([inside.valid, inside.acceptable], ["unknown", null]);
  assertEquals(checkCounter(history(adds, -1)).valid, false);
  assertEquals(checkCounter(history(adds, 1e15)).valid, false);
});

Deno.test("checkCounter returns a bounded verdict", () => {
  const adds = Array.from({ length: 12 }, (_, n) => [2 ** n * 2, "info"] as const);
  const verdict = checkCounter(history(adds, ...Array.from({ length: 500 }, (_, n) => 2 * n + 1)));
  assertEquals([verdict.error_count, (verdict.errors as unknown[]).length], [500, 64]);
  assertEquals([verdict.acceptable_count, (verdict.acceptable as unknown[]).length], [4096, 64]);
  assertLessOrEqual(JSON.stringify(verdict).length, 40_000);
});

Deno.test("reachableSums returns the sums of all subsets, as intervals with gaps between them", () => {
  const amounts = fc.array(fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -90, max: 90 })), {
    maxLength: 9,
    size: "max",
  });
  fc.assert(fc.property(fc.integer({ min: -100, max: 100 }), amounts, (base, amounts) => {
    let sums = new Set([base]);
    for (const amount of amounts) sums = new Set([...sums, ...Array.from(sums, (sum) => sum + amount)]);
    const intervals = reachableSums(BigInt(base), amounts.map(BigInt))!.map((interval) => interval.map(Number));
    const listed = intervals.flatMap(([low, high]) => Array.from({ length: high! - low! + 1 }, (_, n) => low! + n));
    assertEquals(listed, [...sums].sort((a, b) => a - b));
    for (const [at, [low]] of intervals.entries()) {
      if (at > 0) assertLessOrEqual(intervals[at - 1]![1]!, low! - 2);
    }
  }));
});

Deno.test("checkCounter is exact for integers beyond 2^53", () => {
  const adds = `
    {:process 0 :type :invoke :f :add :value 9007199254740992}
    {:process 0 :type :ok :f :add :value 9007199254740992}
    {:process 1 :type :invoke :f :add :value 1}
    {:process 1 :type :info :f :add :value 1}`;
  const read = (value: string) =>
    checkCounter(parseEDNHistory(`${adds}
      {:process 2 :type :invoke :f :read :final? true}
      {:process 2 :type :ok :f :read :final? true :value ${value}}`));
  assertEquals(read("9007199254740992").valid, true);
  assertEquals(read("9007199254740993").valid, true);
  assertEquals(read("9007199254740994").valid, false);
  assertEquals(read("9007199254740991").valid, false);
  assertEquals(read("9007199254740993").acceptable, [[9007199254740992n, 9007199254740993n]]);
});

Deno.test("checkCounter is exact for adds beyond 2^53 whose outcome is unknown", () => {
  const large = 2n ** 70n;
  for (const [value, valid] of [[1, true], [1n + large, true], [2n ** 69n, false], [large, false]] as const) {
    const verdict = checkCounter(history([[1, "ok"], [large, "info"]], value));
    assertEquals(verdict.valid, valid);
    assertEquals(verdict.acceptable, [[1, 1], [1n + large, 1n + large]]);
  }
});

/** Adds with all kinds of outcomes. Those with unknown outcome have happened or not. */
const ADDS = fc.array(
  fc.record({
    delta: fc.integer({ min: -5, max: 4 }),
    outcome: fc.constantFrom("ok", "ok", "ok", "fail", "info", "open"),
    happened: fc.boolean(),
  }),
  { maxLength: 30, size: "max" },
);

Deno.test("checkCounter accepts what a correct counter reads, and rejects all that no adds can make", () => {
  let wrong = 0;
  fc.assert(fc.property(ADDS, fc.integer({ min: -60, max: 60 }), (adds, off) => {
    const lines = adds.map(({ delta, outcome }) => [delta, outcome] as const);
    const counted = adds.filter(({ outcome, happened }) => outcome === "ok" || (outcome !== "fail" && happened));
    const sum = counted.reduce((sum, { delta }) => sum + delta, 0);
    assertEquals(checkCounter(history(lines, sum)).valid, true);
    let sums = new Set([adds.reduce((sum, { delta, outcome }) => outcome === "ok" ? sum + delta : sum, 0)]);
    for (const { delta, outcome } of adds) {
      if (outcome === "info" || outcome === "open") {
        sums = new Set([
          ...sums,
          ...Array.from(sums, (sum) => sum + delta),
        ]);
      }
    }
    const possible = sums.has(sum + off);
    if (!possible) wrong++;
    assertEquals(checkCounter(history(lines, sum, sum + off)).valid, possible);
  }));
  assertGreater(wrong, 50);
});
