import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkReplicas, checkWithReplicas } from "../../../lib/workbench/checkers/replicas.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";

const ASSIGNMENT = { nodes: ["n0", "n1"], concurrency: 4 };

function read(process: number, value: unknown, fields: Partial<Operation> = {}): Operation {
  return { index: 0, time: 14e9, type: "ok", process, f: "txn", value, final: true, ...fields };
}

function check(...history: Operation[]) {
  const { valid, anomalies, final_keys_compared } = checkReplicas(history, ASSIGNMENT);
  return [valid, (anomalies ?? []).map(({ type }) => type), final_keys_compared];
}

Deno.test("replicas that read the same values are valid", () => {
  assertEquals(check(read(0, [["r", 1, 7], ["r", 2, null]]), read(1, [["r", 2, null], ["r", 1, 7]])), [true, [], 2]);
  assertEquals(check(read(0, [["r", 1, [3, 4]]]), read(1, [["r", 1, [3, 4]]])), [true, [], 1]);
});

Deno.test("replicas that read different values diverge", () => {
  const divergent = [false, ["divergent-replicas"], 1];
  assertEquals(check(read(0, [["r", 1, 7]]), read(1, [["r", 1, 8]])), divergent);
  assertEquals(check(read(0, [["r", 1, 7]]), read(1, [["r", 1, null]])), divergent);
  assertEquals(check(read(0, [["r", 1, [1, 2]]]), read(1, [["r", 1, [2, 1]]])), divergent);
});

Deno.test("each divergent key is explained with values, nodes and times, in the order of keys", () => {
  const history = [read(0, [["r", 10, 7], ["r", 9, 5]]), read(5, [["r", 9, 6], ["r", 10, 8]], { time: 15e9 })];
  const [anomaly] = checkReplicas(history, ASSIGNMENT).anomalies!;
  assertEquals(anomaly!.count, 2);
  assertEquals(anomaly!.explanation.split("\n"), [
    "The final reads of key 9 differ: 5 on n0 (at 14.000 s) and 6 on n1 (at 15.000 s)",
    "The final reads of key 10 differ: 7 on n0 (at 14.000 s) and 8 on n1 (at 15.000 s)",
  ]);
});

Deno.test("null and the empty list are the same", () => {
  assertEquals(check(read(0, [["r", 1, []]]), read(1, [["r", 1, null]])), [true, [], 1]);
});

Deno.test("only acknowledged final reads count, and only keys that several nodes have read", () => {
  const other = [["r", 1, 8]];
  assertEquals(check(), [true, [], 0]);
  assertEquals(check(read(0, [["r", 1, 7]])), [true, [], 0]);
  assertEquals(check(read(0, [["r", 1, 7]]), read(1, other, { final: undefined })), [true, [], 0]);
  assertEquals(check(read(0, [["r", 1, 7]]), read(1, other, { type: "fail" })), [true, [], 0]);
  assertEquals(check(read(0, [["r", 1, 7]]), read(1, [["r", 2, 8]])), [true, [], 0]);
});

Deno.test("a malformed history is unknown", () => {
  for (const [value, says] of [[5, "got 5"], [[null], "got [null]"], [["r", 1, 7], 'got ["r",1,7]']] as const) {
    const { valid, anomalies } = checkReplicas([read(0, value)], ASSIGNMENT);
    assertEquals([valid, anomalies![0]!.type], ["unknown", "malformed-history"]);
    assertStringIncludes(anomalies![0]!.explanation, `expected a list of [f, key, value], ${says}`);
  }
});

Deno.test("the main phase is checked without the final reads, and the worse verdict counts", () => {
  const main = read(0, [["w", 1, 7]], { final: undefined });
  const agreed = [read(0, [["r", 1, 7]]), read(1, [["r", 1, 7]])];
  const divergent = [read(0, [["r", 1, 7]]), read(1, [["r", 1, null]])];
  const verdict = (final: Operation[], valid: boolean | "unknown") =>
    checkWithReplicas([main, ...final], ASSIGNMENT, (history) => {
      assertEquals(history, [main]);
      return { valid, anomaly_types: ["G1a"], anomalies: [{ type: "G1a", count: 1, explanation: "" }] };
    });
  assertEquals(verdict(agreed, true).valid, true);
  assertEquals(verdict(agreed, false).valid, false);
  assertEquals(verdict(agreed, "unknown").valid, "unknown");
  const { valid, anomalies, anomaly_types } = verdict(divergent, true);
  assertEquals([valid, anomaly_types], [false, ["G1a"]]);
  assertEquals(anomalies!.map(({ type }) => type), ["divergent-replicas", "G1a"]);
});
