import { assert, assertEquals, assertGreater, assertStringIncludes, assertThrows } from "@std/assert";
import { CHALLENGES } from "../../../lib/workbench/request/challenges.ts";
import { maelstromResults } from "../../../lib/workbench/engines/maelstrom_results.ts";
import type { Results } from "../../../lib/workbench/run/results.ts";
import { CAN_READ, loadRecorded, testRecorded } from "../recorded.ts";

const HISTORIES = new URL("../../testdata/histories/", import.meta.url);

function read(name: string, limits = CHALLENGES[0]!.limits): Results {
  const text = Deno.readTextFileSync(new URL(`${name}/results.edn`, HISTORIES));
  return maelstromResults(text, { challenge: null, workload: loadRecorded(name).workload, limits, store: "store/x" });
}

/** Reads a minimal `results.edn` with a workload's verdict. */
function ofWorkload(workload: string, verdict: string): Results {
  return maelstromResults(`{:workload ${verdict}, :valid? false}`, {
    challenge: null,
    workload,
    limits: [],
    store: null,
  });
}

testRecorded("maelstromResults() reads verdict and figures of every recorded test", undefined, (recorded) => {
  const { name, verdict, results: edn, workload } = recorded;
  const results = read(name);
  assertEquals([results.valid, results.passed, results.workload], [verdict, verdict, workload]);
  assertEquals([results.engine, results.mode, results.seed, results.store], ["maelstrom", "process", null, "store/x"]);
  const { count, ok, fail, info, by_f } = results.operations!;
  assertEquals([count, ok, fail, info], [
    edn.stats.count,
    edn.stats["ok-count"],
    edn.stats["fail-count"],
    edn.stats["info-count"],
  ]);
  assertEquals(Object.keys(by_f), Object.keys(edn.stats["by-f"]));
  assertEquals(Object.values(by_f).reduce((sum, counts) => sum + counts.count, 0), count);
  assertEquals(results.availability, {
    valid: edn.availability["valid?"]!,
    ok_fraction: edn.availability["ok-fraction"],
  });
  assertEquals(results.net!.servers.msgs_per_op, edn.net.servers["msgs-per-op"]);
  assertEquals(results.net!.all.msg_count, edn.net.all["msg-count"]);
  assertEquals(results.result.valid, edn.workload["valid?"]!);
  assertEquals(results.exceptions, []);
});

