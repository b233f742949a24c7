/**
 * A line of parts that is never wider than the screen: parts become shorter, and then leave, by their importance.
 *
 * @module
 */

import measure from "fast-string-truncated-width";
import { escapeControls, type Paint } from "./text.ts";

/** Part of a line. */
export interface LinePart {
  /** The same in texts of different length, the shortest first; none if there is nothing to say. */
  forms: readonly LineForm[];
  /** Colours the text. It must not change its width. */
  paint?: Paint;
}

/** One of the texts of a part. */
export interface LineForm {
  text: string;
  /** Importance: forms with low numbers get their place first. A longer form has a higher number. */
  rank: number;
}

/** Space between two parts. */
const GAP = "  ";

/**
 * Joins parts to a line. In the order of their ranks, each form takes the place of a shorter one of its part, if it
 * fits. Once a part has found no place, those that are less important find none either. If not even the first one
 * fits, it is cut.
 *
 * @param width Widest line, in columns; a wide character has two.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fitLine } from "./fit_line.ts";
 *
 * const title = { forms: [{ text: "3e", rank: 2 }, { text: "3e broadcast", rank: 3 }] };
 * const time = { forms: [{ text: "12/20 s", rank: 1 }, { text: "12 / 20 s", rank: 4 }] };
 * const fit = (width: number) => fitLine([title, time], width);
 * assertEquals(fit(23), "3e broadcast  12 / 20 s");
 * assertEquals(fit(22), "3e broadcast  12/20 s");
 * assertEquals(fit(13), "3e  12 / 20 s");
 * assertEquals(fit(11), "3e  12/20 s");
 * assertEquals(fit(10), "12 / 20 s");
 * assertEquals(fit(5), "12/20");
 * ```
 */
export function fitLine(parts: readonly LinePart[], width: number): string {
  const steps = parts.flatMap((part) => part.forms.map((form) => ({ part, ...form, space: spaceOf(form.text) })))
    .sort((a, b) => a.rank - b.rank);
  const [first] = steps;
  if (first === undefined) return "";
  const chosen = new Map<LinePart, typeof first>();
  let room = width + GAP.length;
  let isFull = false;
  for (const step of steps) {
    const shorter = chosen.get(step.part);
    const more = step.space - (shorter?.space ?? 0);
    if (shorter === undefined && (isFull ||= more > room)) continue;
    if (more > room) continue;
    chosen.set(step.part, step);
    room -= more;
  }
  if (chosen.size === 0) return cutToWidth(escapeControls(first.text), width);
  const painted = parts.map((part) => {
    const text = escapeControls(chosen.get(part)?.text ?? "");
    return text === "" || part.paint === undefined ? text : part.paint(text);
  });
  return painted.filter((text) => text !== "").join(GAP).trimEnd();
}

/** Columns of a text and of the gap beside it; none of an empty text. */
function spaceOf(text: string): number {
  return text === "" ? 0 : measure(escapeControls(text)).width + GAP.length;
}

/**
 * Cuts a text to a number of columns; a wide character has two.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cutToWidth } from "./fit_line.ts";
 *
 * assertEquals(["abcdef", "砂の惑星", "é"].map((text) => cutToWidth(text, 5)), ["abcde", "砂の", "é"]);
 * ```
 */
export function cutToWidth(text: string, width: number): string {
  return text.slice(0, measure(text, { limit: width }).index);
}
