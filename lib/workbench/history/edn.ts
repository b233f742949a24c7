/**
 * Reads EDN, the notation in which Jepsen and Maelstrom write `history.edn` and `results.edn`.
 *
 * {@linkcode parseEDN} reads a text at once, {@linkcode createEDNReader} one that comes in pieces. Both read forms by
 * recursive descent over a {@linkcode Cursor}; `edn_tokens.ts` reads names, numbers, strings and characters.
 *
 * Source: <https://github.com/edn-format/edn>.
 *
 * @module
 */

import {
  createCursor,
  type Cursor,
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
import { MAX_NESTING, TOO_DEEP } from "./nesting.ts";

const SYMBOLIC_VALUES: ReadonlyMap<string, number> = new Map([["Inf", Infinity], ["-Inf", -Infinity], ["NaN", NaN]]);

/**
 * Parses all forms of a text as plain values:
 *
 * - `nil` is null. Keywords and symbols are strings, without the colon. Characters are strings of length 1.
 * - Vectors, lists and sets are arrays.
 * - A map whose keys are strings, keywords or symbols is an object; a map with other keys, such as integers, is a
 *   `Map`.
 * - Numbers are numbers, ratios their quotient. Integers that a number cannot hold exactly are bigints.
 * - The tag of a tagged value, such as `#jepsen.history.Op{…}` or `#inst "…"`, is dropped. Patterns (`#"…"`) and
 *   variables (`#'…`), which Clojure prints though they are not EDN, are strings.
 *
 * @returns The forms, in order.
 * @throws {SyntaxError} The text is not EDN. The message says where, and what was expected.
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
  const cursor = createCursor(text, false);
  const values: unknown[] = [];
  for (;;) {
    skipIgnored(cursor);
    if (cursor.at === text.length) return values;
    values.push(readValue(cursor));
  }
}

/** Reader of a text that comes in pieces. */
export interface FormReader {
  /** Reads the next piece, which may end anywhere. */
  push(piece: string): void;
  /** Reads the rest after the last piece. */
  end(): void;
}

/** Callback for each form; `where` returns the place of its beginning: `line 3, column 14`. */
export type TakeForm = (value: unknown, where: () => string) => void;

/** State of a reader. */
interface State {
  readonly take: TakeForm;
  /** Text of whole lines that are not read yet. A form at its end may be incomplete. */
  readonly cursor: Cursor;
  /** Last line, incomplete. */
  rest: string;
  /** Bracket around all forms, if there is one. */
  around: { close: string; where: string; isClosed: boolean } | undefined;
  /** True until a form or the bracket around all has begun. */
  isFirst: boolean;
}

/**
 * Creates a reader of forms, as {@linkcode parseEDN} reads them, with two differences:
 *
 * - If one vector or list contains all forms, these are read, not the list: `[1 2]` is two forms.
 * - 1.0 does not equal 1, as in Clojure: it is read as by `parseExactJSON`.
 *
 * `push` and `end` throw a {@linkcode SyntaxError} if the text is not EDN, which says where and what was expected.
 *
 * @param take Called with each form.
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
export function createEDNReader(take: TakeForm): FormReader {
  const state: State = { take, cursor: createCursor("", true), rest: "", around: undefined, isFirst: true };
  return {
    push: (piece) => push(state, piece),
    end: () => end(state),
  };
}

function push(state: State, piece: string): void {
  // A piece may end within a token, so only whole lines are read. No token continues on the next line, except strings,
  // whose missing end is detected.
  const end = piece.lastIndexOf("\n") + 1;
  if (end === 0) {
    state.rest += piece;
    return;
  }
  const { cursor } = state;
  const { line, column } = lineAndColumn(cursor, cursor.at);
  cursor.text = cursor.text.slice(cursor.at) + state.rest + piece.slice(0, end);
  cursor.at = 0;
  cursor.line = line;
  cursor.column = column;
  state.rest = piece.slice(end);
  readForms(state, false);
}

function end(state: State): void {
  const { cursor } = state;
  cursor.text += state.rest;
  state.rest = "";
  readForms(state, true);
  if (state.around !== undefined && !state.around.isClosed) {
    const problem =
      `expected ${state.around.close} to close the form of ${state.around.where}, got the end of the text`;
    throw failure(cursor, cursor.text.length, problem);
  }
}

/** Reads all complete forms; in the last text, all forms must be complete. */
function readForms(state: State, isLast: boolean): void {
  const { cursor, take } = state;
  for (;;) {
    const start = cursor.at;
    let form;
    try {
      form = readForm(state);
    } catch (error) {
      if (isLast || !(error instanceof EDNError && error.isEnd)) throw error;
      // Incomplete: it is read again when there is more text.
      cursor.at = start;
      cursor.depth = 0;
      return;
    }
    if (form === undefined) return;
    if (form === "bracket") continue;
    const { value, at } = form;
    take(value, () => place(cursor, at));
  }
}

/** Reads the next form, or a bracket around all; undefined at the end of the text. */
function readForm(state: State): { value: unknown; at: number } | "bracket" | undefined {
  const { cursor, around, isFirst } = state;
  skipIgnored(cursor);
  const { at } = cursor;
  const character = cursor.text[at];
  if (character === undefined) return undefined;
  if (around?.isClosed) {
    throw failure(cursor, at, `expected nothing after the form of ${around.where}, got ${character}`);
  }
  state.isFirst = false;
  if (isFirst && (character === "[" || character === "(")) {
    state.around = { close: character === "[" ? "]" : ")", where: place(cursor, at), isClosed: false };
  } else if (around !== undefined && ")]}".includes(character)) {
    if (character !== around.close) {
      throw failure(cursor, at, `expected ${around.close} to close the form of ${around.where}, got ${character}`);
    }
    around.isClosed = true;
  } else return { value: readValue(cursor), at };
  cursor.at++;
  return "bracket";
}

/** Skips whitespace, commas, comments and discarded forms (`#_`). */
function skipIgnored(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code === 32 || code === 44 /* , */ || (code >= 9 && code <= 13 /* \t to \r */)) cursor.at++;
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
  skipIgnored(cursor);
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

/** Reads a form that begins with #: a set, a pattern, a symbolic value, a variable or a tagged value. */
function readDispatch(cursor: Cursor): unknown {
  const start = cursor.at++;
  if (cursor.text[cursor.at] === "{") return readSequence(cursor, "}");
  if (cursor.text[cursor.at] === '"') return readPattern(cursor);
  const tag = readToken(cursor);
  if (tag.startsWith("#")) {
    const value = SYMBOLIC_VALUES.get(tag.slice(1));
    if (value === undefined) throw failure(cursor, start, `expected ##Inf, ##-Inf or ##NaN, got #${tag}`);
    return value;
  }
  // A variable.
  if (/^'./.test(tag)) return tag.slice(1);
  if (!/^[\p{L}:]/u.test(tag)) throw failure(cursor, start, `expected a tag after #, got ${tag || "none"}`);
  open(cursor, start);
  const value = readValue(cursor);
  cursor.depth--;
  return value;
}

/** Reads values from an opening bracket to the closing one. */
function readSequence(cursor: Cursor, close: string): unknown[] {
  const start = cursor.at++;
  const values: unknown[] = [];
  open(cursor, start);
  while (!takeClose(cursor, start, close)) values.push(readValue(cursor));
  return values;
}

function readMap(cursor: Cursor): unknown {
  const start = cursor.at++;
  const object: Record<string, unknown> = {};
  let map: Map<unknown, unknown> | undefined;
  open(cursor, start);
  while (!takeClose(cursor, start, "}")) {
    const key = readValue(cursor);
    skipIgnored(cursor);
    if (cursor.text[cursor.at] === "}") {
      throw failure(cursor, cursor.at, `expected a value for the last key of the map of ${place(cursor, start)}`);
    }
    const value = readValue(cursor);
    // `__proto__` is a key like any other: Deno disables the property of Object.prototype.
    if (typeof key !== "string") map ??= new Map(Object.entries(object));
    if (map !== undefined) map.set(key, value);
    else object[key as string] = value;
  }
  return map ?? object;
}

function open(cursor: Cursor, start: number): void {
  if (++cursor.depth > MAX_NESTING) throw failure(cursor, start, TOO_DEEP);
}

/** Moves past the closing bracket of the form opened at `start`, if that is next. Returns true if it was. */
function takeClose(cursor: Cursor, start: number, close: string): boolean {
  skipIgnored(cursor);
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
