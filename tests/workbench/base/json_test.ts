import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { formatJSON, formatJSONLine, parseJSON } from "../../../lib/workbench/base/json.ts";

Deno.test("integers beyond 2^53 keep all their digits when read and written", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
    const line = `{"id":${integer},"list":[${integer}]}`;
    assertEquals(formatJSONLine(parseJSON(line)), line);
    assertEquals(formatJSON(parseJSON(line)), line);
    const { id } = parseJSON(line) as { id: number | bigint };
    assertEquals(typeof id, Number.isSafeInteger(Number(integer)) ? "number" : "bigint");
  }));
});

Deno.test("everything else is read and written as by JSON", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const line = JSON.stringify(value);
    assertEquals(formatJSONLine(value), line);
    assertEquals(formatJSON(value, 2), JSON.stringify(value, null, 2));
    if (!/\d{16}|\de/.test(line)) assertEquals(parseJSON(line), JSON.parse(line));
  }));
  assertEquals(parseJSON("[1234567890.12345678, 1.5e-30, 0.1234567890123456789]"), [
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
      const value = parseJSON(around.replace("@", text!));
      assertEquals(
        formatJSONLine(value),
        formatJSONLine(JSON.parse(around.replace("@", '"@"'))).replace('"@"', written!),
      );
      assertEquals(formatJSON(value), formatJSONLine(value));
    }
    assertNotEquals(parseJSON(text!), JSON.parse(text!));
    assertEquals(typeof parseJSON(text!), "object");
  }
  assertEquals(formatJSONLine(parseJSON("1e300")), "1e+300");
});

Deno.test("a string that looks like such a number stays a string", () => {
  for (const text of ['["1.0"]', '["x1.0,"]', '{"1.0":"2e5"}', '["[1.0]"]']) {
    assertEquals(parseJSON(text), JSON.parse(text));
  }
});

Deno.test("digits in a string stay a string", () => {
  assertEquals(parseJSON('{"9007199254740993":"9007199254740993"}'), { "9007199254740993": "9007199254740993" });
});

Deno.test("a text that is not JSON is refused", () => {
  assertThrows(() => parseJSON("{1234567890123456789"), SyntaxError);
});

Deno.test("formatJSON() writes a Map whose keys cannot be converted to text", () => {
  assertEquals(formatJSON(new Map([[parseJSON("[1.0]"), 7]])), '{"[1.0]":7}');
});
