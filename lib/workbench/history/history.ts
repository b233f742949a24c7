/**
 * Histories: reading and writing them, and which invocation belongs to which completion.
 *
 * @module
 */

import { createHistoryReader, type HistoryReaderOptions } from "./history_reader.ts";
import { formatJSON } from "../base/json.ts";
import type { Operation, OperationType } from "./operation.ts";

/** An operation from its beginning to its end. */
export interface Pair {
  /** How it began. */
  invocation: Operation;
  /** What came of it; nothing where the history ends before the operation does. */
  completion?: Completion;
}

/** The end of an operation. */
export type Completion = Operation & { type: Exclude<OperationType, "invoke"> };

/**
 * Finds the completion of each client operation. The nemesis, whose operations are all of type info, is left out, and so are
 * completions of what the history does not show to have been invoked.
 *
 * @param history A history, in order.
 * @returns A pair for each invocation, in the order of the invocations.
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
      if (pair !== undefined) pair.completion = operation as Completion;
      open.delete(process);
    }
  }
  return all;
}

/**
 * Reads a history from a file: our own JSON lines, or Jepsen's EDN.
 *
 * @throws {Error} The file cannot be read.
 * @throws {SyntaxError} The file does not hold a history; says where, and what was expected.
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
 * Reads a history of Jepsen's or Maelstrom's (`history.edn`): one operation after another, or a vector of them.
 *
 * What it leaves out is filled in as {@linkcode createHistoryReader} does; values are as `parseEDN` gives them.
 *
 * @throws {SyntaxError} The text is not EDN, or holds something that is not an operation; says at which line and column, and what was
 *   expected.
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
 * Reads a history of our own (`history.jsonl`): one operation a line, as JSON. Integers beyond 2^53 become bigints.
 *
 * @throws {SyntaxError} A line is not JSON, or not an operation; says at which line and column, and what was expected.
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
 * Writes a history as JSON lines. A `Map`, which only a history from EDN can hold, becomes an object: its keys become strings.
 *
 * @returns One line an operation, each with its line end.
 */
export function formatHistory(history: readonly Operation[]): string {
  return history.map((operation) => formatJSON(operation) + "\n").join("");
}
