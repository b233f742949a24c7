import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Body, RPCError } from "../../../../lib/protocol.ts";
import { parseExactJSON } from "../../../../lib/workbench/base/json.ts";
import {
  canonicalText,
  equalValues,
  parseKeyValueRequest,
  performRequest,
} from "../../../../lib/workbench/world/services/key_value.ts";
import { cas, READ, write } from "./reference.ts";

function perform(body: Body, value: unknown) {
  return performRequest(parseKeyValueRequest(body), value);
}

Deno.test("read returns the value, or error 20", () => {
  assertEquals(perform(READ, [1]), { reply: { type: "read_ok", value: [1] }, value: [1] });
  assertEquals(perform(READ, null), { reply: { type: "read_ok", value: null }, value: null });
  const text = "key does not exist";
  assertEquals(perform(READ, undefined), { reply: { type: "error", code: 20, text }, value: undefined });
});

Deno.test("write sets the value, whether or not the key exists", () => {
  for (const before of [undefined, null, 1]) {
    assertEquals(perform(write("new"), before), { reply: { type: "write_ok" }, value: "new" });
  }
});

Deno.test("cas sets the value if it is the expected one, and returns an error with the value otherwise", () => {
  assertEquals(perform(cas(1, 2), 1), { reply: { type: "cas_ok" }, value: 2 });
  const text = 'current value {"a":"b"} is not 1';
  assertEquals(perform(cas(1, 2), { a: "b" }), { reply: { type: "error", code: 22, text }, value: { a: "b" } });
  assertEquals(perform(cas({ a: 1, b: [2] }, 2), { b: [2], a: 1 }).reply.type, "cas_ok");
});

Deno.test("cas of a key that does not exist is error 20, unless it may create it", () => {
  const missing = { reply: { type: "error", code: 20, text: "key does not exist" }, value: undefined };
  assertEquals(perform(cas(1, 2), undefined), missing);
  assertEquals(perform(cas(1, 2, { create_if_not_exists: false }), undefined), missing);
  assertEquals(perform(cas(1, 2, { create_if_not_exists: null }), undefined), missing);
  const created = { reply: { type: "cas_ok" }, value: 2 };
  assertEquals(perform(cas(1, 2, { create_if_not_exists: true }), undefined), created);
  assertEquals(perform({ type: "cas", key: "x", to: 2, create_if_not_exists: true }, undefined), created);
  assertEquals(perform(cas(1, 2, { create_if_not_exists: true }), 3).reply.code, 22);
});

Deno.test("cas without from means null", () => {
  assertEquals(perform({ type: "cas", key: "x", to: 2 }, null).reply, { type: "cas_ok" });
  assertEquals(perform({ type: "cas", key: "x", to: 2 }, 1).reply.text, "current value 1 is not null");
});

Deno.test("a missing field is null, as in Maelstrom", () => {
  assertEquals(perform({ type: "read" }, 1).reply, { type: "read_ok", value: 1 });
  assertEquals(parseKeyValueRequest({ type: "read" }), parseKeyValueRequest({ type: "read", key: null }));
  assertEquals(perform({ type: "write", key: "x" }, 1), { reply: { type: "write_ok" }, value: null });
  assertEquals(perform({ type: "cas", key: "x", from: 1 }, 1), { reply: { type: "cas_ok" }, value: null });
});

Deno.test("create_if_not_exists is true unless it is false or null, as in Clojure", () => {
  const creates = (create_if_not_exists: unknown) =>
    perform(cas(1, 2, { create_if_not_exists }), undefined).reply.type === "cas_ok";
  assertEquals([true, 1, 0, "yes", "", [], {}].map(creates), Array(7).fill(true));
  assertEquals([false, null, undefined].map(creates), [false, false, false]);
});

Deno.test("1.0 is not 1, neither as a value nor as a key", () => {
  const [one, float, same] = parseExactJSON("[1, 1.0, 1.00]") as unknown[];
  assert(!equalValues(one, float));
  assert(equalValues(float, same));
  assertEquals(perform(cas(1, 2), float).reply.text, "current value 1.0 is not 1");
  const read = (key: unknown) => parseKeyValueRequest({ type: "read", key }).key;
  assertNotEquals(read(one), read(float));
  assertEquals(canonicalText(parseExactJSON('{"b":1.0,"a":[1e2]}')), '{"a":[100.0],"b":1.0}');
});

Deno.test("a request of another type is refused with error 10", () => {
  const { code } = assertThrows(
    () => parseKeyValueRequest({ type: "delete", key: "x" }),
    RPCError,
    'Cannot handle "delete": expected read, write or cas',
  );
  assertEquals(code, 10);
});

const JSON_VALUE = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));

/** Reverses the fields of all objects in a value. */
function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  // As JSON, since an assignment to a field named __proto__ would be lost.
  const fields = Object.entries(value).reverse().map(([name, item]) => [JSON.stringify(name), reversed(item)]);
  return JSON.parse(`{${fields.map(([name, item]) => `${name}:${JSON.stringify(item)}`).join()}}`);
}

Deno.test("the canonical text is JSON of the same value, and does not depend on the order of fields", () => {
  fc.assert(fc.property(JSON_VALUE, (value) => {
    assertEquals(JSON.parse(canonicalText(value)), value);
    assertEquals(canonicalText(reversed(value)), canonicalText(value));
  }));
  assertEquals(canonicalText(JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}')), '{"__proto__":{"c":2,"d":1},"b":1}');
});

Deno.test("values are equal when they are the same JSON", () => {
  fc.assert(fc.property(JSON_VALUE, JSON_VALUE, (a, b) => {
    assert(equalValues(a, reversed(a)));
    assertEquals(equalValues(a, b), canonicalText(a) === canonicalText(b));
  }));
  const values = [0, 1, "1", "", null, false, true, [], [1], [[1]], {}, { a: 1 }, { a: null }, { b: 1 }];
  values.forEach((a, i) => values.forEach((b, j) => assertEquals(equalValues(a, structuredClone(b)), i === j)));
  for (const value of [null, 0, ""]) assert(!equalValues(undefined, value));
});
