import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createEDNReader, parseEDN } from "../../../lib/workbench/history/edn.ts";
import { CAN_READ, recordedNames } from "../recorded.ts";

Deno.test("parseEDN reads every kind of form", () => {
  for (
    const [text, value] of [
      ["nil", null],
      ["true", true],
      ["false", false],
      [":ok", "ok"],
      [":jepsen/valid?", "jepsen/valid?"],
      ["some.symbol/name*", "some.symbol/name*"],
      ["-", "-"],
      ["+x", "+x"],
      ["...", "..."],
      ['"text, with \\"quotes\\" and ; no comment"', 'text, with "quotes" and ; no comment'],
      ['"\\t\\r\\n\\\\\\b\\f\\u00e9\\101\\0"', "\t\r\n\\\b\fé" + "A\0"],
      ['""', ""],
      ['"two\nlines"', "two\nlines"],
      ["\\a", "a"],
      ["\\é", "é"],
      ["\\(", "("],
      ["\\\\", "\\"],
      ["\\u", "u"],
      ["\\u0041", "A"],
      ["\\newline", "\n"],
      ["\\space", " "],
      ["[1 [2] ()]", [1, [2], []]],
      ["(1, 2,,3)", [1, 2, 3]],
      ['#{"n1" :n2}', ["n1", "n2"]],
      ["{}", {}],
      ['{:a 1, "b" {c nil}}', { a: 1, b: { c: null } }],
      ["{:a 1, 2 [3]}", new Map<unknown, unknown>([["a", 1], [2, [3]]])],
      ["{[1] 1, nil 2}", new Map<unknown, unknown>([[[1], 1], [null, 2]])],
      ["#jepsen.history.Op{:index 3, :f :read}", { index: 3, f: "read" }],
      ['#inst "1985-04-12T23:20:50.52Z"', "1985-04-12T23:20:50.52Z"],
      ["#my/tag [1]", [1]],
      ['#object[java.lang.Object 0x1f "x"]', ["java.lang.Object", 31, "x"]],
      ['#object[java.time.Instant 0x7a9 "2026-11-22T10:00:00Z"]', ["java.time.Instant", 0x7a9, "2026-11-22T10:00:00Z"]],
      ["#error {:cause nil, :via []}", { cause: null, via: [] }],
      ["[maelstrom.client$recv_BANG_ <init> clojure.lang.AFn$1]", [
        "maelstrom.client$recv_BANG_",
        "<init>",
        "clojure.lang.AFn$1",
      ]],
      ["#'clojure.core/inc", "clojure.core/inc"],
      ['#"\\d+ \\"a\\""', '\\d+ \\"a\\"'],
    ] as const
  ) {
    assertEquals(parseEDN(text), [value], text);
    assertEquals(parseEDN(`[${text}]`), [[value]], text);
  }
});

Deno.test("parseEDN reads numbers exactly if possible", () => {
  for (
    const [text, value] of [
      ["0", 0],
      ["-7", -7],
      ["+7", 7],
      ["123456789012345", 123456789012345],
      ["9007199254740991", 9007199254740991],
      ["9007199254740993", 9007199254740993n],
      ["-9223372036854775808", -9223372036854775808n],
      ["7N", 7],
      ["123456789012345678901234567890N", 123456789012345678901234567890n],
      ["1.5", 1.5],
      ["0.99", 0.99],
      ["-1e3", -1000],
      ["1.25E-2", 0.0125],
      ["3.", 3],
      ["2.5M", 2.5],
      ["3M", 3],
      ["1/4", 0.25],
      ["-2/1", -2],
      ["0/10", 0],
      ["3/04", 0.75],
      ["##Inf", Infinity],
      ["##-Inf", -Infinity],
      ["##NaN", NaN],
    ] as const
  ) {
    assertEquals(parseEDN(text), [value], text);
  }
});

Deno.test("parseEDN reads any number of forms, and skips blanks, comments and discarded forms", () => {
  assertEquals(parseEDN(""), []);
  assertEquals(parseEDN(" ,\n; nothing\n"), []);
  assertEquals(parseEDN("1 ; one\r\n2 #_ 3 #_#_4 5 [6 #_7] #_ {8 9}"), [1, 2, [6]]);
  assertEquals(parseEDN("{:a #_1 2 #_:b}"), [{ a: 2 }]);
  assertEquals(parseEDN('1"a":b[c]{:d"e"}'), [1, "a", "b", ["c"], { d: "e" }]);
});

