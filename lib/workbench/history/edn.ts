/**
 * Reads EDN, the notation in which Jepsen and Maelstrom write `history.edn` and `results.edn`.
 *
 * Source: <https://github.com/edn-format/edn>.
 *
 * @module
 */

import {
  type Cursor,
  cursorOver,
  EDNError,
  failure,
  lineAndColumn,
  place,
  readAtom,
  readCharacter,
  readKeyword,
  readPattern,
  readString,
  readToken,
} from "./edn_tokens.ts";
import { MAX_DEPTH, TOO_DEEP } from "./nesting.ts";

const SYMBOLIC_VALUES: Record<string, number> = { Inf: Infinity, "-Inf": -Infinity, NaN: NaN };

/**
 * Reads all forms of a text, as plain values:
 *
 * - `nil` is null; keywords and symbols are strings, a keyword's without its colon; characters are strings of length 1.
 * - Vectors, lists and sets are arrays.
 * - Maps whose keys are all strings, keywords or symbols are objects; others (integer keys, say) are instances of `Map`.
 * - Numbers are numbers, ratios their quotient; integers that a number cannot hold exactly are bigints.
 * - Of a tagged value, such as `#jepsen.history.Op{…}` or `#inst "…"`, the tag is left out. What Clojure prints besides EDN, patterns
 *   (`#"…"`) and variables (`#'…`), are strings.
 *
 * @param text Any number of forms.
 * @returns The forms, in order.
 * @throws {SyntaxError} The text is not EDN; says at which line and column, and what was expected.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseEDN } from "./edn.ts";
 *
 * assertEquals(parseEDN('{:type :ok, :value [[:append 8 1]]} #{"n0"} {8 [1 2]}'), [
 *   { type: "ok", value: [["append", 8, 1]] },
 *   ["n0"],
 *   new Map([[8, [1, 2]]]),
 * ]);
 * ```
 */
export function parseEDN(text: string): unknown[] {
  const cursor = cursorOver(text, false);
  const values: unknown[] = [];
  for (;;) {
    skipBlank(cursor);
    if (cursor.at === text.length) return values;
    values.push(readValue(cursor));
  }
}

/** Reads a text that comes in pieces. */
export interface EDNReader {
  /** Takes the next piece; it may end anywhere. */
  push(piece: string): void;
  /** Takes what is left, after the last piece. */
  end(): void;
}

/**
 * Reads the forms of a long text one by one, as {@linkcode parseEDN} does, piece by piece. Where all stand in a vector or a list, they
 * are read all the same: `[1 2]` is two forms. To Clojure, 1.0 is not equal to 1: here it is what `parseJSON` makes of it.
 *
 * @param take Is given each form, and how to say where it begins: `line 3, column 14`.
 * @throws {SyntaxError} From `push` and `end`: the text is not EDN; says at which line and column, and what was expected.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createEDNReader } from "./edn.ts";
 *
 * const forms: unknown[] = [];
 * const reader = createEDNReader((value, where) => forms.push([value, where()]));
 * reader.push("[:a\n {:b 1");
 * reader.push("2}]");
 * reader.end();
 * assertEquals(forms, [["a", "line 1, column 2"], [{ b: 12 }, "line 2, column 2"]]);
 * ```
 */
export function createEDNReader(take: (value: unknown, where: () => string) => void): EDNReader {
  const cursor = cursorOver("", true);
  /** The bracket around all forms, if there is one, and whether it was closed. */
  let around: { close: string; where: string; isClosed: boolean } | undefined;
  let isFirst = true;
  let waiting = "";

  /** Reads the next form, or a bracket around all; undefined at the end. */
  function next(): { value: unknown; at: number } | "bracket" | undefined {
    skipBlank(cursor);
    const { at } = cursor;
    const character = cursor.text[at];
    if (character === undefined) return undefined;
    if (around?.isClosed) {
      throw failure(cursor, at, `expected nothing after the form of ${around.where}, got ${character}`);
    }
    if (isFirst && (character === "[" || character === "(")) {
      around = { close: character === "[" ? "]" : ")", where: place(cursor, at), isClosed: false };
    } else if (around !== undefined && ")]}".includes(character)) {
      if (character !== around.close) {
        throw failure(cursor, at, `expected ${around.close} to close the form of ${around.where}, got ${character}`);
      }
      around.isClosed = true;
    } else {
      isFirst = false;
      return { value: readValue(cursor), at };
    }
    isFirst = false;
    cursor.at++;
    return "bracket";
  }

  function read(isLast: boolean): void {
    for (;;) {
      const { at } = cursor;
      let form;
      try {
        form = next();
      } catch (error) {
        if (isLast || !(error instanceof EDNError && error.isEnd)) throw error;
        Object.assign(cursor, { at, depth: 0 });
        return;
      }
      if (form === undefined) return;
      if (form !== "bracket") {
        const { value, at } = form;
        take(value, () => place(cursor, at));
      }
    }
  }

  return {
    push(piece) {
      // No token goes over the end of a line, but for a string, of which one can tell that it has not ended.
      const end = piece.lastIndexOf("\n") + 1;
      if (end === 0) {
        waiting += piece;
        return;
      }
      const rest = cursor.text.slice(cursor.at);
      const { line, column } = lineAndColumn(cursor, cursor.at);
      Object.assign(cursor, { text: rest + waiting + piece.slice(0, end), at: 0, line, column });
      waiting = piece.slice(end);
      read(false);
    },
    end() {
      cursor.text += waiting;
      waiting = "";
      read(true);
      if (around !== undefined && !around.isClosed) {
        const problem = `expected ${around.close} to close the form of ${around.where}, got the end of the text`;
        throw failure(cursor, cursor.text.length, problem);
      }
    },
  };
}

