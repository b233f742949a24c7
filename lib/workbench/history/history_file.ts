/**
 * Reads histories from files piece by piece: JSON lines or EDN, compressed with gzip or not.
 *
 * @module
 */

import { createLineDecoder } from "../base/decode_utf8.ts";
import { FailedError, reasonOf } from "../base/errors.ts";
import { formatSize } from "../base/size.ts";
import { createHistoryReader } from "./history_reader.ts";
import type { Operation } from "./operation.ts";

/** Opens a file to read. */
export type OpenFile = (path: string) => Promise<ReadableStream<Bytes>>;

type Bytes = Uint8Array<ArrayBuffer>;

/** Longest line of a file, in characters. */
const LONGEST_LINE = 1 << 28;

/**
 * Reads the history in a file.
 *
 * @throws {FailedError} The file cannot be read, or its text is not a history. The message says where.
 */
export async function readHistoryFile(
  path: string,
  open: OpenFile,
  longestLine: number = LONGEST_LINE,
): Promise<Operation[]> {
  const reader = createHistoryReader({ strict: true });
  try {
    for await (const piece of readText(path, open, longestLine, true)) reader.push(piece);
    return reader.end();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FailedError(`Cannot read history ${path}: ${error.message}`);
  }
}

/**
 * Reads the text of a file, and decompresses it if necessary.
 *
 * @param longestLine Longest line, in characters.
 * @param isStrict True to refuse a line that is not UTF-8. By default U+FFFD stands for its invalid bytes.
 * @throws {FailedError} The file cannot be read, is not a text, or has a line that is refused or too long.
 */
export async function* readText(
  path: string,
  open: OpenFile,
  longestLine: number = LONGEST_LINE,
  isStrict: boolean = false,
): AsyncGenerator<string> {
  const decoder = createLineDecoder();
  const measured: LastLine = { number: 1, length: 0 };
  const decode = (bytes: Bytes, isLast: boolean) => {
    const text = decoder.decode(bytes, isLast);
    if (!isStrict || decoder.goodLines === Infinity) return text;
    throw new FailedError(`Cannot read ${path}: line ${measured.number + decoder.goodLines} is not UTF-8`);
  };
  let isFirst = true;
  for await (const bytes of decompressed(path, readBytes(path, open))) {
    if (isFirst && bytes.includes(0)) throw new FailedError(binaryFile(path, new TextDecoder().decode(bytes)));
    isFirst = false;
    const text = decode(bytes, false);
    if (!measure(measured, text, longestLine)) {
      throw new FailedError(`Cannot read ${path}: line ${measured.number} is longer than ${formatSize(longestLine)}`);
    }
    yield text;
  }
  yield decode(new Uint8Array(0), true);
}

/** The last line of a text so far. */
interface LastLine {
  /** Its number, from 1. */
  number: number;
  /** Its length so far, in characters. */
  length: number;
}

/** Measures the next piece of a text. Returns false at a line that is too long, which is then the last one. */
function measure(last: LastLine, piece: string, longest: number): boolean {
  let start = 0;
  for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
    if (last.length + end - start > longest) return false;
    start = end + 1;
    last.length = 0;
    last.number++;
  }
  last.length += piece.length - start;
  return last.length <= longest;
}

async function* readBytes(path: string, open: OpenFile): AsyncGenerator<Bytes> {
  try {
    yield* await open(path);
  } catch (error) {
    throw new FailedError(`Cannot read ${path}: ${reasonOf(error as Error)}`);
  }
}

/** Decompresses a file of gzip, which is recognized by its first two bytes: no text begins with them. */
async function* decompressed(path: string, pieces: AsyncGenerator<Bytes>): AsyncGenerator<Bytes> {
  const first = await readBeginning(pieces);
  const whole = prepended(first, pieces);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return yield* whole;
  try {
    yield* ReadableStream.from(whole).pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    if (error instanceof FailedError) throw error;
    const { message } = error as Error;
    throw new FailedError(
      `Cannot read ${path}: its compressed data is damaged, incomplete, or several files in one (${message})`,
    );
  }
}

/** Reads the first two bytes, and those that come with them. A pipe may give one at a time. */
async function readBeginning(pieces: AsyncGenerator<Bytes>): Promise<Bytes> {
  let beginning: Bytes = new Uint8Array();
  while (beginning.length < 2) {
    const { value: piece } = await pieces.next();
    if (piece === undefined) break;
    beginning = new Uint8Array(await new Blob([beginning, piece]).arrayBuffer());
  }
  return beginning;
}

async function* prepended<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function binaryFile(path: string, text: string): string {
  const kind = text.startsWith("JEPSEN") ? "it is in Jepsen's binary format" : "it is not a text in UTF-8";
  return `Cannot read ${path}: ${kind}, expected a history.jsonl, or the history.edn that Jepsen writes`;
}
