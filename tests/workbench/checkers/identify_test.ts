import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { identify, showIdentity } from "../../../lib/workbench/checkers/identify.ts";
import { parseExactJSON } from "../../../lib/workbench/base/json.ts";

/** Copies a value, with the fields of objects in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, item]) => [key, reversed(item)]));
}

Deno.test("identify is the same for equal values, whatever the order of fields", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assertEquals(identify(reversed(value)), identify(value));
      assertEquals(identify(structuredClone(value)), identify(value));
    }),
    { seed: 1 },
  );
});

Deno.test("identify differs for different values", () => {
  const values = [null, 0, "0", "", false, [], {}, [[]], [{}], [1, 2], [2, 1], ["1", 2], [12], { a: 1 }, { a: "1" }, {
    b: 1,
  }, 5n];
  const more = [[null], [5n], "[1,2]", '{"a":1}', { a: { b: 1 } }, { a: 1, b: 1 }, new Map([[1, 2]]), { 1: 2 }];
  assertEquals(new Set([...values, ...more].map(identify)).size, values.length + more.length);
});

Deno.test("identify distinguishes 1.0 from 1, but not from 1.00", () => {
  const [one, float, same, list] = parseExactJSON("[1, 1.0, 1.00, [1.0]]") as unknown[];
  assertEquals(new Set([one, "1.0", float, same, list, [1], ["1.0"]].map(identify)).size, 6);
  assertEquals([float, list].map((value) => showIdentity(identify(value))), ["1.0", "[1.0]"]);
});

Deno.test("identify takes undefined for null", () => {
  assertEquals(identify(undefined), null);
});

Deno.test("identify compares sets by their elements, and refuses objects of other classes", () => {
  assertEquals(identify(new Set([1, { a: 2 }])), identify(new Set([{ a: 2 }, 1])));
  assertEquals(new Set([new Set(), new Set([1]), new Set(["1"]), {}, []].map(identify)).size, 5);
  class Stack {
    readonly #items = [1];
    size = () => this.#items.length;
  }
  assertThrows(() => identify({ state: new Stack() }), TypeError, "Cannot compare a Stack");
});

Deno.test("showIdentity shows the value as JSON", () => {
  const shown = [7, "7", null, 5n, [1, "a"], { b: 1, a: 2 }].map((value) => showIdentity(identify(value)));
  assertEquals(shown, ["7", '"7"', "null", "5", '[1,"a"]', '{"a":2,"b":1}']);
});
