import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatHistory,
  pairs,
  parseEDNHistory,
  parseHistory,
  readHistory,
} from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { CAN_READ, loadRecorded, testRecorded } from "../recorded.ts";

const OPERATION = { index: 0, time: 5, type: "invoke", process: 3, f: "read", value: null } as const;

Deno.test("parseEDNHistory reads a sequence or a vector of operations, tagged or not", () => {
  const edn = "{:index 0, :time 5, :type :invoke, :process 3, :f :read, :value nil}";
  for (const text of [edn, `[${edn}]`, `(#jepsen.history.Op${edn})`, `; a comment\n\n${edn}\n`]) {
    assertEquals(parseEDNHistory(text), [OPERATION], text);
  }
  assertEquals(parseEDNHistory(""), []);
  assertEquals(parseEDNHistory("[]"), []);
});

Deno.test("parseEDNHistory fills in index, time and value", () => {
  assertEquals(parseEDNHistory("{:type :invoke :process 3 :f :read} {:type :ok :process 3 :f :read :value #{1}}"), [
    { index: 0, time: 0, type: "invoke", process: 3, f: "read", value: null },
    { index: 1, time: 0, type: "ok", process: 3, f: "read", value: [1] },
  ]);
});

Deno.test("parseEDNHistory maps Jepsen's names to ours, and keeps all other fields", () => {
  const text = `
    {:type :info :process :nemesis :f :start-partition :value [:isolated {"n0" #{"n1"}}]}
    {:type :invoke :process 0 :f :read :final? true :node "n0"}
    {:type :fail :process 0 :f :read :final? false :error [:not-found "no key"]}`;
  const [nemesis, read, failed] = parseEDNHistory(text);
  assertEquals(nemesis!.process, "nemesis");
  assertEquals(nemesis!.value, ["isolated", { n0: ["n1"] }]);
  assertEquals(read, {
    index: 1,
    time: 0,
    type: "invoke",
    process: 0,
    f: "read",
    value: null,
    final: true,
    node: "n0",
  });
  assertEquals([failed!.final, failed!.error, "final?" in failed!], [undefined, ["not-found", "no key"], false]);
});

Deno.test("a text that is not a history is refused, and the error says where and what was expected", () => {
  for (
    const [text, problem] of [
      [
        "{:type :invoke :process 0 :f :read}\n {:type :ok :process",
        "Cannot parse EDN at line 2, column 21: expected a value",
      ],
      [
        "{:type :invoke :process 0 :f :read}\n 17",
        "Cannot read operation 1 at line 2, column 2: expected an operation, got 17",
      ],
      ["[[1]]", "operation 0 at line 1, column 2: expected an operation, got [1]"],
      ["{1 2}", 'expected an operation, got {"1":2}'],
      ["{:process 0 :f :read}", "expected type to be invoke, ok, fail or info, got nothing"],
      ["{:type :done :process 0 :f :read}", 'expected type to be invoke, ok, fail or info, got "done"'],
      ["{:type :ok :process -1 :f :read}", "expected process to be a whole number or nemesis, got -1"],
      ["{:type :ok :process :other :f :read}", 'expected process to be a whole number or nemesis, got "other"'],
      ["{:type :ok :process 0 :f 5}", "expected f to be the name of a function, got 5"],
      ["{:type :ok :process 0 :f :a :index 1.5}", "expected index to be a whole number, got 1.5"],
      ["{:type :ok :process 0 :f :a :time :noon}", 'expected time to be a number of nanoseconds, got "noon"'],
      [
        "{:type :ok :process 0 :f :a :index 4}\n{:type :ok :process 0 :f :a :index 4}",
        "operation 1 at line 2, column 1: expected an index above 4, got 4",
      ],
      [
        "{:type :invoke :process 7 :f :a}\n{:type :invoke :process 7 :f :a}",
        "line 2, column 1: expected the completion of operation 0 of process 7, got another invocation",
      ],
    ] as const
  ) {
    assertThrows(() => parseEDNHistory(text), SyntaxError, problem);
  }
});

Deno.test("parseHistory reads one operation a line", () => {
  const line = JSON.stringify(OPERATION);
  assertEquals(parseHistory(""), []);
  assertEquals(parseHistory(line), [OPERATION]);
  assertEquals(parseHistory(`${line}\r\n\n${line.replace('"index":0', '"index":1').replace("invoke", "ok")}\n`), [
    OPERATION,
    { ...OPERATION, index: 1, type: "ok" },
  ]);
});