/** Skips blanks, comments and discarded forms. */
function skipBlank(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code === 32 || code === 44 || (code >= 9 && code <= 13)) cursor.at++;
    else if (code === 59 /* ; */) cursor.at = (text.indexOf("\n", cursor.at) + 1) || text.length;
    else if (code === 35 /* # */ && text[cursor.at + 1] === "_") {
      open(cursor, cursor.at);
      cursor.at += 2;
      readValue(cursor);
      cursor.depth--;
    } else return;
  }
}

function readValue(cursor: Cursor): unknown {
  skipBlank(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  switch (code) {
    case 34: // "
      return readString(cursor);
    case 58: // :
      return readKeyword(cursor);
    case 40: // (
      return readSequence(cursor, ")");
    case 91: // [
      return readSequence(cursor, "]");
    case 123: // {
      return readMap(cursor);
    case 35: // #
      return readDispatch(cursor);
    case 92: // \
      return readCharacter(cursor);
    case 41: // )
    case 93: // ]
    case 125: // }
      throw failure(cursor, cursor.at, `expected a value, got ${cursor.text[cursor.at]}`);
  }
  if (Number.isNaN(code)) throw failure(cursor, cursor.at, "expected a value, got the end of the text");
  return readAtom(cursor);
}

/** Reads what begins with #: a set, a symbolic value or a tagged value. */
function readDispatch(cursor: Cursor): unknown {
  const start = cursor.at++;
  if (cursor.text[cursor.at] === "{") return readSequence(cursor, "}");
  if (cursor.text[cursor.at] === '"') return readPattern(cursor);
  const tag = readToken(cursor);
  if (tag.startsWith("#")) {
    const value = SYMBOLIC_VALUES[tag.slice(1)];
    if (value === undefined) throw failure(cursor, start, `expected ##Inf, ##-Inf or ##NaN, got #${tag}`);
    return value;
  }
  // The name of a variable, as Clojure prints it.
  if (/^'./.test(tag)) return tag.slice(1);
  if (!/^[\p{L}:]/u.test(tag)) throw failure(cursor, start, `expected a tag after #, got ${tag || "none"}`);
  open(cursor, start);
  const value = readValue(cursor);
  cursor.depth--;
  return value;
}

/** Reads the values up to the closing bracket, from the opening one on. */
function readSequence(cursor: Cursor, close: string): unknown[] {
  const start = cursor.at++;
  const values: unknown[] = [];
  open(cursor, start);
  while (!closes(cursor, start, close)) values.push(readValue(cursor));
  return values;
}

function readMap(cursor: Cursor): unknown {
  const start = cursor.at++;
  const object: Record<string, unknown> = {};
  let map: Map<unknown, unknown> | undefined;
  open(cursor, start);
  while (!closes(cursor, start, "}")) {
    const key = readValue(cursor);
    skipBlank(cursor);
    if (cursor.text[cursor.at] === "}") {
      throw failure(
        cursor,
        cursor.at,
        `expected a value for the last key of the map of ${place(cursor, start)}`,
      );
    }
    const value = readValue(cursor);
    if (typeof key !== "string") map ??= new Map(Object.entries(object));
    if (map !== undefined) map.set(key, value);
    else object[key as string] = value;
  }
  return map ?? object;
}

function open(cursor: Cursor, start: number): void {
  if (++cursor.depth > MAX_DEPTH) throw failure(cursor, start, TOO_DEEP);
}

/** Whether the form that was opened at `start` ends here; then moves past its closing bracket. */
function closes(cursor: Cursor, start: number, close: string): boolean {
  skipBlank(cursor);
  const { text, at } = cursor;
  const next = text[at] ?? "the end of the text";
  if (next !== close) {
    if (at < text.length && !")]}".includes(next)) return false;
    throw failure(cursor, at, `expected ${close} to close the form of ${place(cursor, start)}, got ${next}`);
  }
  cursor.at++;
  cursor.depth--;
  return true;
}
