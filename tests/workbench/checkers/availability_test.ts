import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { checkAvailability } from "../../../lib/workbench/checkers/availability.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import { testRecorded } from "../recorded.ts";

testRecorded("checkAvailability agrees with Maelstrom on every recorded history", undefined, (recorded) => {
  const { history, availability, results } = recorded;
  const verdict = checkAvailability(history, availability);
  assertEquals(verdict.valid, results.availability["valid?"]);
  assertAlmostEquals(verdict.ok_fraction, results.availability["ok-fraction"], 1e-6);
});

/** Four operations: one ok, one failed, one unknown, one open; and the nemesis, which does not count. */
const ONE_OF_FOUR = parseEDNHistory(`
  {:type :invoke, :process :nemesis, :f :start-partition, :value :majority}
  {:type :invoke, :process 0, :f :read}
  {:type :invoke, :process 1, :f :read}
  {:type :invoke, :process 2, :f :read}
  {:type :invoke, :process 3, :f :read}
  {:type :ok, :process 0, :f :read}
  {:type :fail, :process 1, :f :read}
  {:type :info, :process 2, :f :read}`);

Deno.test("checkAvailability requires nothing, a fraction, or everything", () => {
  assertEquals(checkAvailability(ONE_OF_FOUR), { valid: true, ok_fraction: 0.25 });
  assertEquals(checkAvailability(ONE_OF_FOUR, 0.25).valid, true);
  assertEquals(checkAvailability(ONE_OF_FOUR, 0.26).valid, false);
  assertEquals(checkAvailability(ONE_OF_FOUR, "total").valid, false);
  assertEquals(checkAvailability(ONE_OF_FOUR.filter(({ process }) => process === 0), "total").valid, true);
});

Deno.test("checkAvailability compares a fraction of 32 bits, as Maelstrom does", () => {
  const history = parseEDNHistory(
    Array.from({ length: 10 }, (_, process) => `
      {:type :invoke, :process ${process}, :f :read} {:type ${
      process === 0 ? ":fail" : ":ok"
    }, :process ${process}, :f :read}`)
      .join(""),
  );
  assertEquals(checkAvailability(history, 0.9).valid, false);
  assertEquals(checkAvailability(history, 0.5).valid, true);
});

Deno.test("checkAvailability explains a failure", () => {
  const [anomaly] = checkAvailability(ONE_OF_FOUR, "total").anomalies!;
  assertEquals([anomaly!.type, anomaly!.count], ["unavailable", 3]);
  assertStringIncludes(
    anomaly!.explanation,
    "1 of 4 operations succeeded, a fraction of 0.250000, but all had to succeed",
  );
  assertStringIncludes(checkAvailability(ONE_OF_FOUR, 0.5).anomalies![0]!.explanation, "at least 0.5 was required");
});

Deno.test("checkAvailability of an empty history is 1", () => {
  assertEquals(checkAvailability([], "total"), { valid: true, ok_fraction: 1 });
});
