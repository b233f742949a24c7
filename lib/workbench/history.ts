/**
 * Histories: reading and writing them, and which invocation belongs to which completion.
 *
 * @module
 */

import { formatJson, parseJson } from "./json.ts";
import { show } from "./checkers/explain.ts";
import { position, readEdn } from "./edn.ts";
import type { Operation, OperationType } from "./operation.ts";

/** An operation from its beginning to its end. */
export interface Pair {
  /** How it began. */
  invocation: Operation;
  /** What came of it; nothing where the history ends before the operation does. */
  completion?: Operation;
}

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
      if (pair !== undefined) pair.completion = operation;
      open.delete(process);
    }
  }
  return all;
}

/**
 * Reads a history from a file: EDN where its name ends in `.edn`, else JSON lines.
 *
 * @throws {Error} The file cannot be read.
 * @throws {SyntaxError} The file does not hold a history; says where, and what was expected.
 */
export function readHistory(path: string): Operation[] {
  let text;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "there is no such file" : (cause as Error).message;
    throw new Error(`Cannot read history ${path}: ${reason}`, { cause });
  }
  try {
    return path.endsWith(".edn") ? parseEdnHistory(text) : parseHistory(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read history ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Reads a history of Jepsen's or Maelstrom's (`history.edn`): one operation after another, or a vector of them.
 *
 * An operation without `:index` gets its place in the history as index; one without `:time` gets time 0. `:process :nemesis` becomes
 * `"nemesis"`, and `:final?` becomes `final`; all other fields keep their names, and values are as {@linkcode parseEdn} gives them.
 *
 * @throws {SyntaxError} The text is not EDN, or holds something that is not an operation; says at which line and column, and what was
 *   expected.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseEdnHistory } from "./history.ts";
 *
 * assertEquals(parseEdnHistory("{:type :invoke, :process 0, :f :read, :time 5, :final? true}"), [
 *   { index: 0, time: 5, type: "invoke", process: 0, f: "read", value: null, final: true },
 * ]);
 * ```
 */
export function parseEdnHistory(text: string): Operation[] {
  return toHistory(ednEntries(text), text);
}

/**
 * Reads a history of our own (`history.jsonl`): one operation a line, as JSON. Integers beyond 2^53 become bigints.
 *
 * @throws {SyntaxError} A line is not JSON, or not an operation; says at which line and column, and what was expected.
 */
export function parseHistory(text: string): Operation[] {
  return toHistory(jsonEntries(text), text);
}

/**
 * Writes a history as JSON lines. A `Map`, which only a history from EDN can hold, becomes an object: its keys become strings.
 *
 * @returns One line an operation, each with its line end.
 */
export function formatHistory(history: readonly Operation[]): string {
  return history.map((operation) => formatJson(operation) + "\n").join("");
}

/** A value that should be an operation, and the offset at which it stands. */
interface Entry {
  value: unknown;
  at: number;
}

function* ednEntries(text: string): Generator<Entry> {
  for (const { value, at } of readEdn(text)) {
    if (!Array.isArray(value)) yield { value, at };
    else for (const operation of value) yield { value: operation, at };
  }
}

function* jsonEntries(text: string): Generator<Entry> {
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end);
    if (line.trim() !== "") yield { value: parseLine(line, text, at), at };
    at = end + 1;
  }
}

function parseLine(line: string, text: string, at: number): unknown {
  try {
    return parseJson(line);
  } catch (cause) {
    const { message } = cause as Error;
    const where = position(text, at + errorOffset(line, message));
    const reason = message.replace(/(?: in JSON)? at position .*|, \S*".* is not valid JSON$/s, "");
    throw new SyntaxError(`Cannot parse JSON at ${where}: ${reason}`, { cause });
  }
}

/** Where in a line JSON.parse failed: it does not always say. */
function errorOffset(line: string, message: string): number {
  const said = /at position (\d+)/.exec(message);
  if (said !== null) return Number(said[1]);
  if (!isUnexpectedToken(message)) return line.length;
  // The shortest beginning of the line that fails in the same way ends with the culprit.
  let right = 0;
  let wrong = line.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (failsOnToken(line.slice(0, middle))) wrong = middle;
    else right = middle;
  }
  return right;
}

function failsOnToken(line: string): boolean {
  try {
    JSON.parse(line);
    return false;
  } catch (error) {
    return isUnexpectedToken((error as Error).message);
  }
}

function isUnexpectedToken(message: string): boolean {
  return message.startsWith("Unexpected token");
}

function toHistory(entries: Iterable<Entry>, text: string): Operation[] {
  const history: Operation[] = [];
  const open = new Map<unknown, Operation>();
  for (const { value, at } of entries) {
    const last = history.at(-1);
    const problem = operationProblem(value) ?? orderProblem(value as Fields, last, open);
    if (problem !== undefined) {
      throw new SyntaxError(`Cannot read operation ${history.length} at ${position(text, at)}: ${problem}`);
    }
    const operation = toOperation(value as Fields, history.length);
    history.push(operation);
    if (operation.type === "invoke") open.set(operation.process, operation);
    else open.delete(operation.process);
  }
  return history;
}

/** An operation as it was read: checked, but with gaps. */
type Fields = Partial<Operation> & Pick<Operation, "type" | "process" | "f">;

function toOperation(fields: Fields, place: number): Operation {
  const { index = place, time = 0, type, process, f, value = null, final, "final?": isFinal, ...rest } = fields;
  const operation: Operation = { index, time, type, process, f, value, ...rest };
  if (final || isFinal) operation.final = true;
  return operation;
}

const TYPES: ReadonlySet<unknown> = new Set<OperationType>(["invoke", "ok", "fail", "info"]);

/** Says what keeps a value from being an operation, or `undefined` where nothing does. */
function operationProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) {
    return `expected an operation, got ${show(value, 60)}`;
  }
  const { index, time, type, process, f } = value as Record<string, unknown>;
  if (!TYPES.has(type)) return `expected type to be invoke, ok, fail or info, got ${show(type, 60)}`;
  if (process !== "nemesis" && !isCount(process)) {
    return `expected process to be a whole number or nemesis, got ${show(process, 60)}`;
  }
  if (typeof f !== "string") return `expected f to be the name of a function, got ${show(f, 60)}`;
  if (index !== undefined && !isCount(index)) return `expected index to be a whole number, got ${show(index, 60)}`;
  if (time !== undefined && !isCount(time)) return `expected time to be whole nanoseconds, got ${show(time, 60)}`;
  return undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Says what keeps an operation from following what stands before it, or `undefined` where nothing does. */
function orderProblem(
  { index, type, process }: Fields,
  last: Operation | undefined,
  open: ReadonlyMap<unknown, Operation>,
): string | undefined {
  if (index !== undefined && last !== undefined && index <= last.index) {
    return `expected an index above ${last.index}, got ${index}`;
  }
  const before = open.get(process);
  if (type !== "invoke" || process === "nemesis" || before === undefined) return undefined;
  return `expected the completion of operation ${before.index} of process ${process}, got another invocation`;
}
