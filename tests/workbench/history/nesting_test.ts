import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_NESTING, tooDeepAt } from "../../../lib/workbench/history/nesting.ts";

/** Nests lists. */
function nested(depth: number, content = ""): string {
  return "[".repeat(depth) + content + "]".repeat(depth);
}

Deno.test("the bracket that is nested too deep is found", () => {
  assertEquals([tooDeepAt(""), tooDeepAt(nested(MAX_NESTING)), tooDeepAt(nested(MAX_NESTING, '"a"'))], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(tooDeepAt(nested(MAX_NESTING + 1)), MAX_NESTING);
  assertEquals(tooDeepAt(`[1,${nested(MAX_NESTING + 5)}]`), MAX_NESTING + 2);
  assertEquals(tooDeepAt('{"a":'.repeat(MAX_NESTING + 1)), 5 * MAX_NESTING);
});

Deno.test("brackets that are closed or in strings do not count", () => {
  assertEquals(tooDeepAt(`[${"[],{},".repeat(MAX_NESTING)}1]`), undefined);
  assertEquals(tooDeepAt(JSON.stringify(['"'.repeat(3) + "\\" + nested(5000)])), undefined);
  assertEquals(tooDeepAt(`["\\\\",${nested(MAX_NESTING)}]`), 6 + MAX_NESTING - 1);
  // Long strings, with and without escapes, need no deep recursion.
  assertEquals(tooDeepAt(`["${"x".repeat(10_000_000)}","${"\\n".repeat(1_000_000)}"]`), undefined);
});

Deno.test("any JSON that is not too deep passes", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.nat(MAX_NESTING + 1), (value, around) => {
    const text = nested(around, `${JSON.stringify(value)}${" ".repeat(MAX_NESTING)}`);
    assertEquals(tooDeepAt(text) === undefined, around + depthOf(value) <= MAX_NESTING);
  }));
});

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
