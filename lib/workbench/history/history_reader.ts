/**
 * Reads histories that come in pieces: our own (JSON lines) and Jepsen's (EDN).
 *
 * 1. The first characters tell the format.
 * 2. A reader of that format splits the text into values.
 * 3. Each value becomes an operation: missing fields are filled in, and it is checked, also against the operations
 *    before it.
 *
 * @module
 */

import { show } from "../base/text.ts";
import { createEDNReader, type FormReader, type TakeForm } from "./edn.ts";
import { formatExactJSON, isRawNumber, parseExactJSON } from "../base/json.ts";
import { completionProblem } from "./completion_problem.ts";
import { withInvocations } from "./lone_completions.ts";
import { TOO_DEEP, tooDeepAt } from "./nesting.ts";
import type { Operation, OperationType } from "./operation.ts";

/** Format of a history: JSON, one operation a line, or EDN. */
export type HistoryFormat = "json" | "edn";

/** Options for {@linkcode createHistoryReader}. */
export interface HistoryReaderOptions {
  /** Format of the history; by default, its first characters tell. */
  format?: HistoryFormat;
  /**
   * True to refuse a completion without an invocation (unless it is a transaction, and no operation has one: then each
   * is given one, see `withInvocations`) or with another function, value, key or message, and times that
   * go backwards. `@default false`
   */
  strict?: boolean;
}

/** Reader of a history that comes in pieces. */
export interface HistoryReader {
  /**
   * Reads the next piece of the text, which may end anywhere.
   *
   * @throws {SyntaxError} The text is not a history. The message says at which line and column, and what was expected.
   */
  push(piece: string): void;
  /**
   * Reads the rest after the last piece.
   *
   * @returns All operations, in order.
   * @throws {SyntaxError} The text ends too early.
   */
  end(): Operation[];
}

/**
 * Creates a reader. It fills in missing fields:
 *
 * - `index`: the position in the history; `time`: 0.
 * - `process`: 0, for a history of one process; `f`: `"txn"`, if the value is a list.
 *
 * `:process :nemesis` becomes `"nemesis"`, and `:final?` becomes `final`; all other fields keep their names.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHistoryReader } from "./history_reader.ts";
 *
 * const reader = createHistoryReader();
 * reader.push("{:type :invoke, :process 0, :f :read}\n{:type :ok, :process 0, ");
 * reader.push(":f :read, :value 7}");
 * const history = reader.end();
 * assertEquals(history.map(({ index, type, value }) => [index, type, value]), [[0, "invoke", null], [1, "ok", 7]]);
 * ```
 */
export function createHistoryReader({ format, strict = false }: HistoryReaderOptions = {}): HistoryReader {
  const { take, end } = collectOperations(strict);
  let reader = format && READERS[format](take);
  let beginning = "";
  return {
    push(piece) {
      if (reader !== undefined) return reader.push(piece);
      beginning += piece;
      const known = formatOf(beginning);
      if (known === undefined) return;
      reader = READERS[known](take);
      reader.push(beginning);
    },
    end() {
      if (reader === undefined) {
        reader = READERS[formatOf(`${beginning}\n`) ?? "edn"](take);
        reader.push(beginning);
      }
      reader.end();
      return end();
    },
  };
}

const READERS: Record<HistoryFormat, (take: TakeForm) => FormReader> = {
  edn: createEDNReader,
  json: createJSONReader,
};

/**
 * Tells the format from the beginning of a text: in JSON a map begins with a string, in EDN with a keyword.
 *
 * @returns Undefined if the beginning is too short to tell.
 * @throws {SyntaxError} The text is neither, or JSON that is not one operation a line.
 */
function formatOf(beginning: string): HistoryFormat | undefined {
  const { indent, list, map, space, next } = BEGINNING.exec(beginning)!.groups as Beginning;
  if (next === "") return undefined;
  // EDN may also begin with a tag, a comment, a comma or a list.
  if (list === "" && map === "" && !"#;,(".includes(next)) return refuseText(beginning, indent);
  if (map === "" || next !== '"') return "edn";
  if (list === "" && !space.includes("\n")) return "json";
  const [got, filter] = list === "" ? ["one on several lines", "."] : ["all in one array", "'.[]'"];
  throw new SyntaxError(
    `Cannot parse JSON at ${placeAfter(indent)}: expected one operation a line, got ${got}; ` +
      `convert it with jq -c ${filter}`,
  );
}

