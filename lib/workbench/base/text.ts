/**
 * Text for a terminal: colours, columns, wrapping.
 *
 * @module
 */

import { formatExactJSON } from "./json.ts";

/** Colours a text; without colours, returns it unchanged. */
export type Paint = (text: string) => string;

/** Colours of a terminal. Outcomes of operations are blue, orange and pink, which colour-blind people can tell. */
export interface Style {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
  blue: Paint;
  orange: Paint;
  pink: Paint;
}

/** ANSI codes: on and off. Blue, orange and pink are of the 256 colours: readable on light and on dark. */
const CODES: Record<keyof Style, [on: string | number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: ["38;5;33", 39],
  orange: ["38;5;172", 39],
  pink: ["38;5;168", 39],
};

/**
 * Creates the colours.
 *
 * @param colour False for functions that return texts unchanged.
 */
export function createStyle(colour: boolean): Style {
  const paint = ([on, off]: [on: string | number, off: number]): Paint =>
    colour ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return Object.fromEntries(Object.entries(CODES).map(([name, codes]) => [name, paint(codes)])) as Record<
    keyof Style,
    Paint
  >;
}

/**
 * Escapes control characters, which a terminal would obey: a text from outside cannot colour the screen, move the
 * cursor or change the direction of text. Line feeds and tabs stay.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { escapeControls } from "./text.ts";
 *
 * assertEquals(escapeControls("\x1b[2J\r\n\tgone\u202e"), "\\x1b[2J\\x0d\n\tgone\\u202e");
 * ```
 */
export function escapeControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    if (character === "\n" || character === "\t") return character;
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/**
 * Aligns rows in columns, two spaces apart: the first column to the left, the others to the right. Empty columns are
 * left out.
 *
 * @param texts Rows of cells, without colours. Control characters are escaped.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { columns } from "./text.ts";
 *
 * assertEquals(columns([["", "ok"], ["read", "12"], ["send", "7"]]), ["      ok", "read  12", "send   7"]);
 * ```
 */
export function columns(texts: readonly (readonly string[])[]): string[] {
  const rows = texts.map((row) => row.map(escapeControls));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row.map((cell, index) => index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))
      .filter((_, index) => widths[index]! > 0).join("  ").trimEnd()
  );
}

/**
 * Aligns rows in columns. If those are wider than `width`, writes each row as a paragraph: its first cell, and below it
 * the others, each after the head of its column.
 *
 * @param head Heads of the columns, if they have any.
 * @returns The head and the rows. Above paragraphs there is only the head of the first column, if it has one. A
 *   paragraph is one text with line feeds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { table } from "./text.ts";
 *
 * const rows = [["read", "1234", "0"], ["send", "7", ""]];
 * const head = ["", "count", "failed"];
 * assertEquals(table(head, rows, 19), ["      count  failed", "read   1234       0", "send      7"]);
 * assertEquals(table(head, rows, 18), ["read\n  count 1234,\n  failed 0", "send\n  count 7"]);
 * ```
 */
export function table(
  head: readonly string[] | undefined,
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const lines = columns(head === undefined ? rows : [head, ...rows]);
  if (lines.every((line) => line.length <= width)) return lines;
  const title = head?.[0] === "" ? [] : head?.slice(0, 1) ?? [];
  return [...title, ...rows.map((row) => paragraph(head, row, width))];
}

function paragraph(head: readonly string[] | undefined, [name, ...cells]: readonly string[], width: number): string {
  const indent = " ".repeat(/^ */.exec(name!)![0].length + 2);
  const pairs = cells.map((cell, index) => cell === "" ? "" : `${head?.[index + 1] ?? ""} ${cell}`.trim());
  // A non-breaking space keeps a head and its cell on one line.
  const text = pairs.filter((pair) => pair !== "").join(", ").replaceAll(/(?<!,) /g, "\u00a0");
  const lines = text === "" ? [] : wrap(text, width, indent).map((line) => line.replaceAll("\u00a0", " "));
  return [escapeControls(name!), ...lines].join("\n");
}

