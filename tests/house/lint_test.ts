import { assertEquals } from "@std/assert";
import plugin from "./lint.ts";

/** Runs the plugin over some code; returns the rules that it breaks, in order. */
function lint(code: string, file = "/project/lib/node.ts"): string[] {
  return Deno.lint.runPlugin(plugin, file, code).map(({ id }) => id.replace("house/", ""));
}

const lines = (count: number) => "  work();\n".repeat(count);

Deno.test("lint accepts a doc comment that opens with a noun phrase or a verb", () => {
  assertEquals(lint("/** Ring buffer of states. */\nexport const states = [];\n"), []);
  assertEquals(lint("/**\n * Marks a message as replicated.\n *\n * What follows may open as it likes.\n */\n"), []);
});

for (
  const word of [
    "What",
    "Who",
    "Whether",
    "How",
    "Which",
    "Whose",
    "When",
    "Where",
    "what",
    "- How",
    "(What",
    "- (when",
  ]
) {
  Deno.test(`lint rejects a doc comment that opens with ${word}, on exported and other declarations`, () => {
    assertEquals(lint(`/** ${word} is here. */\nconst a = 1;\n`), ["doc-opening"]);
    assertEquals(lint(`interface A {\n  /**\n   * ${word} is here.\n   */\n  b: number;\n}\n`), ["doc-opening"]);
  });
}

Deno.test("lint accepts words that only begin like these", () => {
  assertEquals(lint("/** However long it is. */\nconst a = 1;\n/** Whole numbers. */\nconst b = 1;\n"), []);
});

Deno.test("lint rejects an export without a doc comment; of overloads, only the first needs one", () => {
  assertEquals(lint("export const a = 1;\nexport type B = 1;\n"), ["documented", "documented"]);
  assertEquals(lint("/** Adds. */\nexport function a(b: 1): 1;\nexport function a(b: 2): 2;\n"), []);
  assertEquals(lint('export * from "./a.ts";\nexport { b } from "./b.ts";\n'), []);
  assertEquals(lint("export const a = 1;\n", "/project/types/assert.d.ts"), []);
});

Deno.test("lint rejects a default export without a doc comment, but not in tests", () => {
  const code = "export default function a() {}\n";
  assertEquals(lint(code), ["documented"]);
  assertEquals(lint(`/** Adds. */\n${code}`), []);
  assertEquals(lint(code, "/project/challenges/echo.ts"), ["documented"]);
  assertEquals(lint(code, "/project/tests/right/echo.ts"), []);
});

Deno.test("lint accepts only a doc comment as one", () => {
  assertEquals(lint("/* Adds. */\nexport const a = 1;\n"), ["documented"]);
  assertEquals(lint("/** Adds. */ /* Well. */ export const a = 1;\n"), ["documented"]);
  assertEquals(lint("/** Adds. */\nconst b = 1;\nexport const a = 1;\n"), ["documented"]);
  assertEquals(lint("/** Adds. */\n// deno-lint-ignore no-explicit-any\nexport const a: any = 1;\n"), []);
});

Deno.test("lint rejects a function of more than 40 lines in lib/ and challenges/, but not in tests", () => {
  assertEquals(lint(`function a() {\n${lines(38)}}\n`), []);
  assertEquals(lint(`function a() {\n${lines(39)}}\n`), ["function-length"]);
  assertEquals(lint(`const a = () => {\n${lines(39)}};\n`, "/project/challenges/txn.ts"), ["function-length"]);
  assertEquals(lint(`const a = { b() {\n${lines(39)}} };\n`), ["function-length"]);
  assertEquals(lint(`function a() {\n${lines(39)}}\n`, "/project/tests/node_test.ts"), []);
  assertEquals(lint(`function a() {\n${lines(39)}}\n`, "/project/tests/challenges/txn_test.ts"), []);
});

Deno.test("lint rejects Object.assign", () => {
  assertEquals(lint("Object.assign(a, b);\n"), ["no-object-assign"]);
  assertEquals(lint('Object["assign"](a, b);\n'), ["no-object-assign"]);
});

Deno.test("lint rejects an object literal that is spread into another one", () => {
  assertEquals(lint("use({ ...{ a, b }, c });\n"), ["no-literal-spread"]);
  assertEquals(lint("use({ ...a, ...b ? { c } : {} }, [...[d], ...e]);\n"), []);
});

Deno.test("lint rejects a line of more than 120 characters, in comments and strings too", () => {
  assertEquals(lint(`// ${"x".repeat(117)}\n`), []);
  assertEquals(lint(`// ${"x".repeat(118)}\nwork();\n`), ["width"]);
});
