// @ts-types="../../types/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatJson, formatLine, parseJson } from "../../lib/workbench/json.ts";

Deno.test("integers beyond 2^53 keep all their digits, there and back", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
    const line = `{"id":${integer},"list":[${integer}]}`;
    assertEquals(formatLine(parseJson(line)), line);
    assertEquals(formatJson(parseJson(line)), line);
    const { id } = parseJson(line) as { id: number | bigint };
    assertEquals(typeof id, Number.isSafeInteger(Number(integer)) ? "number" : "bigint");
  }));
});

Deno.test("whatever is no such integer is read and written as ever", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const line = JSON.stringify(value);
    assertEquals(formatLine(value), line);
    assertEquals(formatJson(value, 2), JSON.stringify(value, null, 2));
    if (!/\d{16}/.test(line)) assertEquals(parseJson(line), JSON.parse(line));
  }));
  assertEquals(parseJson("[1234567890.12345678, 1e30, 0.1234567890123456789]"), [
    1234567890.12345678,
    1e30,
    0.12345678901234568,
  ]);
});

Deno.test("digits in a string are no integer", () => {
  assertEquals(parseJson('{"9007199254740993":"9007199254740993"}'), { "9007199254740993": "9007199254740993" });
});

Deno.test("what is not JSON is refused", () => {
  assertThrows(() => parseJson("{1234567890123456789"), SyntaxError);
});