/**
 * Wraps a text between words, and long words after commas. Its own line breaks and indentation are kept; a tab becomes
 * four spaces, and other control characters are escaped.
 *
 * @param width Widest line in characters, with the indentation.
 * @param indent Beginning of each line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wrap } from "./text.ts";
 *
 * assertEquals(wrap("one two three", 9, "  "), ["  one two", "  three"]);
 * assertEquals(wrap("see [[1,2],[3,4]]", 12, "  "), ["  see", "  [[1,2],[3,", "  4]]"]);
 * ```
 */
export function wrap(text: string, width: number, indent: string = ""): string[] {
  return escapeControls(text).replaceAll("\t", "    ").split("\n").flatMap((line) => {
    const ownIndent = indent + /^ */.exec(line)![0];
    const room = width > ownIndent.length ? width - ownIndent.length : LEAST_ROOM;
    const lines: string[] = [];
    let current = "";
    for (const part of line.trim().split(" ").flatMap((word) => breakWord(word, room))) {
      const longer = current === "" ? part : `${current} ${part}`;
      if (current !== "" && longer.length > room) {
        lines.push(current);
        current = part;
      } else current = longer;
    }
    return [...lines, current].map((part) => (ownIndent + part).trimEnd());
  });
}

/** Room for text, in characters, if the indentation alone is wider than a line. */
const LEAST_ROOM = 10;

/** Splits a word that is too long for a line, after commas if possible. */
function breakWord(word: string, room: number): string[] {
  const parts: string[] = [];
  let rest = word;
  while (rest.length > room) {
    const end = rest.lastIndexOf(",", room - 1) + 1 || room;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...parts, rest];
}

/** Indents each line of a text by two spaces. */
export function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

/** Description of the names for which {@linkcode isPlainName} is true, for error messages. */
export const PLAIN_NAME = "a plain name: letters, digits, and . _ - : @ after the first, at most 200 characters";

/**
 * Returns true for a name that is safe as the name of a file and as a word of a command line: it stays in its folder,
 * is not hidden, is no flag and is not too long for a file.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isPlainName } from "./text.ts";
 *
 * assert(["n1", "a.b", "node-3", "10.0.0.1", "db:8080"].every(isPlainName));
 * assert(!["", "../x", "/tmp/x", "..", ".x", "-x", "a b", "a\n"].some(isPlainName));
 * ```
 */
export function isPlainName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._:@-]{0,199}$/i.test(name);
}

/** Writes a value as JSON, cut to `length` characters. */
export function show(value: unknown, length: number = 160): string {
  const text = formatExactJSON(value) ?? "nothing";
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/**
 * Returns a string as it is, and any other value as JSON. An object from JSON cannot always be converted to a string:
 * it may have a field `toString`.
 */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : show(value, Infinity);
}

/** Longest line that {@linkcode clip} keeps whole, in characters. */
export const MAX_LINE = 500;

/** Cuts a line at `length` characters, and appends its length. */
export function clip(line: string, length: number = MAX_LINE): string {
  return line.length <= length ? line : `${line.slice(0, length)}… (${line.length} characters)`;
}

/**
 * Says how often something happened: `once`, `twice`, `3 times`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { times } from "./text.ts";
 *
 * assertEquals([1, 2, 3].map(times), ["once", "twice", "3 times"]);
 * ```
 */
export function times(count: number): string {
  if (count === 1) return "once";
  return count === 2 ? "twice" : `${count} times`;
}

/**
 * Counts things in words: `1 worker`, `2 workers`.
 *
 * @param one The noun in the singular.
 * @param many The noun in the plural. `@default` the singular followed by s
 */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * Lists names, at least one: `n0, n1 and n2`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { enumerated } from "./text.ts";
 *
 * assertEquals(enumerated(["n0"]), "n0");
 * assertEquals(enumerated(["n0", "n1", "n2"]), "n0, n1 and n2");
 * ```
 */
export function enumerated(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
