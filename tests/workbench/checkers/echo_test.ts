import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { checkEcho } from "../../../lib/workbench/checkers/echo.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import { assertSameVerdict, testRecorded } from "../recorded.ts";
import { type Line, sequential } from "./sequential.ts";

testRecorded("checkEcho agrees with Maelstrom on every recorded history", ["echo"], (recorded) => {
  const verdict = checkEcho(recorded.history);
  assertSameVerdict(recorded, verdict);
  const errors = (recorded.results.workload.errors as unknown[][]).map((
    [, expected, , received],
  ) => [expected, received]);
  assertEquals(verdict.error_count, errors.length);
  const ours = verdict.errors as { expected: unknown; received: unknown }[];
  assertEquals(ours.map(({ expected, received }) => [expected, received]), errors);
});

/** One echo and its reply. */
function echo(value: string, completion: string) {
  return checkEcho(parseEDNHistory(`
    {:time 1000000, :type :invoke, :process 3, :f :echo, :value ${value}}
    {:time 2000000, :process 3, :f :echo, ${completion}}`));
}

Deno.test("checkEcho compares by value", () => {
  assertEquals(echo('"hi"', ':type :ok, :value {:type "echo_ok", :echo "hi"}').valid, true);
  assertEquals(echo("nil", ':type :ok, :value {:type "echo_ok"}').valid, true);
  assertEquals(echo('{"a" 1, "b" [2]}', ':type :ok, :value {:echo {"b" [2], "a" 1}}').valid, true);
});

Deno.test("checkEcho finds a wrong echo", () => {
  const verdict = echo('"hi"', ':type :ok, :value {:type "echo_ok", :echo "ho"}');
  assertEquals(verdict.valid, false);
  assertEquals(verdict.errors, [{
    process: 3,
    time: 1000000,
    expected: "hi",
    received: { type: "echo_ok", echo: "ho" },
  }]);
  assertStringIncludes(
    verdict.anomalies![0]!.explanation,
    'Process 3 sent "hi" at 0.001 s and received {"type":"echo_ok","echo":"ho"}',
  );
});

Deno.test("checkEcho finds a reply without an echo, and an operation that failed", () => {
  for (const completion of [":type :ok, :value {}", ":type :ok, :value nil", ":type :ok, :value 3"]) {
    assertEquals(echo('"hi"', completion).valid, false, completion);
  }
  const refused = echo('"hi"', ':type :fail, :value "hi", :error [:abort "not now"]');
  assertEquals(refused.valid, false);
  assertStringIncludes(refused.anomalies![0]!.explanation, "received no echo: the operation failed at 0.002 s");
});

Deno.test("checkEcho takes an operation of unknown outcome for no wrong echo", () => {
  assertEquals(echo('"hi"', ':type :info, :value "hi", :error :net-timeout').valid, true);
  const open = checkEcho(parseEDNHistory("{:type :invoke, :process 0, :f :echo, :value 1}"));
  assertEquals([open.valid, open.error_count], [true, 0]);
});

Deno.test("checkEcho takes an operation that --fail-fast ended, because the node was down, for no wrong echo", () => {
  const refused = (text: string) => echo('"hi"', `:type :fail, :error [:temporarily-unavailable "${text}"]`).valid;
  assertEquals([refused("Node n2 is down"), refused("no leader")], [true, false]);
});

Deno.test("checkEcho lists a bounded number of errors", () => {
  const wrong = `{:type :invoke, :process 0, :f :echo, :value 1} {:type :ok, :process 0, :f :echo, :value {:echo 2}}`;
  const verdict = checkEcho(parseEDNHistory(wrong.repeat(1000)));
  assertEquals(verdict.error_count, 1000);
  assertEquals((verdict.errors as unknown[]).length, 48);
  assertEquals(verdict.anomalies![0]!.explanation.split("\n").length, 9);
});

Deno.test("checkEcho accepts correct echoes, and finds one that is changed", () => {
  fc.assert(fc.property(fc.array(fc.json(), { minLength: 1 }), fc.nat(), (texts, pick) => {
    const values = texts.map((text) => JSON.parse(text) as unknown).map((value) => value ?? 0);
    const lines = (change: number) =>
      values.map((value, at): Line => [at, "ok", "echo", value, { echo: at === change ? [value] : value }]);
    assertEquals(checkEcho(sequential(lines(-1))).valid, true);
    const changed = checkEcho(sequential(lines(pick % values.length)));
    assertEquals([changed.valid, changed.error_count], [false, 1]);
  }));
});