testRecorded(
  "maelstromResults() explains every invalid test, and no other",
  undefined,
  ({ name, verdict }) => {
    const { anomalies } = read(name);
    assertEquals(anomalies.length === 0, verdict);
    for (const { type, count, explanation } of anomalies) {
      assertGreater(count, 0, type);
      assert(/^[A-Z]/.test(explanation), explanation);
      assert(!/undefined|\[object|NaN/.test(explanation), explanation);
      assert(explanation.length < 8000);
    }
  },
);

testRecorded("maelstromResults() returns plain JSON in snake_case", undefined, ({ name }) => {
  const results = read(name);
  assertEquals(JSON.parse(JSON.stringify(results)), results);
  for (const field of Object.keys(results.result)) assert(/^[a-z_]+$/.test(field), field);
});

/** Returns the anomalies of a recorded test as `type × count`. */
function anomalies(name: string): string[] {
  return read(name).anomalies.map(({ type, count }) => `${type} × ${count}`);
}

Deno.test({
  name: "maelstromResults() counts anomalies under Maelstrom's names",
  ignore: !CAN_READ,
  fn() {
    assertEquals(anomalies("echo-wrong"), ["wrong-echo × 2"]);
    assertEquals(anomalies("ids-collide"), ["duplicate-id × 131"]);
    assertEquals(anomalies("ids-unavailable"), ["unavailable × 1"]);
    assertEquals(anomalies("broadcast-deaf"), ["lost × 37"]);
    assertEquals(anomalies("broadcast-lossy-partition"), ["lost × 46"]);
    assertEquals(anomalies("gcounter-forgetful"), ["wrong-sum × 3"]);
    assertEquals(anomalies("kafka-local"), ["inconsistent-offsets × 202"]);
    assertEquals(anomalies("kafka-reuse"), ["inconsistent-offsets × 46", "lost-write × 41", "unseen × 41"]);
    assertEquals(anomalies("kafka-skip"), ["int-poll-skip × 345", "lost-write × 51", "unseen × 51"]);
    assertEquals(anomalies("linkv-local"), ["nonlinearizable × 1"]);
    assertEquals(anomalies("rw-aborted"), ["G1a × 130"]);
    assertEquals(anomalies("rw-noiso"), ["G1b × 2"]);
    assertEquals(anomalies("append-local"), [
      "G-single-item × 1",
      "G0 × 1",
      "incompatible-order × 24",
      "lost-update × 1",
    ]);
  },
});

Deno.test({
  name: "maelstromResults() uses the workbench's names for figures",
  ignore: !CAN_READ,
  fn() {
    const broadcast = read("broadcast-grid-25").result;
    assertEquals(broadcast.stable_latencies, { "0": 0, "0.5": 369, "0.95": 635, "0.99": 709, "1": 765 });
    assertEquals([broadcast.attempt_count, broadcast.lost_count, broadcast.duplicated], [244, 0, []]);
    assertEquals((read("ids-collide").result.duplicated as unknown[])[0], { id: 75, count: 3 });
    assertEquals(read("rw-noiso").result.not, ["read-committed"]);
  },
});

Deno.test({
  name: "maelstromResults() lists the steps of a cycle",
  ignore: !CAN_READ,
  fn() {
    const { explanation } = read("append-local").anomalies.find(({ type }) => type === "G-single-item")!;
    assertStringIncludes(explanation, "; by rw of key 29 to txn ");
    assert(explanation.endsWith("; by ww of key 28 to the first again"));
  },
});

Deno.test({
  name: "maelstromResults() judges the limits",
  ignore: !CAN_READ,
  fn() {
    const { limits } = CHALLENGES.find(({ id }) => id === "3d")!;
    assertEquals(read("broadcast-hub-25-partition", limits).targets.map(({ value, met }) => [value, met]), [
      [3.3465474, true],
      [886, false],
      [4861, false],
    ]);
    assertEquals(read("broadcast-hub-25-partition", limits).passed, false);
  },
});

Deno.test("maelstromResults() leaves unknown figures null", () => {
  const results = maelstromResults("{:valid? :unknown}", { challenge: "1", workload: "echo", limits: [], store: null });
  const { valid, passed, operations, availability, net, latency_ms, result, anomalies } = results;
  assertEquals({ valid, passed, operations, availability, net, latency_ms, result, anomalies }, {
    valid: "unknown",
    passed: false,
    operations: null,
    availability: null,
    net: null,
    latency_ms: null,
    result: { valid: "unknown" },
    anomalies: [],
  });
});

Deno.test("maelstromResults() reports crashed checkers and exceptions of clients", () => {
  const { valid, exceptions } = maelstromResults(
    `{:workload {:valid? :unknown, :error "java.lang.NullPointerException\n at kafka.clj"},
      :exceptions {:valid? true, :exceptions ({:count 3, :class java.io.EOFException,
        :example #jepsen.history.Op{:process 1, :type :info, :f :poll, :value nil, :time 2000000000, :index 7}})},
      :valid? :unknown}`,
    { challenge: null, workload: "kafka", limits: [], store: null },
  );
  assertEquals(valid, "unknown");
  assertEquals(exceptions.map(({ type, count }) => [type, count]), [["client-crashed", 3], ["checker-crashed", 1]]);
  assertStringIncludes(
    exceptions[0]!.message,
    "Maelstrom's client threw java.io.EOFException, first at 2.000 s: poll null of process 1",
  );
  assertEquals(exceptions[1]!.message, "Maelstrom's checker workload crashed: java.lang.NullPointerException");
});

Deno.test("maelstromResults() reports a function that never succeeded, but not a crash", () => {
  const counts = "{:valid? false, :count 4, :ok-count 0, :fail-count 4, :info-count 0}";
  const { anomalies } = maelstromResults(
    `{:stats {:valid? false, :count 8, :ok-count 0, :fail-count 8, :info-count 0,
      :by-f {:crash ${counts}, :send ${counts}}}, :valid? false}`,
    { challenge: null, workload: "kafka", limits: [], store: null },
  );
  assertEquals(anomalies, [{ type: "never-succeeded", count: 1, explanation: "Not one send of 4 succeeded" }]);
});

Deno.test("maelstromResults() explains evidence of an unknown shape", () => {
  const { anomalies } = ofWorkload(
    "txn-list-append",
    "{:valid? false, :anomaly-types (:empty-transaction-graph), :anomalies {:empty-transaction-graph true}}",
  );
  assertEquals(anomalies.map(({ type, count }) => [type, count]), [["empty-transaction-graph", 1]]);
  const kafka = ofWorkload("kafka", "{:valid? false, :error-types (:G0), :G0 [{:strange 1}]}").anomalies;
  assertEquals(kafka, [{ type: "G0", count: 1, explanation: "Strange 1" }]);
});

Deno.test("maelstromResults() rejects text that is not the results of a test", () => {
  const run = { challenge: null, workload: "echo", limits: [], store: null };
  for (const text of ["", "[]", "{:a 1}", "{:valid? true} {:valid? true}"]) {
    assertThrows(() => maelstromResults(text, run), SyntaxError, "Cannot read Maelstrom's results");
  }
  assertThrows(() => maelstromResults("{:valid? ", run), SyntaxError, "Cannot parse EDN");
});
