/**
 * Reads histories from files piece by piece: JSON lines or EDN, compressed with gzip or not.
 *
 * @module
 */

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
    for await (const piece of readText(path, open, longestLine)) reader.push(piece);
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
 * @throws {FailedError} The file cannot be read, is not a text, or has a line that is too long.
 */
export async function* readText(
  path: string,
  open: OpenFile,
  longestLine: number = LONGEST_LINE,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const measure = measureLines(longestLine);
  let isFirst = true;
  for await (const bytes of decompressed(path, readBytes(path, open))) {
    const text = decoder.decode(bytes, { stream: true });
    if (isFirst && text.includes("\0")) throw new FailedError(binaryFile(path, text));
    isFirst = false;
    const tooLong = measure(text);
    if (tooLong !== undefined) {
      throw new FailedError(`Cannot read ${path}: line ${tooLong} is longer than ${formatSize(longestLine)}`);
    }
    yield text;
  }
  yield decoder.decode();
}

/**
 * Returns a function that is given a text piece by piece. It returns the number of a line that is too long, as soon as
 * that shows; else undefined.
 */
function measureLines(longest: number): (piece: string) => number | undefined {
  let line = 1;
  /** Length of the last line so far. */
  let length = 0;
  return (piece) => {
    let start = 0;
    for (let end = piece.indexOf("\n"); end >= 0; end = piece.indexOf("\n", start)) {
      if (length + end - start > longest) return line;
      start = end + 1;
      length = 0;
      line++;
    }
    length += piece.length - start;
    return length > longest ? line : undefined;
  };
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
