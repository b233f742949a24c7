import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createHistoryReader, type HistoryReaderOptions } from "../../../lib/workbench/history/history_reader.ts";
import { lacksInvocations } from "../../../lib/workbench/history/lone_completions.ts";
import { parseEDNHistory, parseHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { identify } from "../../../lib/workbench/checkers/identify.ts";
import { formatExactJSON } from "../../../lib/workbench/base/json.ts";
import { testRecorded } from "../recorded.ts";
import { formatHistory } from "../../../lib/workbench/history/history.ts";

function read(pieces: readonly string[], options?: HistoryReaderOptions): Operation[] {
  const reader = createHistoryReader(options);
  pieces.forEach((piece) => reader.push(piece));
  return reader.end();
}

const EDN = "{:index 0, :time 5, :type :invoke, :process 3, :f :read, :value nil}";
const JSON_LINE = '{"index":0,"time":5,"type":"invoke","process":3,"f":"read","value":null}';

Deno.test("a reader tells JSON lines from EDN by their beginnings", () => {
  const expected: Operation[] = [{ index: 0, time: 5, type: "invoke", process: 3, f: "read", value: null }];
  for (
    const text of [EDN, `[${EDN}]`, `(${EDN})`, `#jepsen.history.Op${EDN}`, `; { "\n${EDN}`, `\n ${EDN}`, JSON_LINE] //
      .concat(`\n \n${JSON_LINE}\n`, JSON_LINE.replace("{", "{ "))
  ) {
    assertEquals(read([text]), expected, text);
    assertEquals(read([...text]), expected, text);
  }
  for (const text of ["", "\n", "[]", "()", "; nothing"]) assertEquals(read([text]), []);
});

/** Numbers as programs may spell them, among them those that are rounded to a whole one. */
const NUMBERS = fc.oneof(
  fc.constantFrom("0.99999999999999999999", "1.00000000000000000001", "4503599627370497.5", "1.0", "8.3e37", "1e400"),
  fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,22})?([eE][+-]?\d{1,3})?$/),
);

