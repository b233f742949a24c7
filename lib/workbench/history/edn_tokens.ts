/**
 * The smallest parts of EDN: names, numbers, strings and characters, and where in a text they stand.
 *
 * @module
 */

import { parseJSON } from "../base/json.ts";

const INTEGER = /^(?:[+-]?\d+N?|0x[0-9a-fA-F]+)$/;
const FLOAT = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?M?$/;
const RATIO = /^[+-]?\d+\/0*[1-9]\d*$/;

const NAMED_CHARACTERS: Record<string, string> = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b",
};

const ESCAPES: Record<string, string> = { t: "\t", r: "\r", n: "\n", b: "\b", f: "\f", "\\": "\\", '"': '"' };

/** What ends a token: blanks, brackets, quotes and comments; by character code. */
const IS_DELIMITER = new Uint8Array(128);
for (const character of ' \t\n\v\f\r,()[]{}";') IS_DELIMITER[character.charCodeAt(0)] = 1;

/** A text, and how far it has been read. */
export interface Cursor {
  text: string;
  at: number;
  depth: number;
  /** Where the text begins, in what it is a part of: both counted from 1. */
  line: number;
  column: number;
  /** Whether to tell 1.0 from 1, as `parseJSON` does. */
  exact: boolean;
}

/** A mistake in a text. */
export class EDNError extends SyntaxError {
  /** @param isEnd Whether the mistake is that the text ends: it would be none if more came. */
  constructor(message: string, readonly isEnd: boolean) {
    super(message);
  }
}

/** A cursor at the beginning of a text. */
export function cursorOver(text: string, exact: boolean): Cursor {
  return { text, at: 0, depth: 0, line: 1, column: 1, exact };
}

/** Where an offset lies in a text, for a person: `line 3, column 14`, both counted from 1. */
export function place(cursor: Cursor, at: number): string {
  const { line, column } = lineAndColumn(cursor, at);
  return `line ${line}, column ${column}`;
}

/** Where an offset lies in what the text is a part of, both counted from 1. */
export function lineAndColumn({ text, line, column }: Cursor, at: number): { line: number; column: number } {
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", start)) {
    start = end + 1;
    line++;
    column = 1;
  }
  return { line, column: column + at - start };
}

/** What is wrong at an offset of the text; `problem` says what was expected, and what is there. */
export function failure(cursor: Cursor, at: number, problem: string): SyntaxError {
  return new EDNError(`Cannot parse EDN at ${place(cursor, at)}: ${problem}`, at >= cursor.text.length);
}

function isDelimiter(code: number): boolean {
  return code < 128 ? IS_DELIMITER[code] === 1 : Number.isNaN(code);
}

/** Reads up to the next blank, bracket, quote or comment; nothing, if that is where the cursor is. */
export function readToken(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  while (!isDelimiter(text.charCodeAt(end))) end++;
  cursor.at = end;
  return text.slice(at, end);
}

/** Reads a keyword; gives its name. */
export function readKeyword(cursor: Cursor): string {
  const start = cursor.at++;
  const name = readToken(cursor);
  if (name === "") throw failure(cursor, start, "expected the name of a keyword after :");
  return name;
}

/** Reads a number, nil, true, false or a symbol. */
export function readAtom(cursor: Cursor): unknown {
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
  const number = toNumber(token, cursor.exact);
  if (number === undefined) {
    const expected = /\/0+$/.test(token) ? "a ratio whose denominator is not 0" : "a number";
    throw failure(cursor, start, `expected ${expected}, got ${token}`);
  }
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

function toNumber(token: string, exact: boolean): unknown {
  if (INTEGER.test(token)) {
    const digits = token.replace(/^\+|N$/g, "");
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : BigInt(digits);
  }
  if (FLOAT.test(token)) {
    const number = Number(token.replace("M", ""));
    return exact && Number.isInteger(number) ? parseJSON((number + 0).toFixed(1)) : number;
  }
  if (!RATIO.test(token)) return undefined;
  const [numerator, denominator] = token.split("/").map(Number);
  return numerator! / denominator!;
}

/** Reads a string. */
export function readString(cursor: Cursor): string {
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
      throw failure(cursor, at, `expected " to close the string of ${place(cursor, start)}, got the end of the text`);
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

/** Reads a character, such as `\a`, `\newline` or `\u0041`. */
export function readCharacter(cursor: Cursor): string {
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

/** Reads a regular expression, as Clojure prints it: its backslashes stand for themselves. */
export function readPattern(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  if (end >= text.length) {
    throw failure(
      cursor,
      text.length,
      `expected " to close the string of ${place(cursor, start)}, got the end of the text`,
    );
  }
  cursor.at = end + 1;
  return text.slice(start + 1, end);
}
