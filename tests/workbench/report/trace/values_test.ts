import { assertEquals } from "@std/assert";
import type { Pair } from "../../../../lib/workbench/history/history.ts";
import {
  bodiesWith,
  carriedBy,
  hasKeys,
  keysOf,
  parseValue,
  plainKey,
} from "../../../../lib/workbench/report/trace/values.ts";
import { WORKLOADS } from "../../../../lib/workbench/workloads/mod.ts";

/** Operation with an argument and a result. */
function pair(f: string, argument: unknown, result: unknown, type: "ok" | "info" | "fail" = "ok"): Pair {
  return {
    invocation: { index: 0, time: 0, type: "invoke", process: 0, f, value: argument },
    completion: { index: 1, time: 0, type, process: 0, f, value: result },
  };
}

/** Operations of each workload, with their part in the value 7. */
const CASES: Record<string, [Pair, "wrote" | "read" | undefined][]> = {
  "echo": [[pair("echo", 7, { echo: 7 }), "wrote"], [pair("echo", 1, new Map([["echo", 7]])), "read"]],
  "unique-ids": [[pair("generate", null, 7), "read"], [pair("generate", null, 8), undefined]],
  "broadcast": [
    [pair("broadcast", 7, 7), "wrote"],
    [pair("broadcast", 7, 7, "info"), "wrote"],
    [pair("read", null, [6, 7]), "read"],
    [pair("read", null, [6, "7"]), undefined],
    [pair("read", null, [7], "info"), undefined],
  ],
  "g-set": [[pair("add", 7, 7), "wrote"], [pair("read", null, [7]), "read"]],
  "g-counter": [[pair("add", 7, 7), "wrote"], [pair("read", null, 7), "read"]],
  "pn-counter": [[pair("add", 7, 7), "wrote"], [pair("read", null, -7), undefined]],
  "kafka": [
    [pair("send", [["send", "1", 7]], [["send", "1", [3, 7]]]), "wrote"],
    [pair("send", [["send", "7", 1]], [["send", "7", [7, 1]]]), undefined],
    [pair("poll", [["poll"]], [["poll", { "1": [[3, 7]] }]]), "read"],
    [pair("poll", [["poll"]], [["poll", new Map([["1", [[7, 3]]]])]]), undefined],
    [pair("assign", ["7"], ["7"]), undefined],
    [pair("crash", null, null, "info"), undefined],
  ],
  "lin-kv": [
    [pair("write", [1, 7], [1, 7]), "wrote"],
    [pair("read", [1, null], [1, 7]), "read"],
    [pair("read", [7, null], [7, 1]), undefined],
    [pair("cas", [1, [1, 7]], [1, [1, 7]]), "wrote"],
    [pair("cas", [1, [7, 1]], [1, [7, 1]]), "read"],
  ],
  "lin-kv-only": [[pair("write", [1, 7], [1, 7]), "wrote"]],
  "txn-rw-register": [
    [pair("txn", [["w", 1, 7]], [["w", 1, 7]]), "wrote"],
    [pair("txn", [["r", 1, null]], [["r", 1, 7]]), "read"],
    [pair("txn", [["r", 7, null]], [["r", 7, null]]), undefined],
  ],
  "txn-list-append": [
    [pair("txn", [["append", 1, 7]], [["append", 1, 7]]), "wrote"],
    [pair("txn", [["r", 1, null]], [["r", 1, [1, 7]]]), "read"],
  ],
};

Deno.test("the value of an operation is what its workload means by it", () => {
  for (const [workload, cases] of Object.entries(CASES)) {
    for (const [operation, expected] of cases) {
      assertEquals(carriedBy(operation, workload, "7"), expected, `${workload} ${JSON.stringify(operation)}`);
    }
  }
});

Deno.test("every workload but lock, which has no values, is known", () => {
  assertEquals(Object.keys(WORKLOADS).filter((name) => !(name in CASES)), ["lock"]);
});

Deno.test("an operation that was open at the end, or damaged, is no obstacle", () => {
  const open: Pair = { invocation: pair("x", undefined, null).invocation };
  for (const workload of [...Object.keys(CASES), "lock", "toString"]) {
    assertEquals(carriedBy(open, workload, "7"), undefined);
    assertEquals(carriedBy(pair("read", { a: 1 }, "text"), workload, "9"), undefined);
  }
});

