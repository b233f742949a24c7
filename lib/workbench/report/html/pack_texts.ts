/**
 * Packs texts that differ mostly in their numbers, such as the bodies of messages:
 *
 * 1. The numbers of a text are taken out. What is left is its template, of which a run has few.
 * 2. A number is written as its difference from the one at the same place of the text before it that has the same
 *    template and the same context, such as the same source and destination. Ids that are counted up become ones.
 *
 * `page/unpack.js` does the reverse.
 *
 * @module
 */

import { createByteWriter, unsigned } from "./byte_writer.ts";

/** Texts, packed. */
export interface PackedTexts {
  /** Distinct texts without their numbers. {@linkcode HOLE} is in the place of each. */
  templates: string[];
  /** Position of each text's template. */
  positions: Uint8Array<ArrayBuffer>;
  /** Differences of numbers. */
  numbers: Uint8Array<ArrayBuffer>;
}

/** Mark in the place of a number. JSON has no control characters in its texts. */
export const HOLE = "\u0001";

/** Most digits of a number that is taken out. The difference of two such numbers is exact. */
const MOST_DIGITS = 15;

const [ZERO, NINE] = [48, 57];

/**
 * Packs texts.
 *
 * @param textOf Returns the text of a row.
 * @param contextOf Returns the context of a row, a whole number.
 */
export function packTexts(
  count: number,
  textOf: (row: number) => string,
  contextOf: (row: number) => number,
): PackedTexts {
  const templates = new Map<string, Map<number, number[]>>();
  const places = new Map<string, number>();
  const [positions, numbers] = [createByteWriter(), createByteWriter()];
  for (let row = 0; row < count; row++) {
    const { template, found } = split(textOf(row));
    let contexts = templates.get(template);
    if (contexts === undefined) {
      contexts = new Map();
      templates.set(template, contexts);
      places.set(template, places.size);
    }
    positions.write(places.get(template)!);
    if (found.length === 0) continue;
    const context = contextOf(row);
    const before = contexts.get(context);
    for (let at = 0; at < found.length; at++) numbers.write(unsigned(found[at]! - (before?.[at] ?? 0)));
    contexts.set(context, found);
  }
  return { templates: [...templates.keys()], positions: positions.bytes(), numbers: numbers.bytes() };
}

/** Takes the numbers out of a text. One with a zero before it, or with too many digits, stays. */
function split(text: string): { template: string; found: number[] } {
  const found: number[] = [];
  let template = "";
  let kept = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(text, at)) continue;
    const first = at;
    let number = 0;
    for (; at < text.length && isDigit(text, at); at++) number = number * 10 + text.charCodeAt(at) - ZERO;
    const digits = at - first;
    if (digits > MOST_DIGITS || digits > 1 && text.charCodeAt(first) === ZERO) continue;
    found.push(number);
    template += text.slice(kept, first) + HOLE;
    kept = at;
  }
  return { template: template + text.slice(kept), found };
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}
