import { assertEquals } from "@std/assert";
import type { Pair } from "../../../../lib/workbench/history/history.ts";
import { bodiesWith, carriedBy, parseValue } from "../../../../lib/workbench/report/trace/values.ts";
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
