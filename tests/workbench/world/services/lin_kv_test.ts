import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RPCError } from "../../../../lib/protocol.ts";
import { createLinKV } from "../../../../lib/workbench/world/services/lin_kv.ts";
import { type Model, performOnModel, READ, REQUESTS, write } from "./reference.ts";

Deno.test("every request is performed on the newest state: the replies are those of a map", () => {
  fc.assert(fc.property(REQUESTS, (requests) => {
    const linKV = createLinKV();
    const model: Model = new Map();
    for (const { client, request } of requests) assertEquals(linKV(client, request), performOnModel(model, request));
  }));
});

Deno.test("keys are compared by value", () => {
  const linKV = createLinKV();
  linKV("n0", write("number", 1));
  linKV("n0", write("text", "1"));
  linKV("n0", write("object", { a: 1, b: 2 }));
  const read = (key: unknown) => linKV("n1", { type: "read", key }).value;
  assertEquals([read(1), read("1"), read({ b: 2, a: 1 })], ["number", "text", "object"]);
  for (const key of ["__proto__", "constructor", "toString"]) {
    assertEquals(linKV("n1", { type: "read", key }).code, 20);
    linKV("n1", write(key, key));
    assertEquals(read(key), key);
  }
});

Deno.test("a value of null is not the same as no value", () => {
  const linKV = createLinKV();
  linKV("n0", write(null));
  assertEquals(linKV("n0", READ), { type: "read_ok", value: null });
});

Deno.test("a request that is refused changes nothing", () => {
  const linKV = createLinKV();
  linKV("n0", write(1));
  assertThrows(() => linKV("n0", { type: "increment", key: "x" }), RPCError, "increment");
  assertEquals(linKV("n0", READ), { type: "read_ok", value: 1 });
});

Deno.test("two stores share nothing", () => {
  createLinKV()("n0", write(1));
  assertEquals(createLinKV()("n0", READ).code, 20);
});
