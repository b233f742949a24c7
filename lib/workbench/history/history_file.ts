/**
 * Reads histories from files piece by piece: JSON lines or EDN, compressed with gzip or not.
 *
 * @module
 */

import { FailedError } from "../base/errors.ts";
import { createHistoryReader } from "./history_reader.ts";
import type { Operation } from "./operation.ts";

/** Opens a file to read. */
export type OpenFile = (path: string) => Promise<ReadableStream<Bytes>>;

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Reads the history in a file.
 *
 * @throws {FailedError} The file cannot be read, or its text is not a history. The message says where.
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
 * Reads the text of a file, and decompresses it if necessary.
 *
 * @throws {FailedError} The file cannot be read, or is not a text.
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

/** Decompresses a file of gzip, which is recognized by its first two bytes: no text begins with them. */
async function* decompressed(path: string, pieces: AsyncGenerator<Bytes>): AsyncGenerator<Bytes> {
  const { value: first } = await pieces.next();
  if (first === undefined) return;
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

/** Returns the system's message without its number and the path. */
function reasonOf({ message }: Error): string {
  return message.replace(/ \(os error \d+\).*/s, "");
}
