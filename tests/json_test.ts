import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatJSON, limitProblem, parseJSON, showJSON } from "../lib/json.ts";
import { nested, nestedText } from "./nested.ts";

Deno.test("integers of any size keep all their digits, and are numbers where that is exact", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
    const text = `{"id":${integer},"list":[1,${integer}]}`;
    assertEquals(formatJSON(parseJSON(text)), text);
    const { id } = parseJSON(text) as { id: number | bigint };
    assertEquals(typeof id, Number.isSafeInteger(Number(integer)) ? "number" : "bigint");
  }));
  for (const [text, value] of [["9007199254740991", 2 ** 53 - 1], ["-9007199254740992", -(2n ** 53n)]] as const) {
    assertEquals(parseJSON(text), value);
  }
});

Deno.test("everything else is read and written as by JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value);
    assertEquals(formatJSON(value), text);
    if (!/\d{16}/.test(text)) assertEquals(parseJSON(text), JSON.parse(text));
  }));
  const others = '[0.12345678901234567,12345678901234567.5,"9007199254740993",{"9007199254740993":1e300},-0]';
  assertEquals(parseJSON(others), JSON.parse(others));
  assertEquals(parseJSON("[9007199254740993e2, 9007199254740993.0]"), [9007199254740993e2, 9007199254740992]);
  assertThrows(() => parseJSON("[9007199254740993"), SyntaxError);
});

Deno.test("any depth can be parsed, also with large integers", () => {
  for (const depth of [5000, 100_000]) {
    for (const content of ["1", "9007199254740993"]) {
      assertStringIncludes(limitProblem(parseJSON(nestedText(depth, content)), 1000)!, "at most 1000 nested");
    }
  }
});

Deno.test("a value is refused if it is too deep, or has a number that is too large", () => {
  const tooDeep = "expected at most 5 nested objects and arrays, got more";
  for (const value of [nested(5), { a: nested(4), b: [] }, [1, nested(4)], 1, null, "x", 1n]) {
    assertEquals(limitProblem(value, 5), undefined);
  }
  for (const value of [nested(6), { a: 1, b: nested(5) }, [nested(5)], nested(100_000)]) {
    assertEquals(limitProblem(value, 5), tooDeep);
  }
  const tooLarge = "expected numbers below 1.8e308, got a larger one";
  for (const text of ["1e400", "[-1e400]", '{"a":[1e400]}', `1${"0".repeat(400)}.5`]) {
    assertEquals(limitProblem(parseJSON(text), 5), tooLarge);
  }
  const integer = `1${"0".repeat(400)}`;
  assertEquals(formatJSON(parseJSON(integer)), integer);
});

Deno.test("any value can be shown", () => {
  assertEquals(showJSON({ id: 2n ** 64n }), '{"id":18446744073709551616}');
  assertEquals(showJSON(undefined), "nothing");
  assertEquals(showJSON("x".repeat(100), 5), '"xxxx…');
  const circle: unknown[] = [];
  circle.push(circle);
  for (const value of [circle, { toJSON: () => (0 as unknown as () => void)() }]) {
    assertEquals(showJSON(value, 60, "no"), "no");
  }
  // It depends on the version of V8 how deep JSON can be written.
  assertMatch(showJSON(nested(100_000), 5, "no"), /^(\[{5}…|no)$/);
});
