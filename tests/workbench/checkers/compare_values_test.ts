import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseExactJSON } from "../../../lib/workbench/base/json.ts";
import { identify } from "../../../lib/workbench/checkers/identify.ts";
import { compareValues } from "../../../lib/workbench/checkers/compare_values.ts";

Deno.test("compareValues orders values by type, then by value", () => {
  const ordered = [
    null,
    false,
    true,
    -1,
    2,
    10,
    9007199254740993n,
    "10",
    "9",
    "a",
    [],
    ["n2"],
    ["n0", 1],
    ["n0", 2],
    ["n2", 1],
    { a: 1 },
    { a: 2 },
  ];
  assertEquals(ordered.toReversed().sort(compareValues), ordered);
});

Deno.test("compareValues compares numbers by size, also those that were written as 1.0", () => {
  const ordered = parseExactJSON('[-3.0, -1, 2.0, 2.5, 10.0, 11, 9007199254740993, 1e300, "1"]') as unknown[];
  assertEquals(ordered.toReversed().sort(compareValues), ordered);
  const [whole, one] = parseExactJSON("[1.0, 1]") as unknown[];
  assertEquals(compareValues(whole, one), 0);
});

Deno.test("compareValues is a total order, and 0 exactly for equal values", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (a, b, c) => {
    assertEquals(compareValues(a, b) === 0, identify(a) === identify(b));
    assertEquals(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a)), 0);
    const [x, y, z] = [a, b, c].sort(compareValues);
    assertEquals(compareValues(x, y) <= 0 && compareValues(y, z) <= 0 && compareValues(x, z) <= 0, true);
  }));
});
