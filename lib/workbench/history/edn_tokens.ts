/**
 * Tokens of EDN: names, numbers, strings and characters; and their places in a text.
 *
 * @module
 */

import { parseExactJSON } from "../base/json.ts";

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

/** Characters that end a token, by their codes: whitespace, commas, brackets, quotes and the beginning of a comment. */
const IS_DELIMITER = new Uint8Array(128);
for (const character of ' \t\n\v\f\r,()[]{}";') IS_DELIMITER[character.charCodeAt(0)] = 1;

/** Position in a text that may come in pieces. */
export interface Cursor {
  /** Part of the text that is held. */
  text: string;
  /** Offset of the next character; `0 <= at <= text.length`. */
  at: number;
  /** Number of open forms; at most `MAX_NESTING`. */
  depth: number;
  /** Line of the beginning of `text` in the whole text, from 1. */
  line: number;
  /** Column of the beginning of `text` in the whole text, from 1. */
  column: number;
  /** True to read 1.0 as raw JSON, as `parseExactJSON` does. */
  exact: boolean;
}

/** Syntax error in EDN. */
export class EDNError extends SyntaxError {
  /** @param isEnd True if the error is at the end of the text: with more text there might be none. */
  constructor(message: string, readonly isEnd: boolean) {
    super(message);
  }
}

/** Creates a cursor at the beginning of a text. */
export function createCursor(text: string, exact: boolean): Cursor {
  return { text, at: 0, depth: 0, line: 1, column: 1, exact };
}

/** Formats the place of an offset: `line 3, column 14`. */
export function place(cursor: Cursor, at: number): string {
  const { line, column } = lineAndColumn(cursor, at);
  return `line ${line}, column ${column}`;
}

/** Finds the line and the column of an offset in the whole text, from 1. */
export function lineAndColumn({ text, line, column }: Cursor, at: number): { line: number; column: number } {
  let start = 0;
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", start)) {
    start = end + 1;
    line++;
    column = 1;
  }
  return { line, column: column + at - start };
}

/** Creates the error at an offset; `problem` says what was expected, and what was there. */
export function failure(cursor: Cursor, at: number, problem: string): SyntaxError {
  return new EDNError(`Cannot parse EDN at ${place(cursor, at)}: ${problem}`, at >= cursor.text.length);
}

/** Returns true for the code of a delimiter, and for NaN, the code after the end of the text. */
function isDelimiter(code: number): boolean {
  return code < 128 ? IS_DELIMITER[code] === 1 : Number.isNaN(code);
}

/** Reads up to the next delimiter; the token may be empty. */
export function readToken(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  while (!isDelimiter(text.charCodeAt(end))) end++;
  cursor.at = end;
  return text.slice(at, end);
}

/** Reads a keyword; returns its name, without the colon. */
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

/** Reads an integer of up to 15 digits, the common case; undefined, and reads nothing, if there is something else. */
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
    return exact && Number.isInteger(number) ? parseExactJSON((number + 0).toFixed(1)) : number;
  }
  if (!RATIO.test(token)) return undefined;
  const [numerator, denominator] = token.split("/").map(Number);
  return numerator! / denominator!;
}

/** Reads a string, and converts its escapes. */
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
  // The character itself may be a delimiter: \( is one. A space stands for the end of the text.
  const first = String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 32);
  cursor.at += first.length;
  const name = first + readToken(cursor);
  if (name === first && first.trim() !== "") return first;
  const named = Object.hasOwn(NAMED_CHARACTERS, name) ? NAMED_CHARACTERS[name] : undefined;
  if (named !== undefined) return named;
  if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(parseInt(name.slice(1), 16));
  throw failure(cursor, start, `expected a character, got \\${name.trim()}`);
}

/** Reads a regular expression, as Clojure prints it; backslashes are not escapes. */
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