Deno.test("parseEDN reads __proto__ as a key like any other", () => {
  const [value] = parseEDN('{"__proto__" {:polluted true}, :a 1}') as [Record<string, unknown>];
  assertEquals(Object.keys(value), ["__proto__", "a"]);
  assertEquals(value.polluted, undefined);
});

Deno.test("parseEDN says where a text is wrong, and what was expected", () => {
  for (
    const [text, problem] of [
      ["{:a 1}\n{:b [1 2}", "line 2, column 9: expected ] to close the form of line 2, column 5, got }"],
      ["[1\n 2", "line 2, column 3: expected ] to close the form of line 1, column 1, got the end of the text"],
      ["{:a 1", "line 1, column 6: expected } to close the form of line 1, column 1, got the end of the text"],
      ["#{1", "line 1, column 4: expected } to close the form of line 1, column 2, got the end of the text"],
      ["{:a", "line 1, column 4: expected a value, got the end of the text"],
      ["{:a}", "line 1, column 4: expected a value for the last key of the map of line 1, column 1"],
      ["1 )", "line 1, column 3: expected a value, got )"],
      ['{:a "x', 'line 1, column 7: expected " to close the string of line 1, column 5, got the end of the text'],
      ['"a\\q"', "line 1, column 3: expected an escape, got \\q"],
      ['"a\\', "line 1, column 3: expected an escape, got \\"],
      ['"\\u00g0"', "line 1, column 2: expected an escape, got \\u"],
      [": a", "line 1, column 1: expected the name of a keyword after :"],
      ["12x", "line 1, column 1: expected a number, got 12x"],
      ["[-1.2.3]", "line 1, column 2: expected a number, got -1.2.3"],
      ["1234567890123456x", "line 1, column 1: expected a number, got 1234567890123456x"],
      ["[1/0]", "line 1, column 2: expected a ratio whose denominator is not 0, got 1/0"],
      ["-0/00", "line 1, column 1: expected a ratio whose denominator is not 0, got -0/00"],
      ["1/-2", "line 1, column 1: expected a number, got 1/-2"],
      ["\\bogus", "line 1, column 1: expected a character, got \\bogus"],
      ["\\ ", "line 1, column 1: expected a character, got \\"],
      ["\\constructor", "line 1, column 1: expected a character, got \\constructor"],
      ["##Nan", "line 1, column 1: expected ##Inf, ##-Inf or ##NaN, got ##Nan"],
      ["##toString", "line 1, column 1: expected ##Inf, ##-Inf or ##NaN, got ##toString"],
      ["#", "line 1, column 1: expected a tag after #, got none"],
      ["#1", "line 1, column 1: expected a tag after #, got 1"],
      ['#"a', 'line 1, column 4: expected " to close the string of line 1, column 2, got the end of the text'],
      ["#inst", "line 1, column 6: expected a value, got the end of the text"],
      ["1 #_", "line 1, column 5: expected a value, got the end of the text"],
    ] as const
  ) {
    const error = assertThrows(() => parseEDN(text), SyntaxError) as SyntaxError;
    assertEquals(error.message, `Cannot parse EDN at ${problem}`);
  }
});

Deno.test("parseEDN refuses deep nesting instead of overflowing the stack", () => {
  assertEquals(parseEDN("[".repeat(1000) + "]".repeat(1000)).length, 1);
  for (const form of ["[", "#a ", "#_"]) {
    assertThrows(() => parseEDN(form.repeat(100_000)), SyntaxError, "expected at most 1000 nested forms");
  }
  // A sequence is not nested.
  assertEquals(parseEDN("#_1 ".repeat(2000) + "#a 2 ".repeat(2000)).length, 2000);
});

/** Reads a text in pieces; returns each form with its place, or the error. */
function readPieces(pieces: readonly string[]): unknown {
  const forms: unknown[] = [];
  const reader = createEDNReader((value, where) => forms.push([value, where()]));
  try {
    pieces.forEach((piece) => reader.push(piece));
    reader.end();
    return forms;
  } catch (error) {
    assert(error instanceof SyntaxError);
    return [forms, error.message];
  }
}