const BEGINNING = /^(?<indent>\s*)(?<list>\[?)\s*(?<map>\{?)(?<space>\s*)(?<next>\S?)/;

type Beginning = Record<"indent" | "list" | "map" | "space" | "next", string>;

/** Matches the lines in which Jepsen and Knossos print operations for people. */
const LOG_LINE = /^\d+\s+:(invoke|ok|fail|info)\s|^(\d{4}-\d\d-\d\d.*)?\b(DEBUG|INFO|WARN|ERROR)\b/;

/** Refuses a text that is not a history. Does nothing until its first line, or 1000 characters of it, are there. */
function refuseText(beginning: string, indent: string): undefined {
  const [line, ...more] = beginning.slice(indent.length).split("\n");
  if (more.length === 0 && line!.length < 1000) return undefined;
  const what = LOG_LINE.test(line!) ? "a line of a log, which Jepsen writes as EDN in history.edn" : "a line of text";
  const got = `${what}: ${show(line!.trimEnd(), 60)}`;
  throw new SyntaxError(
    `Cannot read operation 0 at ${placeAfter(indent)}: expected an operation as JSON or EDN, got ${got}`,
  );
}

function placeAfter(indent: string): string {
  const lines = indent.split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

function createJSONReader(take: TakeForm): FormReader {
  let line = 0;
  let rest = "";
  const read = (text: string) => {
    const number = ++line;
    if (text.trim() !== "") take(parseLine(text, number), () => `line ${number}, column 1`);
  };
  return {
    push(piece) {
      // Splitting a long line again and again would take hours.
      if (!piece.includes("\n")) return void (rest += piece);
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      lines.forEach(read);
    },
    end() {
      read(rest);
      rest = "";
    },
  };
}

function parseLine(line: string, number: number): unknown {
  const fail = (offset: number, problem: string, cause?: unknown): never => {
    throw new SyntaxError(`Cannot parse JSON at line ${number}, column ${offset + 1}: ${problem}`, { cause });
  };
  const tooDeep = tooDeepAt(line);
  if (tooDeep !== undefined) return fail(tooDeep, TOO_DEEP);
  try {
    return parseExactJSON(line);
  } catch (cause) {
    const { message } = cause as Error;
    // Without the place and the excerpt that V8 appends.
    const reason = message.replace(/(?: in JSON)? at position .*|, \S*".* is not valid JSON$/s, "");
    return fail(errorOffset(line, message), reason, cause);
  }
}

/** Finds the offset at which JSON.parse failed on a line; its message does not always contain it. */
function errorOffset(line: string, message: string): number {
  const position = /at position (\d+)/.exec(message);
  if (position !== null) return Number(position[1]);
  if (!isUnexpectedToken(message)) return line.length;
  // Binary search for the shortest prefix that fails in the same way: it ends with the unexpected token.
  let passing = 0;
  let failing = line.length;
  while (failing - passing > 1) {
    const middle = (passing + failing) >> 1;
    if (failsOnToken(line.slice(0, middle))) failing = middle;
    else passing = middle;
  }
  return passing;
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

/** Creates a history: `take` appends a value to it, and `end` returns it. */
function collectOperations(strict: boolean): { take: TakeForm; end: () => Operation[] } {
  const history: Operation[] = [];
  /** Open invocation of each process. */
  const open = new Map<unknown, Operation>();
  /** Refusal of the first transaction without an invocation. It counts as soon as another operation has one. */
  let lone: string | undefined;
  let hasInvocations = false;
  /** The operation with the highest time so far. */
  let latest: Operation | undefined;

  function take(value: unknown, where: () => string): void {
    const fields = fillIn(value);
    const problem = operationProblem(fields) ?? orderProblem(fields as Fields, history.at(-1), open) ??
      (strict ? contentProblem(fields as Fields, open.get((fields as Fields).process), latest) : undefined);
    if (problem !== undefined) {
      throw new SyntaxError(`Cannot read operation ${history.length} at ${where()}: ${problem}`);
    }
    const operation = toOperation(fields as Fields, history.length);
    if (strict && isLone(operation, open)) {
      const { process, type, f } = operation;
      const refusal = `Cannot read operation ${history.length} at ${where()}: ` +
        `expected an invocation of process ${process} before its ${type}, got none`;
      if (f !== "txn" || hasInvocations) throw new SyntaxError(refusal);
      lone ??= refusal;
    }
    if (operation.type === "invoke" && operation.process !== "nemesis") hasInvocations = true;
    if (lone !== undefined && hasInvocations) throw new SyntaxError(lone);
    history.push(operation);
    if (latest === undefined || operation.time > latest.time) latest = operation;
    if (operation.type === "invoke") open.set(operation.process, operation);
    else open.delete(operation.process);
  }

  return { take, end: () => lone === undefined ? history : withInvocations(history) };
}

/** Operation as it was read: checked, but fields may be missing. */
type Fields = Partial<Operation> & Pick<Operation, "type" | "process" | "f">;

/** Fills in the fields that a history with only one process, or only transactions, leaves out. */
function fillIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("type" in value)) return value;
  const fields = value as Record<string, unknown>;
  const process = fields.process ?? 0;
  const f = fields.f ?? (Array.isArray(fields.value) ? "txn" : undefined);
  const time = toNumber(fields.time);
  const isComplete = process === fields.process && f === fields.f && time === fields.time;
  return isComplete ? fields : { ...fields, process, f, time };
}

/** Converts what stands for a number of another kind: 1.0, or an integer beyond 2⁵³, such as a time since 1970. */
function toNumber(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "object" && value !== null && isRawNumber(value) ? Number(formatExactJSON(value)) : value;
}

function toOperation(fields: Fields, position: number): Operation {
  const { index, time, type, process, f, value = null, final, "final?": isFinal, ...rest } = fields;
  const operation: Operation = { index: index ?? position, time: time ?? 0, type, process, f, value, ...rest };
  if (final || isFinal) operation.final = true;
  return operation;
}

const TYPES: ReadonlySet<unknown> = new Set<OperationType>(["invoke", "ok", "fail", "info"]);

/** Describes why a value is not an operation; undefined if it is one. */
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
  if (!isNothing(index) && !isCount(index)) return `expected index to be a whole number, got ${show(index, 60)}`;
  if (!isNothing(time) && !Number.isFinite(time)) {
    return `expected time to be a number of nanoseconds, got ${show(time, 60)}`;
  }
  return undefined;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** True for a completion without an invocation. */
function isLone({ type, process }: Operation, open: ReadonlyMap<unknown, Operation>): boolean {
  return process !== "nemesis" && type !== "invoke" && !open.has(process);
}

/** Describes why an operation cannot follow those before it; undefined if it can. */
function orderProblem(
  { index, type, process }: Fields,
  last: Operation | undefined,
  open: ReadonlyMap<unknown, Operation>,
): string | undefined {
  if (!isNothing(index) && last !== undefined && index! <= last.index) {
    const hint = index === 0 && last.index > 0 ? ", as at the beginning of another history" : "";
    return `expected an index above ${last.index}, got ${index}${hint}`;
  }
  const before = open.get(process);
  if (process === "nemesis" || type !== "invoke" || before === undefined) return undefined;
  return `expected the completion of operation ${before.index} of process ${process}, got another invocation`;
}

/**
 * Nanoseconds by which an operation may seem to be older than one before it: old versions of Jepsen record operations
 * of several threads.
 */
const DISORDER = 1e9;

/** Describes why time or content of an operation contradict those before it; undefined if they do not. */
function contentProblem(
  { time, ...fields }: Fields,
  invocation: Operation | undefined,
  latest: Operation | undefined,
): string | undefined {
  const completed = fields.process !== "nemesis" && fields.type !== "invoke" ? invocation : undefined;
  if (completed !== undefined) {
    if (!isNothing(time) && time! < completed.time) {
      return `expected a time of ${completed.time} or more, that of its invocation (operation ${completed.index}), ` +
        `got ${time}: time went backwards`;
    }
    const problem = completionProblem(completed, fields as Operation);
    if (problem !== undefined) return problem;
  }
  if (isNothing(time) || latest === undefined || time! >= latest.time - DISORDER) return undefined;
  return `expected operations in order of time, got ${time} ns, ${((latest.time - time!) / 1e9).toFixed(3)} s before ` +
    `operation ${latest.index}: check histories of several runs one by one, or sort the operations of one run`;
}
