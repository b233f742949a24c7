/**
 * Histories: pairs of invocation and completion, reading and writing.
 *
 * @module
 */

import { createHistoryReader, type HistoryReaderOptions } from "./history_reader.ts";
import { formatExactJSON } from "../base/json.ts";
import type { Operation, OperationType } from "./operation.ts";

/** Operation of a client, from invocation to completion. */
export interface Pair {
  invocation: Operation;
  /** Undefined if the history ends before the operation. */
  completion?: Operation & { type: Exclude<OperationType, "invoke"> };
}

/**
 * Pairs the invocations of clients with their completions. Operations of the nemesis and completions without an
 * invocation are left out.
 *
 * @returns One pair for each invocation, in their order.
 */
export function pairs(history: readonly Operation[]): Pair[] {
  const all: Pair[] = [];
  const open = new Map<number, Pair>();
  for (const operation of history) {
    const { process } = operation;
    if (process === "nemesis") continue;
    if (operation.type === "invoke") {
      const pair: Pair = { invocation: operation, completion: undefined };
      all.push(pair);
      open.set(process, pair);
    } else {
      const pair = open.get(process);
      if (pair !== undefined) pair.completion = operation as Pair["completion"];
      open.delete(process);
    }
  }
  return all;
}

/**
 * Reads a history from a file: our own JSON lines, or Jepsen's EDN.
 *
 * @throws {Error} The file cannot be read.
 * @throws {SyntaxError} The text is not a history.
 */
export function readHistory(path: string): Operation[] {
  let text;
  try {
    text = Deno.readTextFileSync(path).replace(/^\uFEFF/, "");
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "there is no such file" : (cause as Error).message;
    throw new Error(`Cannot read history ${path}: ${reason}`, { cause });
  }
  try {
    return parse(text, { strict: true });
  } catch (cause) {
    throw new SyntaxError(`Cannot read history ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Parses a history of Jepsen or Maelstrom (`history.edn`): a sequence of operations, or a vector of them.
 *
 * Missing fields are filled in as by {@linkcode createHistoryReader}; values are read as by `parseEDN`.
 *
 * @throws {SyntaxError} The text is not EDN, or one of the values is not an operation. The message says where.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseEDNHistory } from "./history.ts";
 *
 * assertEquals(parseEDNHistory("{:type :invoke, :process 0, :f :read, :time 5, :final? true}"), [
 *   { index: 0, time: 5, type: "invoke", process: 0, f: "read", value: null, final: true },
 * ]);
 * ```
 */
export function parseEDNHistory(text: string): Operation[] {
  return parse(text, { format: "edn" });
}

/**
 * Parses a history of our own (`history.jsonl`): one operation a line, as JSON. Integers beyond 2^53 become bigints.
 *
 * @throws {SyntaxError} A line is not JSON, or not an operation. The message says where.
 */
export function parseHistory(text: string): Operation[] {
  return parse(text, { format: "json" });
}

function parse(text: string, options: HistoryReaderOptions): Operation[] {
  const reader = createHistoryReader(options);
  reader.push(text);
  return reader.end();
}

/**
 * Writes a history as JSON lines. A `Map`, as read from EDN, becomes an object; its keys become strings.
 *
 * @returns One line an operation, each with a line feed.
 */
export function formatHistory(history: readonly Operation[]): string {
  return history.map((operation) => formatExactJSON(operation) + "\n").join("");
}
