/**
 * Reads EDN, the notation in which Jepsen and Maelstrom write `history.edn` and `results.edn`.
 *
 * Source: <https://github.com/edn-format/edn>.
 *
 * @module
 */

/** How deep forms may be nested. */
const MAX_DEPTH = 1000;

const INTEGER = /^(?:[+-]?\d+N?|0x[0-9a-fA-F]+)$/;
const FLOAT = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?M?$/;
const RATIO = /^[+-]?\d+\/\d+$/;

const NAMED_CHARACTERS: Record<string, string> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b",
};

const ESCAPES: Record<string, string> = { t: "\t", r: "\r", n: "\n", b: "\b", f: "\f", "\\": "\\", '"': '"' };

const SYMBOLIC_VALUES: Record<string, number> = { Inf: Infinity, "-Inf": -Infinity, NaN: NaN };

/** What ends a token: blanks, brackets, quotes and comments; by character code. */
const IS_DELIMITER = new Uint8Array(128);
for (const character of ' \t\n\v\f\r,()[]{}";') IS_DELIMITER[character.charCodeAt(0)] = 1;

/** A text, and how far it has been read. */
interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

/**
 * Reads all forms of a text, as plain values:
 *
 * - `nil` is null; keywords and symbols are strings, a keyword's without its colon; characters are strings of length 1.
 * - Vectors, lists and sets are arrays.
 * - Maps whose keys are all strings, keywords or symbols are objects; others (integer keys, say) are instances of `Map`.
 * - Numbers are numbers, ratios their quotient; integers that a number cannot hold exactly are bigints.
 * - Of a tagged value, such as `#jepsen.history.Op{…}` or `#inst "…"`, the tag is left out.
 *
 * @param text Any number of forms.
 * @returns The forms, in order.
 * @throws {SyntaxError} The text is not EDN; says at which line and column, and what was expected.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseEdn } from "./edn.ts";
 *
 * assertEquals(parseEdn('{:type :ok, :value [[:append 8 1]]} #{"n0"} {8 [1 2]}'), [
 *   { type: "ok", value: [["append", 8, 1]] },
 *   ["n0"],
 *   new Map([[8, [1, 2]]]),
 * ]);
 * ```
 */
export function parseEdn(text: string): unknown[] {
  return Array.from(readEdn(text), ({ value }) => value);
}

/**
 * Reads the forms of a text one by one, as {@linkcode parseEdn} does, and says where each begins.
 *
 * @returns The forms, each with the offset of its first character.
 * @throws {SyntaxError} The text is not EDN, once reading gets that far.
 */
export function* readEdn(text: string): Generator<{ value: unknown; at: number }> {
  const cursor: Cursor = { text, at: 0, depth: 0 };
  for (;;) {
    skipBlank(cursor);
    if (cursor.at === text.length) return;
    const at = cursor.at;
    yield { value: readValue(cursor), at };
  }
}

/** Where an offset lies in a text, for a person: `line 3, column 14`, both counted from 1. */
export function position(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
}

function failure({ text }: Cursor, at: number, problem: string): SyntaxError {
  return new SyntaxError(`Cannot parse EDN at ${position(text, at)}: ${problem}`);
}

/** Skips blanks, comments and discarded forms. */
function skipBlank(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code === 32 || code === 44 || (code >= 9 && code <= 13)) cursor.at++;
    else if (code === 59 /* ; */) cursor.at = (text.indexOf("\n", cursor.at) + 1) || text.length;
    else if (code === 35 /* # */ && text[cursor.at + 1] === "_") {
      cursor.at += 2;
      readValue(cursor);
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

function isDelimiter(code: number): boolean {
  return code < 128 ? IS_DELIMITER[code] === 1 : Number.isNaN(code);
}

function readToken(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  while (!isDelimiter(text.charCodeAt(end))) end++;
  cursor.at = end;
  return text.slice(at, end);
}

function readKeyword(cursor: Cursor): string {
  const start = cursor.at++;
  const name = readToken(cursor);
  if (name === "") throw failure(cursor, start, "expected the name of a keyword after :");
  return name;
}

/** Reads a number, nil, true, false or a symbol. */
function readAtom(cursor: Cursor): unknown {
  const start = cursor.at;
  const digits = readDigits(cursor);
  if (digits !== undefined) return digits;
  const token = readToken(cursor);
  switch (token) {
    case "nil":
      return null;
    case "true":
      return true;
    case "false":
      return false;
  }
  if (!/^[+-]?\d/.test(token)) return token;
  const number = toNumber(token);
  if (number === undefined) throw failure(cursor, start, `expected a number, got ${token}`);
  return number;
}

/** The common case, quickly: a run of up to 15 digits. Moves on only if that is what there is. */
function readDigits(cursor: Cursor): number | undefined {
  const { text, at } = cursor;
  let number = 0;
  let end = at;
  for (;; end++) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    number = number * 10 + digit;
  }
  if (end === at || end - at > 15 || !isDelimiter(text.charCodeAt(end))) return undefined;
  cursor.at = end;
  return number;
}