Deno.test("a number is of the same kind, an integer or a float, in JSON and in EDN", () => {
  fc.assert(
    fc.property(NUMBERS, (number) => {
      const [json, edn] = [JSON_LINE.replace("null", number), EDN.replace("nil", number)].map((text) => {
        const { value } = read([text])[0]!;
        return [identify(value), formatExactJSON(value)];
      });
      assertEquals(json, edn);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a time may be of any kind of number: other programs write 1e9, or nanoseconds since 1970", () => {
  for (
    const [time, expected] of [["1.0", 1], ["1.5", 1.5], ["5e9", 5e9], ["1764374400123456789", 1764374400123456789]]
  ) {
    assertEquals(read([JSON_LINE.replace('"time":5', `"time":${time}`)])[0]!.time, expected);
    assertEquals(read([EDN.replace(":time 5", `:time ${time}`)])[0]!.time, expected);
  }
});

Deno.test("a text that is neither, or ends too early, is refused", () => {
  for (
    const [text, problem] of [
      ["{", "Cannot parse EDN at line 1, column 2: expected } to close the form of line 1, column 1"],
      ['{"type"', "Cannot parse JSON at line 1, column 8: "],
      [`${JSON_LINE}\n{"index":1,"ty`, "Cannot parse JSON at line 2, column 15: Unterminated string"],
      [`[${EDN}\n`, "Cannot parse EDN at line 2, column 1: expected ] to close the form of line 1, column 1"],
      [`[${EDN}\n {:type :ok, :f`, "Cannot parse EDN at line 2, column 16: expected a value, got the end of the text"],
      [
        "\n once upon a time\nthere was",
        "Cannot read operation 0 at line 2, column 2: expected an operation as JSON or EDN, " +
        'got a line of text: "once upon a time"',
      ],
      ["7", 'expected an operation as JSON or EDN, got a line of text: "7"'],
      ...["0\t:invoke\t:read\tnil", "INFO  jepsen.util - 0\t:invoke\t:read\tnil\r", "2026-11-22 10:00:00 INFO a - b"]
        .map(
          (line) =>
            [
              `${line}\n0\t:ok\t:read\t7`,
              "expected an operation as JSON or EDN, got a line of a log, which Jepsen writes as EDN in history.edn: " +
              JSON.stringify(line.trimEnd()),
            ] as const,
        ),
      [
        ` [${JSON_LINE}]`,
        "Cannot parse JSON at line 1, column 2: expected one operation a line, got all in one array; " +
        "convert it with jq -c '.[]'",
      ],
      ['[\n  {\n   "index": 0', "line 1, column 1: expected one operation a line, got all in one array"],
      [
        `${JSON.stringify(JSON.parse(JSON_LINE), null, 2)}\n`,
        "Cannot parse JSON at line 1, column 1: expected one operation a line, got one on several lines; " +
        "convert it with jq -c .",
      ],
      [
        `{"type": 7}`,
        "Cannot read operation 0 at line 1, column 1: expected type to be invoke, ok, fail or info, got 7",
      ],
    ] as const
  ) {
    assertThrows(() => read([text]), SyntaxError, problem);
    assertThrows(() => read([...text]), SyntaxError, problem);
  }
});

Deno.test("a text that is not a history is refused before its end, even without line breaks", () => {
  const reader = createHistoryReader();
  reader.push("once upon a time ");
  assertThrows(() => reader.push("there was ".repeat(100)), SyntaxError, 'got a line of text: "once upon a time there');
});

Deno.test("deep nesting is refused in JSON and EDN", () => {
  const texts = (depth: number) => {
    const value = "[".repeat(depth - 1) + "]".repeat(depth - 1);
    return [JSON_LINE.replace("null", value), EDN.replace("nil", value)];
  };
  for (const text of texts(1000)) assertEquals(read([text]).length, 1);
  for (const depth of [1001, 5000, 100_000]) {
    const [json, edn] = texts(depth);
    const column = json!.indexOf("[") + 1000;
    const problem = "expected at most 1000 nested forms, got more";
    assertThrows(() => read([`${JSON_LINE}\n${json}`]), SyntaxError, `JSON at line 2, column ${column}: ${problem}`);
    assertThrows(() => read([edn!]), SyntaxError, `EDN at line 1, column ${edn!.indexOf("[") + 1000}: ${problem}`);
  }
});

Deno.test("concatenated histories are refused where the second begins", () => {
  const next = EDN.replace("3", "4");
  assertThrows(
    () => read([`${EDN.replace("0", "7")}\n${next}`]),
    SyntaxError,
    "operation 1 at line 2, column 1: expected an index above 7, got 0, as at the beginning of another history",
  );
  const bare = [EDN, next].map((text) => `[${text.replace(":index 0, ", "")}]`);
  assertThrows(
    () => read([bare.join("\n")]),
    SyntaxError,
    "Cannot parse EDN at line 2, column 1: expected nothing after the form of line 1, column 1, got [",
  );
});

Deno.test("lines may end with a carriage return and a line feed", () => {
  const json = [JSON_LINE, JSON_LINE.replace('"index":0', '"index":1').replace("invoke", "ok")];
  const edn = [EDN, EDN.replace(":index 0", ":index 1").replace("invoke", "ok")];
  for (const lines of [json, edn]) assertEquals(read([lines.join("\r\n"), "\r\n"]), read([lines.join("\n")]));
});

Deno.test("missing fields are filled in", () => {
  const elle = "{:index 4 :type :invoke :value [[:append 1 2]]} {:index 9, :type :ok :value [[:append 1 2]]}";
  assertEquals(read([elle]).map(({ index, time, process, f }) => [index, time, process, f]), [
    [4, 0, 0, "txn"],
    [9, 0, 0, "txn"],
  ]);
  const knossos =
    "[{:process 1 :type :invoke :f :write :value 3 :time nil}\n{:process 1 :type :ok :f :write :value 3}]";
  assertEquals(read([knossos]).map(({ index, time, value }) => [index, time, value]), [[0, 0, 3], [1, 0, 3]]);
  // Without processes, a completion may belong to either of two open operations.
  const concurrent = "{:type :invoke :f :read}\n{:type :invoke :f :read}";
  assertThrows(() => read([concurrent]), SyntaxError, "line 2, column 1: expected the completion of operation 0");
  assertThrows(() => read(["{:type :invoke :process 0 :value 3}"]), SyntaxError, "expected f to be the name");
});

Deno.test("times may have fractions, and need not increase", () => {
  const text = "{:type :invoke :process 0 :f :a :time 2.5} {:type :invoke :process 1 :f :a :time -1}";
  assertEquals(read([text]).map(({ time }) => time), [2.5, -1]);
});

Deno.test("a strict reader refuses a completion without an invocation, except of the nemesis", () => {
  for (const type of ["ok", "fail", "info"]) {
    const text = `{:type :info :process :nemesis :f :kill}\n {:type :${type} :process 4 :f :read}`;
    assertEquals(read([text]).length, 2);
    assertThrows(
      () => read([text], { strict: true }),
      SyntaxError,
      `operation 1 at line 2, column 2: expected an invocation of process 4 before its ${type}, got none`,
    );
  }
  const twice = "{:type :invoke :process 4 :f :a}\n{:type :ok :process 4 :f :a}\n{:type :ok :process 4 :f :a}";
  assertThrows(() => read([twice], { strict: true }), SyntaxError, "operation 2 at line 3, column 1");
});

Deno.test("transactions without any invocation each get one: all are concurrent, in processes of their own", () => {
  const lone =
    "{:type :ok :process 3 :time 5 :value [[:append 1 2]]}\n{:type :fail :process 3 :time 9 :f :txn :value []}\n";
  const fault = "{:type :info :process :nemesis :f :kill}\n";
  const history = read([fault + lone], { strict: true });
  assertEquals(history.map(({ index, type, process, time, value }) => [index, type, process, time, value]), [
    [0, "invoke", 0, 0, [["append", 1, 2]]],
    [1, "invoke", 1, 0, []],
    [2, "ok", 0, 0, [["append", 1, 2]]],
    [3, "fail", 1, 0, []],
  ]);
  assertEquals([lacksInvocations(history), lacksInvocations(read([lone]))], [true, false]);
  const refusal = "operation 0 at line 1, column 1: expected an invocation of process 3 before its ok, got none";
  for (const rest of ["{:type :invoke :process 4 :f :txn :value []}"]) {
    assertThrows(() => read([lone + rest], { strict: true }), SyntaxError, refusal);
    assertThrows(
      () => read([`${rest}\n${lone}`], { strict: true }),
      SyntaxError,
      "operation 1 at line 2, column 1: expected an invocation of process 3 before its ok, got none",
    );
  }
});

Deno.test("1.0 is not 1, in JSON and in EDN", () => {
  const texts = [
    "{:type :invoke :process 0 :f :a :value [1 1.0 -2e3 1.5 3M 1e300]}",
    '{"type":"invoke","process":0,"f":"a","value":[1,1.0,-2e3,1.5,3.0,1e300]}',
  ];
  const [edn, json] = texts.map((text) => read([text])[0]!.value);
  assertEquals(identify(edn), identify(json));
  assertEquals(new Set((edn as unknown[]).map(identify)).size, 6);
  assert(identify((edn as unknown[])[0]) !== identify((edn as unknown[])[1]));
  assertEquals(formatExactJSON(edn), formatExactJSON(json));
});

Deno.test("a history in pieces is read like a whole one", () => {
  const operations = fc.array(fc.record({ f: fc.string(), value: fc.jsonValue() }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(operations, fc.array(fc.nat(300), { maxLength: 6 }), (operations, cuts) => {
    const history = operations.map((operation, index) => ({
      index,
      time: 0,
      type: "invoke",
      process: index,
      ...operation,
    }));
    const text = formatHistory(history as Operation[]);
    const ends = [...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
    const pieces = ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
    assertEquals(read(pieces), parseHistory(text));
  }));
});

Deno.test("many operations are read without deep recursion, and 64-bit integers exactly", () => {
  const count = 100_000;
  const lines = Array.from({ length: count }, (_, process) => `{:type :invoke :process ${process} :f :generate}`);
  const history = read([`[${lines.join("\n")}\n`, "{:type :ok :process 7 :f :generate :value 9223372036854775807}]"]);
  assertEquals([history.length, history.at(-1)!.value], [count + 1, 9223372036854775807n]);
});

testRecorded("every recorded history is strict, as EDN and as JSON lines", undefined, ({ history }) => {
  const text = formatHistory(history);
  const pieces = Array.from({ length: Math.ceil(text.length / 4000) }, (_, i) => text.slice(i * 4000, (i + 1) * 4000));
  assertEquals(formatHistory(read(pieces, { strict: true })), text);
});

Deno.test("a crash of Jepsen's client is read with all its fields", () => {
  const [operation] = parseEDNHistory(
    `{:index 2, :time 7, :type :info, :process 1, :f :add, :value 3, :exception {
        :via [{:type clojure.lang.ExceptionInfo, :message "throw+: {:type :malformed-rpc-response}",
          :data {:type :malformed-rpc-response, :body {:type "ad_ok", :in_reply_to 4N}},
          :at [slingshot.support$stack_trace invoke "support.clj" 201]}],
        :trace [[maelstrom.client$check_body <init> "client.clj" 170] [clojure.core$eval$fn__123 doInvoke nil -1]],
        :cause "Malformed RPC \\"response\\"", :data #error{:at #inst "2026-11-22T10:00:00Z"}},
      :error "indeterminate: Malformed", :node #object[Foo 0x12 "n1"], :chars [\\a \\space], :ratio 1/2, :set #{:x}}`,
  );
  const { exception, error, node, chars, ratio, set } = operation as Operation & {
    exception: { via: { type: string }[] };
  };
  assertEquals([exception.via[0]!.type, error], ["clojure.lang.ExceptionInfo", "indeterminate: Malformed"]);
  assertEquals([node, chars, ratio, set], [["Foo", 0x12, "n1"], ["a", " "], 0.5, ["x"]]);
  assert(!("node" in read([EDN])[0]!));
});
