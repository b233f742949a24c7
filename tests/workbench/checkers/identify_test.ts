// @ts-types="../../../types/assert.d.ts"
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { identify, showIdentity } from "../../../lib/workbench/checkers/identify.ts";

/** A value whose objects have their fields the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, turned(item)]));
}

Deno.test("identify: the same for equal values, whatever the order of fields", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assertEquals(identify(turned(value)), identify(value));
      assertEquals(identify(structuredClone(value)), identify(value));
    }),
    { seed: 1 },
  );
});

Deno.test("identify: different for different values", () => {
  const values = [null, 0, "0", "", false, [], {}, [[]], [{}], [1, 2], [2, 1], ["1", 2], [12], { a: 1 }, { a: "1" }, {
    b: 1,
  }, 5n];
  const more = [[null], [5n], "[1,2]", '{"a":1}', { a: { b: 1 } }, { a: 1, b: 1 }, new Map([[1, 2]]), { 1: 2 }];
  assertEquals(new Set([...values, ...more].map(identify)).size, values.length + more.length);
});

Deno.test("identify: nothing is null", () => {
  assertEquals(identify(undefined), null);
});

Deno.test("showIdentity shows the value as JSON", () => {
  const shown = [7, "7", null, 5n, [1, "a"], { b: 1, a: 2 }].map((value) => showIdentity(identify(value)));
  assertEquals(shown, ["7", '"7"', "null", "5", '[1,"a"]', '{"a":2,"b":1}']);
});