function toNumber(token: string): number | bigint | undefined {
  if (INTEGER.test(token)) {
    const digits = token.replace(/^\+|N$/g, "");
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : BigInt(digits);
  }
  if (FLOAT.test(token)) return Number(token.replace("M", ""));
  if (!RATIO.test(token)) return undefined;
  const [numerator, denominator] = token.split("/").map(Number);
  return numerator! / denominator!;
}

function readString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let value = "";
  for (let from = start + 1, at = from;; at++) {
    const code = text.charCodeAt(at);
    if (code === 34 /* " */) {
      cursor.at = at + 1;
      return value + text.slice(from, at);
    }
    if (Number.isNaN(code)) {
      throw failure(cursor, at, `expected " to close the string of ${position(text, start)}, got the end of the text`);
    }
    if (code !== 92 /* \ */) continue;
    cursor.at = at + 1;
    value += text.slice(from, at) + readEscape(cursor);
    from = cursor.at;
    at = from - 1;
  }
}

function readEscape(cursor: Cursor): string {
  const { text, at } = cursor;
  const unicode = /^u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 5));
  if (unicode !== null) {
    cursor.at += 5;
    return String.fromCharCode(parseInt(unicode[1]!, 16));
  }
  const octal = /^[0-3]?[0-7]{1,2}/.exec(text.slice(at, at + 3));
  if (octal !== null) {
    cursor.at += octal[0].length;
    return String.fromCharCode(parseInt(octal[0], 8));
  }
  const escaped = ESCAPES[text[at] ?? ""];
  if (escaped === undefined) throw failure(cursor, at - 1, `expected an escape, got ${text.slice(at - 1, at + 1)}`);
  cursor.at++;
  return escaped;
}

function readCharacter(cursor: Cursor): string {
  const start = cursor.at++;
  // The character itself may be a delimiter: \( is one.
  const first = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 32);
  cursor.at += first.length;
  const name = first + readToken(cursor);
  if (name === first && first.trim() !== "") return first;
  const named = Object.hasOwn(NAMED_CHARACTERS, name) ? NAMED_CHARACTERS[name] : undefined;
  if (named !== undefined) return named;
  if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(parseInt(name.slice(1), 16));
  throw failure(cursor, start, `expected a character, got \\${name.trim()}`);
}

/** Reads what begins with #: a set, a symbolic value or a tagged value. */
function readDispatch(cursor: Cursor): unknown {
  const start = cursor.at++;
  if (cursor.text[cursor.at] === "{") return readSequence(cursor, "}");
  const tag = readToken(cursor);
  if (tag.startsWith("#")) {
    const value = SYMBOLIC_VALUES[tag.slice(1)];
    if (value === undefined) throw failure(cursor, start, `expected ##Inf, ##-Inf or ##NaN, got #${tag}`);
    return value;
  }
  if (!/^[\p{L}:]/u.test(tag)) throw failure(cursor, start, `expected a tag after #, got ${tag || "none"}`);
  return readValue(cursor);
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
        `expected a value for the last key of the map of ${position(cursor.text, start)}`,
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
  if (++cursor.depth > MAX_DEPTH) throw failure(cursor, start, `expected at most ${MAX_DEPTH} nested forms, got more`);
}

/** Whether the form that was opened at `start` ends here; then moves past its closing bracket. */
function closes(cursor: Cursor, start: number, close: string): boolean {
  skipBlank(cursor);
  const { text, at } = cursor;
  const next = text[at] ?? "the end of the text";
  if (next !== close) {
    if (at < text.length && !")]}".includes(next)) return false;
    throw failure(cursor, at, `expected ${close} to close the form of ${position(text, start)}, got ${next}`);
  }
  cursor.at++;
  cursor.depth--;
  return true;
}
