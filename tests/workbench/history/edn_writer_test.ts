import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseExactJSON } from "../../../lib/workbench/base/json.ts";
import { formatEDN, formatEDNOperation, Keyword } from "../../../lib/workbench/history/edn_writer.ts";
import { parseEDNHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { CAN_READ, HISTORIES, recordedNames } from "../recorded.ts";

function linesOf(history: readonly Operation[]): string {
  return history.map((operation) => `${formatEDNOperation(operation)}\n`).join("");
}

/** Lines of a recorded history, without what a set's order or a space may change. */
function normalized(text: string): string[] {
  return text.trimEnd().split("\n").map((line) =>
    line.replaceAll(/#\{([^}]*)\}/g, (_, items) => `#{${items.split(" ").sort().join(" ")}}`)
  );
}

Deno.test({
  name: "a history that Maelstrom recorded is written as Jepsen wrote it, byte for byte but for the order of sets",
  ignore: !CAN_READ,
  fn() {
    for (const name of recordedNames()) {
      const text = Deno.readTextFileSync(new URL(`${name}/history.edn`, HISTORIES));
      const written = linesOf(parseEDNHistory(text));
      // A map with more than eight keys is printed in the order of their hashes.
      const differ = normalized(written).filter((line, index) => line !== normalized(text)[index]);
      for (const line of differ) assertEquals(/start-partition|:poll/.test(line), true, `${name}: ${line}`);
      assertEquals(parseEDNHistory(written), parseEDNHistory(text), name);
    }
  },
});

Deno.test("keywords are where Jepsen has them", () => {
  for (
    const [process, type, f, value, expected] of [
      ["nemesis", "info", "start-partition", "majorities-ring", ":majorities-ring"],
      [
        "nemesis",
        "info",
        "start-partition",
        ["isolated", { n0: ["n1"], n1: [] }],
        '[:isolated {"n0" #{"n1"}, "n1" #{}}]',
      ],
      ["nemesis", "info", "kill", null, "nil"],
      ["nemesis", "info", "kill", "minority-third", ":minority-third"],
      ["nemesis", "info", "kill", { n1: "killed" }, '{"n1" :killed}'],
      ["nemesis", "info", "remove-member", { n1: "removed" }, '{"n1" :removed}'],
      ["nemesis", "info", "add-member", { n1: ["abort", "no leader"] }, '{"n1" [:abort "no leader"]}'],
      ["nemesis", "info", "start-loss", { probability: 0.2, nodes: ["n1"] }, '{:probability 0.2, :nodes ["n1"]}'],
      [0, "invoke", "txn", [["r", 9, null], ["append", 9, 1]], "[[:r 9 nil] [:append 9 1]]"],
      [0, "ok", "poll", [["poll", { "9": [[0, 4]] }]], '[[:poll {"9" [[0 4]]}]]'],
      [0, "ok", "send", [["send", "9", [0, 1]]], '[[:send "9" [0 1]]]'],
      [0, "ok", "echo", { echo: "a b", type: "echo_ok", "1": 2 }, '{"1" 2, :echo "a b", :type "echo_ok"}'],
      [0, "ok", "read", ["r", 1n << 62n], '["r" 4611686018427387904]'],
    ] as const
  ) {
    assertEquals(
      formatEDNOperation({ index: 0, time: 1, type, process, f, value }),
      `{:index 0, :time 1, :type :${type}, :process ${process === 0 ? 0 : ":nemesis"}, :f :${f}, :value ${expected}}`,
    );
  }
  const failed = { index: 2, time: 3, type: "fail", process: 1, f: "read", value: null } as const;
  assertEquals(
    formatEDNOperation({ ...failed, error: ["key-does-not-exist", "no key"], final: true }),
    '{:index 2, :time 3, :type :fail, :process 1, :f :read, :value nil, :error [:key-does-not-exist "no key"], ' +
      ":final? true}",
  );
  assertEquals(formatEDNOperation({ ...failed, error: "net-timeout" }).includes(":error :net-timeout}"), true);
});

Deno.test("formatEDN writes quantiles as numbers, and a Map with its keys", () => {
  assertEquals(formatEDN({ "stable-latencies": { "0": 0, "0.95": 12 } }), "{:stable-latencies {0 0, 0.95 12}}");
  assertEquals(formatEDN(new Map<unknown, unknown>([[3, "a"], ["b", new Keyword("c")]])), '{3 "a", "b" :c}');
});

/** Values as our own histories have them: read from JSON. */
const VALUE = fc.jsonValue({ maxDepth: 3 }).map((value) => parseExactJSON(JSON.stringify(value)));
const EXACT = fc.constantFrom("1.0", "-2.0", "12345678901234567890", '{"a b":1.0,"1":[2e3]}').map(parseExactJSON);
const MICRO = fc.tuple(fc.constantFrom("r", "w", "append", "send", "poll"), VALUE, VALUE);
const CLIENT = fc.record({
  type: fc.constantFrom("ok", "fail", "info"),
  process: fc.nat(),
  f: fc.constantFrom("read", "txn", "send", "poll", "echo"),
  value: fc.oneof(VALUE, EXACT, fc.array(MICRO)),
  error: fc.oneof(fc.constant(undefined), fc.string(), fc.tuple(fc.string(), fc.string())),
  final: fc.constantFrom(undefined, true),
});
const NEMESIS = fc.record({
  type: fc.constant("info"),
  process: fc.constant("nemesis"),
  f: fc.constantFrom("kill", "pause", "start-partition", "stop-loss"),
  value: fc.oneof(VALUE, fc.tuple(fc.string(), fc.dictionary(fc.string(), fc.array(fc.string())))),
});

Deno.test("a history that is written as EDN is read back as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(CLIENT, NEMESIS)), (operations) => {
      const history = operations.map((operation, index) => {
        const fields = Object.entries({ index, time: index * 7, ...operation });
        return Object.fromEntries(fields.filter(([, field]) => field !== undefined)) as unknown as Operation;
      });
      assertEquals(parseEDNHistory(linesOf(history)), history);
    }),
    { numRuns: 500 },
  );
});
