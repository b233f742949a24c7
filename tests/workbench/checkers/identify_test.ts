import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { identify, showIdentity } from "../../../lib/workbench/checkers/identify.ts";
import { parseJSON } from "../../../lib/workbench/base/json.ts";

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

Deno.test("identify: 1.0 is not 1, but is 1.00, and shows as it is written", () => {
  const [one, float, same, list] = parseJSON("[1, 1.0, 1.00, [1.0]]") as unknown[];
  assertEquals(new Set([one, "1.0", float, same, list, [1], ["1.0"]].map(identify)).size, 6);
  assertEquals([float, list].map((value) => showIdentity(identify(value))), ["1.0", "[1.0]"]);
});

Deno.test("identify: nothing is null", () => {
  assertEquals(identify(undefined), null);
});

Deno.test("identify tells sets apart by what they hold, and refuses objects that hide what they hold", () => {
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
