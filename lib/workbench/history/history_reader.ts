/**
 * Reads histories: our own, one operation a line as JSON, and Jepsen's, as EDN.
 *
 * @module
 */

import { show } from "../base/text.ts";
import { createEDNReader } from "./edn.ts";
import { parseJSON } from "../base/json.ts";
import { TOO_DEEP, tooDeepAt } from "./nesting.ts";
import type { Operation, OperationType } from "./operation.ts";

/** How a history is written: as JSON, one operation a line, or as EDN. */
export type HistoryFormat = "json" | "edn";

/** How a history is read. */
export interface HistoryReaderOptions {
  /** How it is written; told from its first characters by default. */
  format?: HistoryFormat;
  /** Whether it is a mistake if an operation is completed that was never invoked. */
  strict?: boolean;
}

/** Reads a history that comes in pieces. */
export interface HistoryReader {
  /**
   * Takes the next piece of the text; it may end anywhere.
   *
   * @throws {SyntaxError} The text is no history; says at which line and column, and what was expected.
   */
  push(piece: string): void;
  /**
   * Takes the end of the text.
   *
   * @returns All operations, in order.
   * @throws {SyntaxError} The text has ended too early.
   */
  end(): Operation[];
}

/** Takes one value of a text, and how to say where it stands. */
type Take = (value: unknown, where: () => string) => void;

/** Takes the text of which the values are read. */
type TextReader = Pick<HistoryReader, "push"> & { end(): void };

/**
 * Opens a reader.
 *
 * An operation without `index` gets its place in the history; one without `time` gets time 0. One without `process` is taken for the only
 * process's, one without `f` for a transaction if its value is a list. `:process :nemesis` is `"nemesis"`, and `:final?` becomes `final`; all
 * other fields keep their names.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHistoryReader } from "./history_reader.ts";
 *
 * const reader = createHistoryReader();
 * reader.push("{:type :invoke, :process 0, :f :read}\n{:type :ok, :process 0, ");
 * reader.push(":f :read, :value 7}");
 * assertEquals(reader.end().map(({ index, type, value }) => [index, type, value]), [[0, "invoke", null], [1, "ok", 7]]);
 * ```
 */
export function createHistoryReader({ format, strict = false }: HistoryReaderOptions = {}): HistoryReader {
  const { take, history } = collectOperations(strict);
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
      return history;
    },
  };
}

const READERS: Record<HistoryFormat, (take: Take) => TextReader> = { edn: createEDNReader, json: createJSONReader };

/**
 * Only in JSON a map begins with a string: in EDN operations have keywords. Undefined as long as nobody can tell.
 *
 * @throws {SyntaxError} It is neither, or JSON that is not one operation a line.
 */
function formatOf(beginning: string): HistoryFormat | undefined {
  const [blank, list, map, space, next] = /^(\s*)(\[?)\s*(\{?)(\s*)(\S?)/.exec(beginning)!.slice(1) as Five;
  if (next === "") return undefined;
  if (list === "" && map === "" && !"#;,(".includes(next)) return refuseText(beginning, blank);
  if (map === "" || next !== '"') return "edn";
  if (list === "" && !space.includes("\n")) return "json";
  const [got, filter] = list === "" ? ["one on several lines", "."] : ["all in one array", "'.[]'"];
  throw new SyntaxError(
    `Cannot parse JSON at ${placeAfter(blank)}: expected one operation a line, got ${got}; jq -c ${filter} mends it`,
  );
}

type Five = [string, string, string, string, string];

/** As Jepsen and Knossos print operations, for people. */
const LOG_LINE = /^\d+\s+:(invoke|ok|fail|info)\s|^(\d{4}-\d\d-\d\d.*)?\b(DEBUG|INFO|WARN|ERROR)\b/;

/** Says what a text is that is no history, once its first line is there, or enough of it. */
function refuseText(beginning: string, blank: string): undefined {
  const [line, ...more] = beginning.slice(blank.length).split("\n");
  if (more.length === 0 && line!.length < 1000) return undefined;
  const what = LOG_LINE.test(line!) ? "a line of a log, which Jepsen writes as EDN in history.edn" : "a line of text";
  const got = `${what}: ${show(line!.trimEnd(), 60)}`;
  throw new SyntaxError(
    `Cannot read operation 0 at ${placeAfter(blank)}: expected an operation as JSON or EDN, got ${got}`,
  );
}

function placeAfter(blank: string): string {
  const lines = blank.split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}

function createJSONReader(take: Take): TextReader {
  let line = 0;
  let rest = "";
  const read = (text: string) => {
    const number = ++line;
    if (text.trim() !== "") take(parseLine(text, number), () => `line ${number}, column 1`);
  };
  return {
    push(piece) {
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
    return parseJSON(line);
  } catch (cause) {
    const { message } = cause as Error;
    const reason = message.replace(/(?: in JSON)? at position .*|, \S*".* is not valid JSON$/s, "");
    return fail(errorOffset(line, message), reason, cause);
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

/** Collects values as operations, and says what keeps one of them from being the next operation. */
function collectOperations(strict: boolean): { take: Take; history: Operation[] } {
  const history: Operation[] = [];
  /** The invocation that each process has not completed. */
  const open = new Map<unknown, Operation>();

  function take(value: unknown, where: () => string): void {
    const fields = withGapsFilled(value);
    const problem = operationProblem(fields) ?? orderProblem(fields as Fields, history.at(-1), open, strict);
    if (problem !== undefined) {
      throw new SyntaxError(`Cannot read operation ${history.length} at ${where()}: ${problem}`);
    }
    const operation = toOperation(fields as Fields, history.length);
    history.push(operation);
    if (operation.type === "invoke") open.set(operation.process, operation);
    else open.delete(operation.process);
  }

  return { take, history };
}

/** An operation as it was read: checked, but with gaps. */
type Fields = Partial<Operation> & Pick<Operation, "type" | "process" | "f">;

/** What a history leaves out where there is only one process, or nothing but transactions. */
function withGapsFilled(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("type" in value)) return value;
  const fields = value as Record<string, unknown>;
  const process = fields.process ?? 0;
  const f = fields.f ?? (Array.isArray(fields.value) ? "txn" : undefined);
  return process === fields.process && f === fields.f ? fields : { ...fields, process, f };
}

function toOperation(fields: Fields, place: number): Operation {
  const { index, time, type, process, f, value = null, final, "final?": isFinal, ...rest } = fields;
  const operation: Operation = { index: index ?? place, time: time ?? 0, type, process, f, value, ...rest };
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

/** Says what keeps an operation from following what stands before it, or `undefined` where nothing does. */
function orderProblem(
  { index, type, process }: Fields,
  last: Operation | undefined,
  open: ReadonlyMap<unknown, Operation>,
  strict: boolean,
): string | undefined {
  if (!isNothing(index) && last !== undefined && index! <= last.index) {
    return `expected an index above ${last.index}, got ${index}${
      index === 0 && last.index > 0 ? ", as at the beginning of another history" : ""
    }`;
  }
  if (process === "nemesis") return undefined;
  const before = open.get(process);
  if (type !== "invoke") {
    if (!strict || before !== undefined) return undefined;
    return `expected an invocation of process ${process} before anything of it is ${type}, got none`;
  }
  if (before === undefined) return undefined;
  return `expected the completion of operation ${before.index} of process ${process}, got another invocation`;
}
