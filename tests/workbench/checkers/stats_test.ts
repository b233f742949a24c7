import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkStats, crashReplies, errorReplies } from "../../../lib/workbench/checkers/stats.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { type MaelstromResults, testRecorded } from "../recorded.ts";

testRecorded("checkStats agrees with Maelstrom on every recorded history", undefined, ({ history, results }) => {
  const { valid, anomalies: _, by_f, ...counts } = checkStats(history, ["crash", "debug-topic-partitions"]);
  assertEquals(valid, results.stats["valid?"]);
  assertEquals(counts, countsOf(results.stats));
  const expected = Object.entries(results.stats["by-f"]).map(([f, stats]) => [f, countsOf(stats)]);
  assertEquals(by_f, Object.fromEntries(expected));
});

function countsOf(stats: MaelstromResults["stats"]["by-f"][string]) {
  return { count: stats.count, ok: stats["ok-count"], fail: stats["fail-count"], info: stats["info-count"] };
}

/** Some reads succeed, no write does. */
const NO_WRITES = parseEDNHistory(`
  {:type :info, :process :nemesis, :f :start-partition}
  {:type :invoke, :process 0, :f :read}
  {:type :ok, :process 0, :f :read}
  {:type :invoke, :process 0, :f :read}
  {:type :fail, :process 0, :f :read, :error :net-timeout}
  {:type :invoke, :process 0, :f :write}
  {:type :info, :process 0, :f :write, :error :net-timeout}
  {:type :invoke, :process 1, :f :write}
  {:type :fail, :process 1, :f :write, :error [:temporarily-unavailable "no leader"]}
  {:type :invoke, :process 1, :f :write}`);

Deno.test("checkStats counts by function, without the nemesis and open operations", () => {
  const { count, ok, fail, info, by_f } = checkStats(NO_WRITES);
  assertEquals({ count, ok, fail, info }, { count: 4, ok: 1, fail: 2, info: 1 });
  assertEquals(by_f, {
    read: { count: 2, ok: 1, fail: 1, info: 0 },
    write: { count: 2, ok: 0, fail: 1, info: 1 },
  });
});

Deno.test("checkStats is false if a function never succeeded, unless it is exempt", () => {
  const verdict = checkStats(NO_WRITES);
  assertEquals(verdict.valid, false);
  assertEquals(verdict.anomalies!.map(({ type, count }) => [type, count]), [["never-succeeded", 1]]);
  const { explanation } = verdict.anomalies![0]!;
  assertStringIncludes(explanation, "None of 2 write operations succeeded: 1 failed, 1 had an unknown outcome");
  assertStringIncludes(explanation, "\nonce: no reply came in time (does the handler return it, ");
  assertStringIncludes(explanation, "\nonce: error 11 (temporarily-unavailable): no leader");
  assertEquals(checkStats(NO_WRITES, ["write"]).valid, true);
  const only = checkStats(NO_WRITES.filter(({ f, type }) => f === "write" && type !== "info")).anomalies![0]!;
  assertStringIncludes(
    only.explanation,
    "The only write operation did not succeed: 1 failed, 0 had an unknown outcome",
  );
});

Deno.test("crashReplies() has the texts of error 13, but not nodes that went down", () => {
  const history = parseEDNHistory(`
    {:type :info, :process 0, :f :read, :error [:crash "Error: one"]}
    {:type :fail, :process 0, :f :read, :error [:crash "Error: one"]}
    {:type :info, :process 1, :f :read, :error [:crash "Error: two"]}
    {:type :info, :process 1, :f :read, :error [:crash "Node n1 went down"]}
    {:type :info, :process 1, :f :read, :error :net-timeout}`);
  assertEquals(crashReplies(history), { count: 3, texts: ['"Error: one"', '"Error: two"'] });
  assertEquals(crashReplies(NO_WRITES), undefined);
});

Deno.test("errorReplies() has the errors that suggest a mistake, by function", () => {
  const history = parseEDNHistory(`
    {:type :info, :process 0, :f :read, :error [:crash "Error: one"]}
    {:type :fail, :process 0, :f :read, :error [:not-supported "no read"]}
    {:type :info, :process 1, :f :read, :error [:crash "Error: two"]}
    {:type :info, :process 1, :f :read, :error [:crash "Node n1 went down"]}
    {:type :fail, :process 1, :f :read, :error [:key-does-not-exist "1"]}`);
  assertEquals(errorReplies(history), [
    { f: "read", error: "crash", code: 13, count: 2, text: "Error: one" },
    { f: "read", error: "not-supported", code: 10, count: 1, text: "no read" },
  ]);
});

Deno.test("the text of an error is shown, even if it is an object that cannot be converted to a string", () => {
  const base = { index: 0, time: 0, process: 0, f: "read", value: null };
  const history: Operation[] = [{ ...base, type: "info", error: ["crash", { toString: null }] }];
  assertEquals(errorReplies(history)[0]!.text, '{"toString":null}');
  const { explanation } = checkStats(history, []).anomalies![0]!;
  assertStringIncludes(explanation, '{"toString":null}');
});

Deno.test("checkStats of an empty history is valid", () => {
  assertEquals(checkStats([]), { valid: true, count: 0, ok: 0, fail: 0, info: 0, by_f: {}, anomalies: [] });
});
