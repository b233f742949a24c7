import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { columns, createStyle, escapeControls, table, wrap } from "../../../lib/workbench/base/text.ts";

Deno.test("wrap() never returns a line that is too wide, and loses only blanks", () => {
  const words = fc.array(fc.stringMatching(/^[a-z,\[\]]{1,40}$/), { maxLength: 30 });
  fc.assert(fc.property(words, fc.integer({ min: 10, max: 60 }), (words, width) => {
    const lines = wrap(words.join(" "), width, "    ");
    for (const line of lines) assert(line.length <= width);
    assertEquals(lines.join("").replaceAll(" ", ""), words.join(""));
  }));
});

Deno.test("wrap() keeps line breaks and indentation", () => {
  assertEquals(wrap("one\n\n  two three", 9, " "), [" one", "", "   two", "   three"]);
  assertEquals(wrap("", 10), [""]);
});

Deno.test("columns() leaves empty columns out", () => {
  assertEquals(columns([["a", "", "12"], ["bc", "", "3"]]), ["a   12", "bc   3"]);
  assertEquals(columns([]), []);
});

Deno.test("createStyle() without colours leaves texts unchanged", () => {
  assertEquals(createStyle(false).red("x"), "x");
  assertEquals(createStyle(true).bold("x"), "\x1b[1mx\x1b[22m");
});

Deno.test("escapeControls() escapes all that a terminal obeys, and nothing else", () => {
  assertEquals(escapeControls("grüße\n\t“日本” 👩‍🚀"), "grüße\n\t“日本” 👩‍🚀");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assertFalse(/[\p{Cc}\p{Bidi_Control}]/u.test(escapeControls(text).replaceAll(/[\n\t]/g, "")));
    assertEquals(escapeControls(escapeControls(text)), escapeControls(text));
  }));
});

Deno.test("wrap() ends for any width", () => {
  for (const width of [-5, 0, 1, 16]) {
    assertEquals(
      wrap("one twelve-letter", width, " ".repeat(16)),
      ["one", "twelve-let", "ter"].map((part) => " ".repeat(16) + part),
    );
  }
});

Deno.test("table() equals columns() if there is room", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "b", "1"), maxLength: 5 });
  fc.assert(fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), ([head, ...rows]) => {
    assertEquals(table(head, rows, 100), columns([head!, ...rows]));
    assertEquals(table(undefined, rows, 100), columns(rows));
    assertEquals(table(undefined, rows, 0).length, rows.length);
  }));
});
