import { assertEquals, assertThrows } from "@std/assert";
import { createHistoryReader } from "../../../lib/workbench/history/history_reader.ts";
import { formatHistory } from "../../../lib/workbench/history/history.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { testRecorded } from "../recorded.ts";

/** Reads an invocation and its completion as EDN: each is its type, function and value. */
function read(invocation: string, completion: string, strict = true): Operation[] {
  const reader = createHistoryReader({ strict });
  for (const text of [invocation, completion]) {
    const [type, f, ...value] = text.split(" ");
    const field = value.length === 0 ? "" : `, :value ${value.join(" ")}`;
    reader.push(`{:process 0, :type :${type}, :f :${f}${field}}\n`);
  }
  return reader.end();
}

Deno.test("a completion that does not fit its invocation is refused with its line and what was expected", () => {
  for (
    const [invocation, completion, problem] of [
      ["invoke write [1 5]", "ok read [1 5]", "expected f to be write, as in its invocation (operation 0), got read"],
      ["invoke add 1", "info read", "expected f to be add, as in its invocation (operation 0), got read"],
      ["invoke add 5", "ok add 6", "expected the value 5 of its invocation (operation 0), or none, got 6"],
      [
        "invoke broadcast 5",
        "ok broadcast 6.5",
        "expected the value 5 of its invocation (operation 0), or none, got 6.5",
      ],
      ["invoke add", "ok add 6", "expected the value null of its invocation (operation 0), or none, got 6"],
      ['invoke add "a"', 'ok add "b"', 'expected the value "a" of its invocation (operation 0), or none, got "b"'],
      [
        "invoke write [1 1]",
        "ok write [1 2]",
        "expected the value [1,1] of its invocation (operation 0), or none, got [1,2]",
      ],
      [
        "invoke cas [1 [9 1]]",
        "ok cas [1 [0 1]]",
        "expected the value [1,[9,1]] of its invocation (operation 0), or none, got [1,[0,1]]",
      ],
      ["invoke read [1 nil]", "ok read [2 5]", "expected the key 1 of its invocation (operation 0), got [2,5]"],
      [
        'invoke send [[:send "a" 1]]',
        'ok send [[:send "a" [0 2]]]',
        'expected ["send","a",["offset",1]], as in its invocation (operation 0), got ["send","a",[0,2]]',
      ],
      [
        'invoke txn [[:poll] [:send "a" 1]]',
        'ok txn [[:poll {}] [:send "b" [0 1]]]',
        'expected ["send","a",["offset",1]], as in its invocation (operation 0), got ["send","b",[0,1]]',
      ],
      [
        'invoke send [[:send "a" 1]]',
        "ok send []",
        "expected 1 send or poll, as in its invocation (operation 0), got []",
      ],
    ] as const
  ) {
    const { message } = assertThrows(() => read(invocation, completion), SyntaxError) as Error;
    assertEquals(message, `Cannot read operation 1 at line 2, column 1: ${problem}`);
    assertEquals(read(invocation, completion, false).length, 2);
  }
});

Deno.test("a completion may repeat its invocation, only acknowledge it, or have been no success", () => {
  for (
    const [invocation, completion] of [
      ...["add 5", "add", "add nil", 'add "OK"', "add {}", "add true"].map((ok) => ["invoke add 5", `ok ${ok}`]),
      ...["fail add 6", "info add 6"].map((done) => ["invoke add 5", done]),
      ['invoke add {"a" 1 "b" [2]}', 'ok add {"b" [2] "a" 1}'],
      ['invoke add "a"', 'ok add "OK"'],
      ["invoke add 1.0", "ok add 1.0"],
      ["invoke add 9007199254740993", "ok add 9007199254740993"],
      ["invoke cas [1 [0 2]]", "ok cas"],
      ["invoke read [1 nil]", "ok read [1 5]"],
      ["invoke read", "ok read [1 5]"],
      ['invoke send [[:send "a" 1]]', 'ok send [[:send "a" [0 1]]]'],
      ['invoke send [[:send "a" 1]]', 'ok send [[:send "a" 1]]'],
      ['invoke txn [[:send "a" 1] [:poll]]', 'ok txn [[:send "a" [0 1]] [:poll {"a" [[0 1]]}]]'],
      ['invoke send [[:send "a" 1]]', 'info send [[:send "b" 1]]'],
      // Of a transaction on lists or registers, the checker itself compares reply and request.
      ["invoke txn [[:append 1 2]]", "ok txn [[:append 1 3]]"],
    ] as [string, string][]
  ) {
    assertEquals(read(invocation, completion).length, 2, `${invocation}, ${completion}`);
  }
});

Deno.test("times that go backwards are refused, except by less than a second between processes", () => {
  const operation = (process: number, type: string, time: number) =>
    `{"process":${process},"type":"${type}","f":"read","value":null,"time":${time}}\n`;
  const readAll = (...lines: string[]) => {
    const reader = createHistoryReader({ strict: true });
    lines.forEach((line) => reader.push(line));
    return reader.end().length;
  };
  assertThrows(
    () => readAll(operation(0, "invoke", 5), operation(0, "ok", 3)),
    SyntaxError,
    "operation 1 at line 2, column 1: expected a time of 5 or more, that of its invocation (operation 0), got 3: " +
      "time went backwards",
  );
  assertThrows(
    () => readAll(operation(0, "invoke", 5e10), operation(0, "ok", 5e10), operation(0, "invoke", 100)),
    SyntaxError,
    "operation 2 at line 3, column 1: expected operations in order of time, got 100 ns, 50.000 s before operation 0: " +
      "check histories of several runs one by one, or sort the operations of one run",
  );
  assertEquals(readAll(operation(0, "invoke", 2e9), operation(1, "invoke", 1e9), operation(0, "ok", 2e9)), 3);
  assertThrows(
    () => readAll(operation(0, "invoke", 2e9), operation(1, "invoke", 1e9 - 1)),
    SyntaxError,
    "1.000 s before",
  );
});

testRecorded("a strict reader accepts every recorded history", undefined, ({ history }) => {
  const reader = createHistoryReader({ strict: true });
  reader.push(formatHistory(history));
  assertEquals(reader.end().length, history.length);
});