Deno.test("createEDNReader says where each form begins, also in a vector or a list around all", () => {
  assertEquals(readPieces([" 1\n[2] :a"]), [[1, "line 1, column 2"], [[2], "line 2, column 1"], [
    "a",
    "line 2, column 5",
  ]]);
  assertEquals(readPieces(["; all\n(1\n [2])"]), [[1, "line 2, column 2"], [[2], "line 3, column 2"]]);
  assertEquals(readPieces([]), []);
  assertEquals(readPieces(["[]"]), []);
  assertEquals(readPieces(["[1] ; all\n"]), [[1, "line 1, column 2"]]);
  for (const more of ["[2]", "(2)", "2", "]"]) {
    assertEquals(readPieces([`\n[1]\n ${more}`]), [
      [[1, "line 2, column 2"]],
      `Cannot parse EDN at line 3, column 2: expected nothing after the form of line 2, column 1, got ${more[0]}`,
    ]);
  }
});

Deno.test("createEDNReader reports an error when it reads that part", () => {
  const wrong = (text: string) => (readPieces([text]) as [unknown[], string])[1];
  assertEquals(readPieces(["1\n)"]), [
    [[1, "line 1, column 1"]],
    "Cannot parse EDN at line 2, column 1: expected a value, got )",
  ]);
  assertEquals(
    wrong("[1\n 2"),
    "Cannot parse EDN at line 2, column 3: expected ] to close the form of line 1, column 1, got the end of the text",
  );
  assertEquals(
    wrong("[1\n 2)"),
    "Cannot parse EDN at line 2, column 3: expected ] to close the form of line 1, column 1, got )",
  );
  assertEquals(
    wrong("1\n{:a\n {:b 2}"),
    "Cannot parse EDN at line 3, column 8: expected } to close the form of line 2, column 1, got the end of the text",
  );
});

Deno.test("createEDNReader reports an error at once, and waits for the rest of an incomplete form", () => {
  const reader = createEDNReader(() => {});
  reader.push("{:a [\n");
  assertThrows(
    () => reader.push("}\n"),
    SyntaxError,
    "line 2, column 1: expected ] to close the form of line 1, column 5, got }",
  );
  // A form over many pieces is not nested.
  const long = ["{:a [\n", ...Array.from({ length: 1200 }, () => "1\n"), "]}"];
  assertEquals(readPieces(long), [[{ a: Array(1200).fill(1) }, "line 1, column 1"]]);
});

Deno.test("createEDNReader reads a text in pieces like a whole one", () => {
  const form = fc.constantFrom(
    "1",
    ":a",
    '"b\n; c"',
    "{:d 2,\n :e [3]}",
    "#_6 7",
    "; eight\n",
    "\\newline",
    '#"9\n"',
    "#{\n1}",
    ")",
    "{",
  );
  const text = fc.array(form, { maxLength: 8 }).map((forms) => forms.join("\n"));
  fc.assert(
    fc.property(text, fc.boolean(), fc.array(fc.nat(99), { maxLength: 6 }), (forms, isVector, cuts) => {
      const text = isVector ? `[${forms}]` : forms;
      const ends = [...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const pieces = ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
      assertEquals(readPieces(pieces), readPieces([text]));
    }),
    { numRuns: 1000 },
  );
});

/** Writes a JSON value as EDN. */
function toEDN(value: unknown): string {
  if (value === null) return "nil";
  if (Array.isArray(value)) return `[${value.map(toEDN).join(" ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map((entry) => entry.map(toEDN).join(" ")).join(", ")}}`;
  }
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "0" : String(value);
}

Deno.test("parseEDN reads back what was written", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ depthSize: "medium" })), (values) => {
      const text = values.map(toEDN).join("\n");
      assertEquals(parseEDN(text).map(toEDN).join("\n"), text);
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseEDN either reads a text or says where it is wrong", () => {
  const pieces = fc.array(fc.constantFrom(...'[](){}"\\#:;_ \n1a-/.,N'.split(""), "nil", "#_", "##"), {
    maxLength: 30,
    size: "max",
  });
  fc.assert(
    fc.property(pieces, (pieces) => {
      try {
        parseEDN(pieces.join(""));
      } catch (error) {
        if (!(error instanceof SyntaxError) || !/^Cannot parse EDN at line \d+, column \d+: /.test(error.message)) {
          throw error;
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test({
  name: "parseEDN reads everything that Maelstrom wrote",
  ignore: !CAN_READ,
  fn() {
    for (const name of recordedNames()) {
      for (const file of ["history.edn", "results.edn"]) {
        const text = Deno.readTextFileSync(new URL(`../../testdata/histories/${name}/${file}`, import.meta.url));
        const forms = parseEDN(text);
        assertGreater(forms.length, 0);
        if (file === "history.edn") assertEquals(forms.length, text.trim().split("\n").length);
      }
    }
  },
});
