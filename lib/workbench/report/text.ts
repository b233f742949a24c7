/**
 * Text for a terminal: colours, columns, wrapping.
 *
 * @module
 */

/** Colours a text; gives it back as it is where there are no colours. */
export type Paint = (text: string) => string;

/** The colours in use. */
export interface Style {
  bold: Paint;
  dim: Paint;
  red: Paint;
  green: Paint;
  yellow: Paint;
}

/** The codes of ANSI terminals: on and off. */
const CODES: Record<keyof Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/**
 * The colours of a terminal, or none.
 *
 * @param colour Whether there are any.
 */
export function createStyle(colour: boolean): Style {
  const paint = ([on, off]: [number, number]): Paint =>
    colour ? (text) => `\x1b[${on}m${text}\x1b[${off}m` : (text) => text;
  return Object.fromEntries(Object.entries(CODES).map(([name, codes]) => [name, paint(codes)])) as Record<
    keyof Style,
    Paint
  >;
}

/**
 * Sets rows in columns, two blanks apart: the first column to the left, the others to the right; columns that are empty are left out.
 *
 * @param rows Texts without colours.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { columns } from "./text.ts";
 *
 * assertEquals(columns([["", "ok"], ["read", "12"], ["send", "7"]]), ["      ok", "read  12", "send   7"]);
 * ```
 */
export function columns(rows: readonly (readonly string[])[]): string[] {
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
 * Breaks a text between words, and words between commas, so that no line is wider than `width`. Lines that it has already stay apart, and
 * keep their own indentation.
 *
 * @param width In characters, the indentation included.
 * @param indent What each line begins with.
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
  return text.split("\n").flatMap((line) => {
    const ownIndent = indent + /^ */.exec(line)![0];
    const room = width - ownIndent.length;
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

/** The parts of a word that is too long for a line; after a comma if may be. */
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
