/**
 * Markdown in the format of `deno fmt`, so that generated pages need no formatting.
 *
 * @module
 */

/** Width of prose, characters. */
const WIDTH = 120;

/** Column of a table: its heading and its alignment. */
export type Column = readonly [heading: string, side?: "left" | "right"];

/** Formats a table with aligned columns. */
export function formatMarkdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(([heading], i) =>
    Math.max(2, ...[heading, ...rows.map((row) => row[i]!)].map(length), columns[i]![1] === "right" ? 4 : 0)
  );
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const pad = (text: string, i: number) => {
    const blank = " ".repeat(widths[i]! - length(text));
    return columns[i]![1] === "right" ? blank + text : text + blank;
  };
  const rule = columns.map(([, side], i) =>
    side === "right" ? `${"-".repeat(widths[i]! - 1)}:` : "-".repeat(widths[i]!)
  );
  return [columns.map(([heading]) => heading), rule, ...rows]
    .map((cells) => line(cells.map(pad))).join("\n");
}

/** Counts characters, not code units. */
function length(text: string): number {
  return [...text].length;
}

/** Formats a paragraph with filled lines. */
export function formatParagraph(text: string): string {
  const lines: string[] = [];
  // Code is not broken across lines.
  for (const word of text.match(/(`[^`]*`|\S)+/g) ?? []) {
    const line = lines.at(-1);
    if (line !== undefined && length(line) + 1 + length(word) <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

/**
 * Replaces the text between two marks, the comments `<!-- NAME -->` and `<!-- /NAME -->`.
 *
 * @throws {Error} A mark is missing.
 */
export function replaceBetweenMarks(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`Cannot replace ${name}: expected ${begin} and, after it, ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
