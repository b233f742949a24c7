/**
 * Decodes UTF-8 that comes in chunks, and finds the first line that is not UTF-8.
 *
 * 1. As long as all is well, a strict decoder does the work: it is as fast as one that replaces invalid bytes.
 * 2. When it throws, the lines of the chunk are decoded one by one to find the bad one.
 * 3. From then on, U+FFFD stands for invalid bytes.
 *
 * @module
 */

import { joinBytes } from "../../bytes.ts";

/** Decoder of lines. */
export interface LineDecoder {
  /** Decodes a chunk, which may end within a character, unless it is the last one. */
  decode(bytes: Uint8Array, isLast?: boolean): string;
  /**
   * Number of lines of the text before the first bad one that are not taken yet; `Infinity` as long as there is none,
   * negative after it.
   */
  readonly goodLines: number;
  /** Takes the next line of the text. Returns false from the first one on that is not UTF-8. */
  takeLine(): boolean;
}

const LINE_FEED = 10;

/** Most bytes of a character that is not whole. */
const MAX_INCOMPLETE = 3;

/**
 * Creates a decoder.
 *
 * @param ignoreBOM True to take a byte order mark at the beginning for a part of the first line. `@default false`
 */
export function createLineDecoder({ ignoreBOM = false }: { ignoreBOM?: boolean } = {}): LineDecoder {
  let decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM });
  /** Copy of the last bytes, not the large chunk: a strict decoder that throws loses what it has of them. */
  let before: Uint8Array = new Uint8Array(0);
  /** Number of lines before the first bad one that are not taken yet; negative after that. */
  let goodLines = Infinity;
  return {
    get goodLines() {
      return goodLines;
    },
    decode(bytes, isLast = false) {
      try {
        const text = decoder.decode(bytes, { stream: !isLast });
        before = bytes.length >= MAX_INCOMPLETE
          ? bytes.slice(-MAX_INCOMPLETE)
          : joinBytes(before.subarray(-MAX_INCOMPLETE), bytes);
        return text;
      } catch {
        const rest = joinBytes(incompleteEnd(before), bytes);
        goodLines = countGoodLines(rest);
        decoder = new TextDecoder("utf-8", { ignoreBOM: true });
        return decoder.decode(rest, { stream: !isLast });
      }
    },
    takeLine: () => goodLines-- > 0,
  };
}

/** Returns the bytes at the end that are the beginning of a character. */
function incompleteEnd(bytes: Uint8Array): Uint8Array {
  const start = bytes.findLastIndex((byte) => byte < 0x80 || byte >= 0xc0);
  const first = bytes[start] ?? 0;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.subarray(size > bytes.length - start ? start : bytes.length);
}

/** Returns the number of lines before the first one that is not UTF-8. */
function countGoodLines(bytes: Uint8Array): number {
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (let count = 0, start = 0;; count++) {
    const end = bytes.indexOf(LINE_FEED, start);
    try {
      strict.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
    } catch {
      return count;
    }
    if (end < 0) return count;
    start = end + 1;
  }
}
