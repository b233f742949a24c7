import { assertEquals, assertThrows } from "@std/assert";
import { checkSchema, SchemaError, type StandardResult, type StandardSchema } from "../lib/schema.ts";

const standard = (validate: (value: unknown) => StandardResult | Promise<StandardResult>): StandardSchema => ({
  "~standard": { version: 1, vendor: "test", validate },
});

Deno.test("checkSchema returns a value that a function accepts", () => {
  const value = { type: "add", delta: 1 };
  assertEquals(checkSchema((body) => body === value, value), value);
});

Deno.test("checkSchema throws what a function expected", () => {
  assertThrows(
    () => checkSchema(() => "expected delta to be an integer", {}),
    SchemaError,
    "expected delta to be an integer",
  );
  assertThrows(() => checkSchema(() => false, {}), SchemaError, "it does not match its schema");
});

Deno.test("checkSchema returns the value as a Standard Schema has transformed it", () => {
  const trimmed = { type: "add", delta: 1 };
  assertEquals(checkSchema(standard(() => ({ value: trimmed })), { type: "add", delta: "1" }), trimmed);
});

Deno.test("checkSchema throws all issues of a Standard Schema, each with its path", () => {
  const issues = [
    { message: "expected an integer", path: ["offsets", { key: "k1" }, 0] },
    { message: "expected an object", path: [] },
    { message: "expected more" },
  ];
  assertThrows(
    () => checkSchema(standard(() => ({ issues })), {}),
    SchemaError,
    "offsets.k1.0: expected an integer; expected an object; expected more",
  );
});

Deno.test("checkSchema throws for a schema that validates asynchronously", () => {
  const schema = standard((value) => Promise.resolve({ value }));
  assertThrows(() => checkSchema(schema, {}), TypeError, "expected a schema that validates synchronously");
});
