import { assertEquals, assertThrows } from "@std/assert";
import { SchemaError, type StandardResult, type StandardSchema, validate } from "../lib/schema.ts";

const standard = (validate: (value: unknown) => StandardResult | Promise<StandardResult>): StandardSchema => ({
  "~standard": { version: 1, vendor: "test", validate },
});

Deno.test("validate returns a value that a function accepts", () => {
  const value = { type: "add", delta: 1 };
  assertEquals(validate((body) => body === value, value), value);
});

Deno.test("validate throws what a function expected", () => {
  assertThrows(
    () => validate(() => "expected delta to be an integer", {}),
    SchemaError,
    "expected delta to be an integer",
  );
  assertThrows(() => validate(() => false, {}), SchemaError, "it does not match its schema");
});

Deno.test("validate returns the value as a Standard Schema has transformed it", () => {
  const trimmed = { type: "add", delta: 1 };
  assertEquals(validate(standard(() => ({ value: trimmed })), { type: "add", delta: "1" }), trimmed);
});

Deno.test("validate throws all issues of a Standard Schema, each with its path", () => {
  const issues = [
    { message: "expected an integer", path: ["offsets", { key: "k1" }, 0] },
    { message: "expected an object", path: [] },
    { message: "expected more" },
  ];
  assertThrows(
    () => validate(standard(() => ({ issues })), {}),
    SchemaError,
    "offsets.k1.0: expected an integer; expected an object; expected more",
  );
});

Deno.test("validate throws for a schema that validates asynchronously", () => {
  const schema = standard((value) => Promise.resolve({ value }));
  assertThrows(() => validate(schema, {}), TypeError, "expected a schema that validates synchronously");
});
