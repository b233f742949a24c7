import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatJSON, parseJSON } from "../../../../../lib/json.ts";
import { nested } from "../../../../nested.ts";
import { copyJSON } from "../../../../../lib/workbench/world/hosts/in_process/copy.ts";

/** Copies a value as the pipe to a node does. */
function throughPipe(value: unknown): unknown {
  const text = formatJSON(value);
  return text === undefined ? undefined : parseJSON(text);
}

function assertSame(value: unknown): void {
  // As texts too: assertEquals ignores the order of fields.
  assertEquals(copyJSON(value), throughPipe(value));
  assertEquals(formatJSON(copyJSON(value)), formatJSON(throughPipe(value)));
}

Deno.test("copyJSON() gives the same as a pipe, for any JSON", () => {
  fc.assert(fc.property(
    fc.anything({
      withDate: true,
      withNullPrototype: true,
      withSparseArray: true,
      withBoxedValues: true,
      withMap: true,
    }),
    assertSame,
  ));
});

Deno.test("copyJSON() gives the same as a pipe for values that JSON does not know", () => {
  class Point {
    constructor(readonly x: number) {}
    get double() {
      return 2 * this.x;
    }
  }
  const values = [
    [-0, NaN, Infinity, undefined, () => 1, Symbol("s")],
    [2 ** 53 - 1, 2 ** 53, -(2 ** 60), 1e20, 1e21, 1e300, 0.1 + 2 ** 40, 2n ** 53n, 7n],
    { a: undefined, b: () => 1, [Symbol("s")]: 1, c: -0 },
    { date: new Date(0), point: new Point(2), own: { toJSON: () => "text" }, set: new Set([1]) },
    JSON.parse('{ "__proto__": { "a": 1 }, "toString": 2, "10": 3, "2": 4 }'),
    Object.defineProperty({ a: 1 }, "hidden", { value: 2, enumerable: false }),
    new Uint8Array([1, 2]),
    [, 1],
    undefined,
  ];
  for (const value of values) assertSame(value);
  // assertEquals does not tell them apart.
  assert(Object.is(copyJSON({ zero: -0 }).zero, 0));
});

Deno.test("copyJSON() copies values of up to 1000 levels, and refuses deeper ones and cycles", () => {
  for (const depth of [99, 100, 101, 500, 1000]) assertSame(nested(depth));
  for (const depth of [1001, 3000, 5000, 100_000]) {
    assertThrows(() => copyJSON(nested(depth)), RangeError, "expected at most 1000 nested forms");
    assertThrows(() => copyJSON({ a: [], b: [nested(depth - 2)] }), RangeError, "expected at most 1000 nested forms");
  }
  const endless: Record<string, unknown> = {};
  endless.self = { endless };
  assertThrows(() => copyJSON(endless), TypeError);
});

Deno.test("copyJSON() copies bigints as integers: as numbers where that is exact, at any depth", () => {
  const value = [1n, { id: 2n ** 64n }, -(2n ** 53n)];
  assertEquals(copyJSON<unknown>(value), [1, { id: 2n ** 64n }, -(2n ** 53n)]);
  let deep: unknown = [2n ** 64n, 1n];
  let copied: unknown = [2n ** 64n, 1];
  for (let i = 0; i < 200; i++) [deep, copied] = [[deep], [copied]];
  assertEquals(copyJSON<unknown>(deep), copied);
});

Deno.test("copyJSON() shares nothing with the original", () => {
  const original = { list: [{ a: 1 }] };
  const copy = copyJSON(original);
  original.list[0]!.a = 2;
  assertEquals(copy, { list: [{ a: 1 }] });
  assert(copy.list !== original.list);
});
