import { assertEquals } from "@std/assert";
import { commit, insert, type KeyLog, listCommitted, poll, readFrom } from "../../../challenges/shared/kafka_log.ts";

Deno.test("a log keeps messages in the order of their offsets, once each", () => {
  const log: KeyLog = [];
  for (const offset of [3, 9, 0, 6, 3]) insert(log, offset, `at ${offset}`);
  assertEquals(insert(log, 9, "again"), false);
  assertEquals(log, [[0, "at 0"], [3, "at 3"], [6, "at 6"], [9, "at 9"]]);
});

Deno.test("a poll returns the messages from an offset on, up to an end, and 500 at most", () => {
  const log: KeyLog = Array.from({ length: 1000 }, (_, i) => [2 * i, i]);
  assertEquals(readFrom(log, 3, 9), [[4, 2], [6, 3], [8, 4]]);
  assertEquals(readFrom(log, 0).length, 500);
  assertEquals(readFrom(log, 2000), []);
});

Deno.test("a reply to poll leaves out keys without messages", () => {
  const logs: Record<string, KeyLog> = { a: [[0, 7]], b: [] };
  assertEquals(poll({ a: 0, b: 0 }, (key) => logs[key]!), { msgs: { a: [[0, 7]] } });
});

Deno.test("consumer offsets only move forward", () => {
  const committed = new Map([["a", 5]]);
  assertEquals(commit(committed, { a: 4, b: 0 }), { b: 0 });
  assertEquals(commit(committed, { a: 6, b: 0 }), { a: 6 });
  assertEquals(listCommitted(committed, ["a", "b", "c"]), { offsets: { a: 6, b: 0 } });
});

Deno.test("a key may have any name", () => {
  const offsets = JSON.parse('{ "__proto__": 3, "constructor": 4 }');
  const committed = new Map<string, number>();
  assertEquals(JSON.stringify(commit(committed, offsets)), '{"__proto__":3,"constructor":4}');
  assertEquals(JSON.stringify(listCommitted(committed, ["__proto__"])), '{"offsets":{"__proto__":3}}');
  assertEquals(
    JSON.stringify(poll(offsets, (_, from) => [[from, 0]]).msgs),
    '{"__proto__":[[3,0]],"constructor":[[4,0]]}',
  );
});
