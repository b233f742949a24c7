import { assert, assertEquals } from "@std/assert";
import measure from "fast-string-truncated-width";
import fc from "fast-check";
import { cutToWidth, fitLine, type LinePart } from "../../../lib/workbench/base/fit_line.ts";

/** Words, some of wide characters, of combining ones, or empty. */
const word = fc.constantFrom(
  "",
  "3e",
  "partition",
  "砂の惑星",
  "e\u0301te\u0301",
  "12 / 20 s",
  "👩‍🚀 ok",
  "long ".repeat(9),
);
/** Parts with one to three forms, and ranks in the order of the forms. */
const someParts = fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 6 }).map((lists) =>
  lists.map((texts, part): LinePart => ({
    forms: texts.toSorted((a, b) => measure(a).width - measure(b).width)
      .map((text, index) => ({ text, rank: index * lists.length + part })),
  }))
);

Deno.test("a fitted line is never wider than asked for", () => {
  fc.assert(fc.property(someParts, fc.integer({ min: 0, max: 140 }), (parts, width) => {
    const line = fitLine(parts, width);
    assert(measure(line).width <= width, `${JSON.stringify(line)} is wider than ${width}`);
  }));
});

Deno.test("in a fitted line, a part is missing only if all that are less important are", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 8 }), (width, count) => {
    const parts = Array.from({ length: count }, (_, rank): LinePart => ({ forms: [{ text: `part${rank}`, rank }] }));
    const shown = fitLine(parts, width).split("  ").filter((text) => /^part\d$/.test(text));
    assertEquals(shown, shown.map((_, rank) => `part${rank}`));
  }));
});

Deno.test("a fitted line is as long as it can be: with room for all, all parts have their longest form", () => {
  const parts = [
    { forms: [{ text: "a", rank: 4 }, { text: "aaa", rank: 5 }] },
    { forms: [] },
    { forms: [{ text: "", rank: 1 }] },
    { forms: [{ text: "b", rank: 2 }, { text: "bb", rank: 3 }] },
  ];
  assertEquals(fitLine(parts, 7), "aaa  bb");
  assertEquals(fitLine(parts, 6), "a  bb");
  assertEquals(fitLine(parts, 3), "bb");
  assertEquals(fitLine([], 80), "");
});

Deno.test("a fitted line makes control characters visible, and paints only what is shown", () => {
  const bold = (text: string) => `<${text}>`;
  const parts = [{ forms: [{ text: "a\x1b[2J", rank: 1 }], paint: bold }, {
    forms: [{ text: "", rank: 2 }],
    paint: bold,
  }];
  assertEquals(fitLine(parts, 80), "<a\\x1b[2J>");
  assertEquals(fitLine(parts, 4), "a\\x1");
});

Deno.test("cutToWidth() cuts between characters", () => {
  assertEquals(cutToWidth("砂の惑星", 3), "砂");
  assertEquals(cutToWidth("abc", 0), "");
  assertEquals(cutToWidth("abc", 3), "abc");
});
