import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { combineStores, compareStores, createMemoryStore } from "../../../../lib/workbench/run/store/memory_store.ts";
import type { Results } from "../../../../lib/workbench/run/results.ts";

const operation = (index: number): Operation => ({
  index,
  time: 0,
  type: "invoke",
  process: 0,
  f: "read",
  value: null,
});
const entry = (id: number, echo: unknown = "x") => ({
  id,
  time: 0,
  type: "send",
  message: { src: "c0", dest: "n0", body: { type: "echo", echo } },
});

/** A store of some operations, messages and a result. */
function record(operations: number, messages: unknown[], seed = "7") {
  const memory = createMemoryStore();
  memory.history(Array.from({ length: operations }, (_, index) => operation(index)));
  messages.forEach((echo, id) => memory.message(entry(id, echo)));
  memory.results({ seed } as Results);
  return memory;
}

Deno.test("compareStores() finds equal runs equal", () => {
  assertEquals(compareStores(createMemoryStore(), createMemoryStore()), undefined);
  assertEquals(compareStores(record(3, ["a", 2n ** 60n]), record(3, ["a", 2n ** 60n])), undefined);
});

Deno.test("compareStores() names the first line that differs", () => {
  const messages = compareStores(record(3, ["a", "b", "c"]), record(3, ["a", "x", "y"]))!;
  assertEquals(messages.split("\n").slice(0, 3), [
    "Two runs of the same seed differ, first in line 2 of messages.jsonl",
    '  first:  {"id":1,"time":0,"type":"send","message":{"src":"c0","dest":"n0","body":{"type":"echo","echo":"b"}}}',
    '  second: {"id":1,"time":0,"type":"send","message":{"src":"c0","dest":"n0","body":{"type":"echo","echo":"x"}}}',
  ]);
  assertStringIncludes(messages, "expected node.now(), node.random(), node.after() and the like");
  const shorter = compareStores(record(3, []), record(2, []))!;
  assertStringIncludes(shorter, "first in line 3 of history.jsonl\n");
  assertStringIncludes(shorter, "  second: there is none");
  const results = compareStores(record(1, [], "7"), record(1, [], "8"))!;
  assertStringIncludes(results, 'first in line 2 of results.json\n  first:  "seed": "7"\n  second: "seed": "8"');
});

Deno.test("compareStores() clips long lines", () => {
  const text = compareStores(record(0, ["a".repeat(5000)]), record(0, ["b".repeat(5000)]))!;
  assertEquals(text.split("\n").every((line) => line.length < 600), true);
});

Deno.test("combineStores() passes everything to each store", () => {
  const [a, b] = [createMemoryStore(), createMemoryStore()];
  let closed = 0;
  const close = () => void closed++;
  const every = combineStores([{ ...a, path: "here", close }, { ...b, path: "there", close }]);
  every.message(entry(0));
  every.history([operation(0)]);
  every.results({ seed: "7", store: "here" } as Results);
  every.close();
  assertEquals(closed, 2);
  assertEquals(compareStores(a, b), undefined);
  assertEquals([a.files["messages.jsonl"].length, a.files["history.jsonl"].length], [1, 1]);
  assertEquals(JSON.parse(a.files["results.json"].join("")), { seed: "7", store: null });
});