Deno.test("parseHistory says at which line and column the JSON is wrong", () => {
  const line = JSON.stringify(OPERATION);
  for (
    const [bad, problem] of [
      [line.slice(0, -1), `line 2, column ${line.length}: Expected ',' or '}' after property value`],
      [line.slice(0, -4), `line 2, column ${line.length - 3}: Unexpected end of JSON input`],
      ['{"type":"inv', "line 2, column 13: Unterminated string"],
      ['{"type":invoke}', "line 2, column 9: Unexpected token 'i'"],
      [`{"value":[1,2,{"a":"${"x".repeat(99)}","b":tru}]}`, "line 2, column 129: Unexpected token '}'"],
      ['{"type" 1}', "line 2, column 9: Expected ':' after property name"],
      [`${line}}`, `line 2, column ${line.length + 1}: Unexpected non-whitespace character after JSON`],
      ["oops", "line 2, column 1: Unexpected token 'o'"],
      ["7", "Cannot read operation 1 at line 2, column 1: expected an operation, got 7"],
      [line, "expected an index above 0, got 0"],
    ] as const
  ) {
    const error = assertThrows(() => parseHistory(`${line}\n${bad}\n${line}`), SyntaxError) as SyntaxError;
    assert(error.message.endsWith(problem), error.message);
  }
});

Deno.test("a written history is read back unchanged", () => {
  const operation = fc.record({
    type: fc.constantFrom("invoke", "ok", "fail", "info"),
    time: fc.nat({ max: 1e12 }),
    isNemesis: fc.boolean(),
    f: fc.string(),
    value: fc.jsonValue(),
    error: fc.option(fc.jsonValue(), { nil: undefined }),
    final: fc.constantFrom(true, undefined),
  });
  fc.assert(fc.property(fc.array(operation, { maxLength: 20, size: "max" }), (operations) => {
    const history = operations.map(({ type, time, isNemesis, f, value, error, final }, index) => {
      // One operation a process, as a process has one open operation at most.
      return { index, time, type, process: isNemesis ? "nemesis" : index, f, value, error, final } as Operation;
    });
    const text = formatHistory(history);
    assertEquals(text, history.map((operation) => JSON.stringify(operation) + "\n").join(""));
    assertEquals(formatHistory(parseHistory(text)), text);
  }));
});

Deno.test("integers beyond 2^53 are read and written exactly", () => {
  const value = "[9007199254740993,-12345678901234567890,1e-300,0.5]";
  const line = `{"index":0,"time":0,"type":"ok","process":0,"f":"generate","value":${value}}\n`;
  const history = parseHistory(line);
  assertEquals(history[0]!.value, [9007199254740993n, -12345678901234567890n, 1e-300, 0.5]);
  assertEquals(formatHistory(history), line);
});

testRecorded("every recorded history can be rewritten as JSON lines", undefined, ({ history }) => {
  const rewritten = parseHistory(formatHistory(history));
  assertEquals(rewritten.length, history.length);
  assertEquals(formatHistory(rewritten), formatHistory(history));
});

Deno.test("pairs finds the completion of each invocation", () => {
  const history = parseEDNHistory(`
    {:type :info :process :nemesis :f :start-partition}
    {:type :ok :process 9 :f :read}
    {:type :invoke :process 0 :f :read}
    {:type :invoke :process 1 :f :write}
    {:type :info :process 1 :f :write}
    {:type :ok :process 0 :f :read}
    {:type :ok :process 0 :f :read}
    {:type :invoke :process 0 :f :read}
    {:type :fail :process 0 :f :read}
    {:type :invoke :process 2 :f :read}`);
  const places = pairs(history).map(({ invocation, completion }) => [invocation.index, completion?.index]);
  assertEquals(places, [[2, 5], [3, 4], [7, 8], [9, undefined]]);
  assertEquals(pairs([]), []);
});

testRecorded("pairs accounts for all client operations of recorded histories", undefined, ({ history, results }) => {
  const all = pairs(history);
  for (const { invocation, completion } of all) {
    assertEquals([completion!.process, completion!.f], [invocation.process, invocation.f]);
  }
  assertEquals(all.length, results.stats.count);
});

Deno.test({
  name: "readHistory reads a file, and names a file that it cannot read",
  ignore: !CAN_READ,
  fn() {
    const path = new URL("../../testdata/histories/echo-ok/history.edn", import.meta.url).pathname;
    assertEquals(readHistory(path), loadRecorded("echo-ok").history);
    assertThrows(() => readHistory(path.replace(".edn", ".txt")), Error, "there is no such file");
    const wrong = path.replace("history.edn", "verdict");
    assertThrows(
      () => readHistory(wrong),
      SyntaxError,
      `Cannot read history ${wrong}: Cannot read operation 0 at line 1, column 1: ` +
        'expected an operation as JSON or EDN, got a line of text: "true"',
    );
  },
});

Deno.test({
  name: "readHistory skips a byte order mark",
  ignore: !CAN_READ || (await Deno.permissions.query({ name: "write" })).state !== "granted",
  async fn() {
    const path = await Deno.makeTempFile();
    try {
      await Deno.writeTextFile(path, "\ufeff" + formatHistory([OPERATION]));
      assertEquals(readHistory(path), [OPERATION]);
    } finally {
      await Deno.remove(path);
    }
  },
});
