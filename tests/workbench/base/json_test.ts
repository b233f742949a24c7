import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatExactJSON, formatJSON, parseExactJSON } from "../../../lib/workbench/base/json.ts";

Deno.test("integers beyond 2^53 keep all their digits when read and written", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
    const line = `{"id":${integer},"list":[${integer}]}`;
    assertEquals(formatJSON(parseExactJSON(line)), line);
    assertEquals(formatExactJSON(parseExactJSON(line)), line);
    const { id } = parseExactJSON(line) as { id: number | bigint };
    assertEquals(typeof id, Number.isSafeInteger(Number(integer)) ? "number" : "bigint");
  }));
});

Deno.test("everything else is read and written as by JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const line = JSON.stringify(value);
    assertEquals(formatJSON(value), line);
    assertEquals(formatExactJSON(value, 2), JSON.stringify(value, null, 2));
    if (!/\d{16}|\de/.test(line)) assertEquals(parseExactJSON(line), JSON.parse(line));
  }));
  assertEquals(parseExactJSON("[1234567890.12345678, 1.5e-30, 0.1234567890123456789]"), [
    1234567890.12345678,
    1.5e-30,
    0.12345678901234568,
  ]);
});

Deno.test("a whole number with a point or an exponent stays one, is not an integer, and does not equal one", () => {
  for (
    const [text, written] of [
      ["1.0", "1.0"],
      ["-20.00", "-20.0"],
      ["1e3", "1000.0"],
      ["2.5E+1", "25.0"],
      ["0.99999999999999999", "1.0"],
      ["4503599627370496.50", "4503599627370496.0"],
      [
        "-0.0",
        "0.0",
      ],
    ]
  ) {
    for (const around of ["@", "[@]", '{"a":@}', '{"a": [1, @ ,2]}', `{"a":@\n}`]) {
      const value = parseExactJSON(around.replace("@", text!));
      assertEquals(
        formatJSON(value),
        formatJSON(JSON.parse(around.replace("@", '"@"'))).replace('"@"', written!),
      );
      assertEquals(formatExactJSON(value), formatJSON(value));
    }
    assertNotEquals(parseExactJSON(text!), JSON.parse(text!));
    assertEquals(typeof parseExactJSON(text!), "object");
  }
  assertEquals(formatJSON(parseExactJSON("1e300")), "1e+300");
});

Deno.test("an infinite number, which JSON does not have, is written as a string", () => {
  const values = [Infinity, [-Infinity, { a: Infinity }]];
  assertEquals(formatExactJSON(values), '["Infinity",["-Infinity",{"a":"Infinity"}]]');
});

Deno.test("a string that looks like such a number stays a string", () => {
  for (const text of ['["1.0"]', '["x1.0,"]', '{"1.0":"2e5"}', '["[1.0]"]']) {
    assertEquals(parseExactJSON(text), JSON.parse(text));
  }
});

Deno.test("digits in a string stay a string", () => {
  assertEquals(parseExactJSON('{"9007199254740993":"9007199254740993"}'), { "9007199254740993": "9007199254740993" });
});

Deno.test("a text that is not JSON is refused", () => {
  assertThrows(() => parseExactJSON("{1234567890123456789"), SyntaxError);
});

Deno.test("formatExactJSON() writes a Map whose keys cannot be converted to text", () => {
  assertEquals(formatExactJSON(new Map([[parseExactJSON("[1.0]"), 7]])), '{"[1.0]":7}');
});
