/**
 * Reads histories from files, however they are written: as JSON lines, as EDN, compressed with gzip or not.
 *
 * @module
 */

import { FailedError } from "../base/errors.ts";
import { createHistoryReader } from "./history_reader.ts";
import type { Operation } from "./operation.ts";

/** Opens a file for reading. */
export type OpenFile = (path: string) => Promise<ReadableStream<Bytes>>;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Reads the history in a file, piece by piece.
 *
 * @throws {FailedError} The file cannot be read or holds no history; says where, and what was expected.
 */
export async function readHistoryFile(path: string, open: OpenFile): Promise<Operation[]> {
  const reader = createHistoryReader({ strict: true });
  try {
    for await (const piece of readText(path, open)) reader.push(piece);
    return reader.end();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FailedError(`Cannot read history ${path}: ${error.message}`);
  }
}

/**
 * Reads the text of a file piece by piece; what is compressed is decompressed.
 *
 * @throws {FailedError} The file cannot be read, or is no text.
 */
export async function* readText(path: string, open: OpenFile): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let isFirst = true;
  for await (const bytes of decompressed(path, readBytes(path, open))) {
    const text = decoder.decode(bytes, { stream: true });
    if (isFirst && text.includes("\0")) throw new FailedError(binaryFile(path, text));
    isFirst = false;
    yield text;
  }
  yield decoder.decode();
}

async function* readBytes(path: string, open: OpenFile): AsyncGenerator<Bytes> {
  try {
    yield* await open(path);
  } catch (error) {
    throw new FailedError(`Cannot read ${path}: ${reasonOf(error as Error)}`);
  }
}

/** What gzip has written begins with two bytes that no text begins with. */
async function* decompressed(path: string, pieces: AsyncGenerator<Bytes>): AsyncGenerator<Bytes> {
  const { value: first } = await pieces.next();
  if (first === undefined) return;
  const whole = prepended(first, pieces);
  if (first[0] !== 0x1f || first[1] !== 0x8b) return yield* whole;
  try {
    yield* ReadableStream.from(whole).pipeThrough(new DecompressionStream("gzip"));
  } catch (error) {
    if (error instanceof FailedError) throw error;
    throw new FailedError(
      `Cannot read ${path}: it is compressed, and damaged, cut off, or put together of several (${
        (error as Error).message
      })`,
    );
  }
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
  const kind = text.startsWith("JEPSEN") ? "it is Jepsen's own format" : "it is no text in UTF-8";
  return `Cannot read ${path}: ${kind}, expected a history.jsonl, or the history.edn that Jepsen writes`;
}

/** What the system says, without its number and without the path again. */
function reasonOf({ message }: Error): string {
  return message.replace(/ \(os error \d+\).*/s, "");
}