/** Operations of workloads with keys: the keys under which each has the value 7. */
const KEYED: [string, Pair, string[]][] = [
  ["kafka", pair("send", [["send", "1", 7], ["send", "2", 8]], []), ['"1"']],
  ["kafka", pair("poll", [["poll"]], [["poll", { "1": [[3, 7]], "2": [[0, 6], [1, 7]], "3": [[7, 1]] }]]), [
    '"1"',
    '"2"',
  ]],
  ["kafka", pair("poll", [["poll"]], [["poll", new Map([["1", [[3, 7]]]])]]), ['"1"']],
  ["lin-kv", pair("cas", [1, [7, 8]], [1, [7, 8]]), ["1"]],
  ["lin-kv", pair("read", [1, null], [1, 7]), ["1"]],
  ["lin-kv", pair("write", [1, 7], null), ["1"]],
  ["txn-list-append", pair("txn", [["r", 1, null], ["append", 2, 7]], [["r", 1, [7]], ["append", 2, 7]]), ["2", "1"]],
  ["txn-rw-register", pair("txn", [["w", 7, 1], ["r", 1, null]], [["w", 7, 1], ["r", 1, null]]), []],
  ["broadcast", pair("broadcast", 7, 7), []],
];

Deno.test("a value is in one key or several, and asked for of one key it is in that alone", () => {
  for (const [workload, operation, keys] of KEYED) {
    assertEquals(keysOf(operation, workload, "7"), keys, `${workload} ${JSON.stringify(operation)}`);
    for (const key of keys) assertEquals(typeof carriedBy(operation, workload, "7", key), "string");
    assertEquals(carriedBy(operation, workload, "7", '"9"'), undefined);
  }
  assertEquals(["kafka", "lin-kv", "txn-list-append", "broadcast", "lock"].map(hasKeys), [
    true,
    true,
    true,
    false,
    false,
  ]);
  assertEquals(['"a\\"b"', "1"].map(plainKey), ['a"b', "1"]);
});

Deno.test("the key of a value is beside it, or around it", () => {
  const has = (body: object, key = '"1"') => bodiesWith("7", key)(JSON.stringify(body));
  // Bodies that have it: of clients, of our programs, and of others.
  for (const body of [{ key: "1", msg: 7 }, { msgs: { "1": [[3, 7]] } }, { log: { key: "1", all: [[3, 7]] } }]) {
    assertEquals(has(body), true, JSON.stringify(body));
  }
  assertEquals(has({ txn: [["w", 1, 7]] }, "1"), true);
  assertEquals(has({ txn: [["w", 7, 7]] }, "7"), true);
  // Bodies that do not: another key has it, or a number is not the key.
  for (
    const body of [{ all: [{ key: "2", msg: 7 }, { key: "1", msg: 8 }] }, { msgs: { "2": [[1, 7]] } }, { "2": [7, 7] }]
  ) {
    assertEquals(has(body), false, JSON.stringify(body));
  }
  assertEquals(has({ type: "1", x: [0, 7] }), false);
  assertEquals(has({ txn: [["w", 7, 1]] }, "7"), false);
});

Deno.test("a value is JSON, or else a text", () => {
  assertEquals(["7", "7.0", '"7"', "seven", "[1, 2]", "9007199254740993", "{"].map(parseValue), [
    ...["7", "7.0", '"7"', '"seven"', "[1,2]", "9007199254740993", '"{"'],
  ]);
});

Deno.test("a body has a value as an equal part, at any depth", () => {
  const has = (value: string, body: string) => bodiesWith(parseValue(value))(body);
  assertEquals(has("é", '{"type":"a","x":{"y":["\\u00e9"]}}'), true);
  assertEquals(has("[1, 2]", '{"type":"a","x":[[1,2]]}'), true);
  assertEquals(has("1", '{"type":"a","x":[1.0]}'), false);
  assertEquals(has("9007199254740993", '{"x":[9007199254740992]}'), false);
  assertEquals(has("a", '{"type":"a","in_reply_to":"a"}'), false);
  assertEquals(has("7", "damaged 7"), false);
  const deep = `{"x":${"[".repeat(5000)}7${"]".repeat(5000)}}`;
  assertEquals(has("7", deep), true);
});
