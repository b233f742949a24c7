/**
 * Reads histories from files, however they are written: as JSON lines, as EDN, compressed with gzip or not.
 *
 * @module
 */

import { FailedError } from "./errors.ts";
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
  try {
    for await (const bytes of await decompressed(await open(path))) {
      const text = decoder.decode(bytes, { stream: true });
      if (isFirst && text.includes("\0")) throw new FailedError(binaryFile(path, text));
      isFirst = false;
      yield text;
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof FailedError || error instanceof SyntaxError) throw error;
    throw new FailedError(`Cannot read ${path}: ${reasonOf(error as Error)}`);
  }
}

/** What gzip has written begins with two bytes that no text begins with. */
async function decompressed(stream: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>> {
  const reader = stream.getReader();
  const first = await reader.read();
  let next: Promise<ReadableStreamReadResult<Bytes>> | undefined = Promise.resolve(first);
  const whole = new ReadableStream<Bytes>({
    async pull(controller) {
      const { done, value } = await (next ?? reader.read());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isCompressed = first.value?.[0] === 0x1f && first.value[1] === 0x8b;
  return isCompressed ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
}

function binaryFile(path: string, text: string): string {
  const kind = text.startsWith("JEPSEN") ? "it is Jepsen's own format" : "it is no text";
  return `Cannot read ${path}: ${kind}, expected a history.jsonl, or the history.edn that Jepsen writes`;
}

/** What the system says, without its number and without the path again. */
function reasonOf({ name, message }: Error): string {
  if (/gzip|deflate|corrupt|decompress/i.test(message) || name === "TypeError") {
    return `it is compressed, and damaged or cut off (${message})`;
  }
  return message.replace(/ \(os error \d+\).*/s, "");
}
