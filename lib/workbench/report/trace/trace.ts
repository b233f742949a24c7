/**
 * The trace of an operation, a message or a value: what led to it and what it led to, from a stored run. It is the same
 * as a click in the page of the run shows.
 *
 * 1. {@linkcode readTrace} reads the events of the run (`html/run_events.ts`).
 * 2. `page/causality.js` infers the links between messages; `values.ts` finds what carries a value.
 * 3. `format.ts` writes the trace as text. As JSON, it is printed as it is.
 *
 * @module
 */

import { UsageError } from "../../base/errors.ts";
import { pairs } from "../../history/history.ts";
import type { Operation } from "../../history/operation.ts";
import type { Results } from "../../run/results.ts";
import type { FaultBand } from "../html/report_data.ts";
import { MESSAGES_FILE, readEvents, type RunEvents } from "../html/run_events.ts";
import { createCausalIndex, type Related, relatedToMessage, relatedToOperation } from "../page/causality.js";
import { lateness } from "../page/filter.js";
import { decodeMessages, type Messages } from "../page/run_data.js";
import { fileExists, type StoredFiles } from "../stored/stored_run.ts";
import { describeMessage, describeOperation, type TracedMessage, type TracedOperation } from "./entries.ts";
import { bodiesWith, carriedBy, hasKeys, keysOf, parseValue, plainKey, type ValueText } from "./values.ts";

/**
 * Subject of a trace: index of an operation's invocation or completion in the history, id of a message, or a value as
 * JSON or text. A value may be that of one key alone.
 */
export type TraceSubject =
  | { kind: "operation"; index: number }
  | { kind: "message"; id: number }
  | { kind: "value"; text: string; key?: string };

/** Run to trace. */
export interface TracedRun {
  /** Its folder. */
  folder: string;
  history: readonly Operation[];
  workload: string;
  /** Results, as far as they are stored. */
  results: Partial<Results> | undefined;
}

/** Trace. Times are milliseconds since the test began. */
export interface Trace {
  schema: 1;
  subject: TraceSubject;
  /** The operation; that of the message; or all that carry the value. */
  operations: TracedOperation[];
  /** Messages that the subject may depend on. */
  causes: TracedMessage[];
  /** Messages of the operation; the message; or all that carry the value. */
  messages: TracedMessage[];
  /** Messages that may depend on the subject. */
  effects: TracedMessage[];
  /** First sign of the value at each node. Empty for other subjects. */
  arrivals: Arrival[];
  /** Faults that were in force from the first to the last of these events. */
  faults: TracedFault[];
  /** Everything that is not here, in words. */
  notes: string[];
}

/** First sign of a value at a node. Null if there was none. */
export interface Arrival {
  node: string;
  /** First message with it that arrived there. */
  message: { id: number; time_ms: number; from: string } | null;
  /** First read there that showed it. */
  read: { operation: number; time_ms: number } | null;
}

/** Fault that was in force. */
export interface TracedFault {
  name: string;
  start_ms: number;
  end_ms: number;
  nodes: string[];
  text: string;
}

/** Everything that a trace is made from. */
interface Source {
  run: TracedRun;
  events: RunEvents;
  messages: Messages;
  /** Rows of messages whose bodies have the value. */
  rowsWithValue: number[];
  isLate(row: number): boolean;
  /** Times of further arrivals, by row. */
  copies: ReadonlyMap<number, number[]>;
}

/**
 * Traces a subject.
 *
 * @throws {UsageError} There is no such subject, or the run has no messages.
 * @throws {FailedError} A file cannot be read.
 */
export async function readTrace(run: TracedRun, subject: TraceSubject, machine: StoredFiles): Promise<Trace> {
  const { folder, history, results } = run;
  if (!fileExists(`${folder}/${MESSAGES_FILE}`, machine)) {
    throw new UsageError(
      `Cannot trace in ${folder}: it has no ${MESSAGES_FILE}; expected a run that was stored here, as Maelstrom ` +
        "stores no messages",
    );
  }
  const rowsWithValue: number[] = [];
  const hasValue = subject.kind === "value" ? bodiesWith(parseValue(subject.text), keyOf(subject, run)) : () => false;
  const visit = (row: number, body: string) => void (hasValue(body) && rowsWithValue.push(row));
  const source = { folder, history, results: { judged_by: results?.judged_by } };
  const events = await readEvents(source, machine, visit);
  const messages = decodeMessages(events.messages!);
  const copies = new Map<number, number[]>();
  for (const [row, time] of messages.copies) copies.set(row, [...copies.get(row) ?? [], time]);
  const trace = traceOf({ run, events, messages, rowsWithValue, isLate: lateness(messages), copies }, subject);
  return { ...trace, notes: [...trace.notes, ...events.omitted.messages] };
}

function traceOf(source: Source, subject: TraceSubject): Trace {
  if (subject.kind === "operation") return traceOperation(source, subject);
  return subject.kind === "message" ? traceMessage(source, subject) : traceValue(source, subject);
}

function traceOperation(source: Source, subject: TraceSubject & { kind: "operation" }): Trace {
  const row = operationRow(source, subject.index);
  const related = relatedToOperation(causalIndex(source), row);
  const notes = related.own.length > 0 ? [] : [`No message of operation ${subject.index} was found`];
  return relatedTrace(source, subject, [row], related, notes);
}

/** Finds an operation by the index of its invocation or of its completion. */
function operationRow({ events: { operations }, run: { history } }: Source, index: number): number {
  const row = operations.index.findIndex((each, row) => each === index || operations.completion[row] === index);
  if (row !== -1) return row;
  const entry = history.find((each) => each.index === index);
  if (entry?.process === "nemesis") {
    throw new UsageError(`Cannot trace operation ${index}: it is ${entry.f} of the nemesis, expected one of a client`);
  }
  const last = history.at(-1)?.index;
  const expected = last === undefined ? "a history with operations" : `an index of the history, from 0 to ${last}`;
  throw new UsageError(`Cannot find operation ${index}: expected ${expected}`);
}

function traceMessage(source: Source, subject: TraceSubject & { kind: "message" }): Trace {
  const { operation } = source.messages;
  const { id } = source.events.messages!;
  const row = id.indexOf(subject.id);
  if (row === -1) {
    const expected = id.length === 0
      ? "a run with messages"
      : `an id in ${MESSAGES_FILE}, from ${id[0]} to ${id.at(-1)}`;
    throw new UsageError(`Cannot find message ${subject.id}: expected ${expected}`);
  }
  const operations = operation[row] === -1 ? [] : [operation[row]!];
  return relatedTrace(source, subject, operations, relatedToMessage(causalIndex(source), row), []);
}

function causalIndex({ messages, run: { results } }: Source): ReturnType<typeof createCausalIndex> {
  return createCausalIndex(messages, results?.mode === "simulation");
}

/** Trace from the messages that are related to a subject. */
function relatedTrace(
  source: Source,
  subject: TraceSubject,
  operations: readonly number[],
  related: Related,
  notes: readonly string[],
): Trace {
  const { own, causes, effects, links, isWhole } = related;
  const { id } = source.messages;
  const describe = (row: number): TracedMessage => {
    const link = links.get(row);
    const described = describeMessage(source, row);
    return link === undefined ? described : { ...described, via: id[link.via]!, direct: link.isDirect };
  };
  const more = isWhole ? [] : ["There are more related messages; these are the nearest"];
  return {
    schema: 1,
    subject,
    arrivals: [],
    notes: [...notes, ...more],
    operations: operations.map((row) => describeOperation(source, row)),
    causes: causes.map(describe),
    messages: own.map(describe),
    effects: effects.map(describe),
    faults: faultsDuring(source, operations, [...own, ...effects]),
  };
}

function traceValue(source: Source, subject: TraceSubject & { kind: "value" }): Trace {
  const { run } = source;
  const value = parseValue(subject.text);
  const key = keyOf(subject, run);
  const carried = pairs(run.history).map((pair) => carriedBy(pair, run.workload, value, key));
  const operations = carried.flatMap((how, row) => how === undefined ? [] : [row]);
  const rows = rowsThatCarry(source, (row) => carried[row] !== undefined);
  if (operations.length === 0) throw nothingCarries(subject.text, value, source);
  return {
    schema: 1,
    subject,
    causes: [],
    effects: [],
    operations: operations.map((row) => ({ ...describeOperation(source, row), carries: carried[row]! })),
    messages: rows.map((row) => describeMessage(source, row)),
    arrivals: arrivalsOf(source, rows, operations.filter((row) => carried[row] === "read")),
    faults: faultsDuring(source, operations.slice(0, 1), rows),
    notes: key === undefined ? mixedKeys(keysOfValue(run, value)) : [],
  };
}

/** Number of keys that a sentence lists. */
const LISTED_KEYS = 8;

/** Keys of a value, each once, in the order in which a person would list them. */
function keysOfValue({ history, workload }: TracedRun, value: ValueText): ValueText[] {
  const keys = new Set(pairs(history).flatMap((pair) => keysOf(pair, workload, value)));
  return [...keys].sort((a, b) => plainKey(a).localeCompare(plainKey(b), "en", { numeric: true }));
}

function mixedKeys(keys: readonly ValueText[]): string[] {
  if (keys.length < 2) return [];
  return [`The value is in ${keys.length} keys, which are mixed here: --key ${plainKey(keys[0]!)} shows one alone`];
}

/** The key of a value as the history has it: a person need not know if it is a number or a text. */
function keyOf({ text, key }: TraceSubject & { kind: "value" }, run: TracedRun): ValueText | undefined {
  if (key === undefined) return undefined;
  if (!hasKeys(run.workload)) {
    throw new UsageError(`Cannot use --key: values of ${run.workload} have no keys`);
  }
  const [value, asked] = [parseValue(text), parseValue(key)];
  const keys = keysOfValue(run, value);
  const found = keys.find((each) => plainKey(each) === plainKey(asked));
  if (found !== undefined || keys.length === 0) return found ?? asked;
  const listed = keys.slice(0, LISTED_KEYS).map(plainKey).join(", ");
  const more = keys.length > LISTED_KEYS ? ` … (${keys.length} keys)` : "";
  throw new UsageError(`Cannot trace value ${value} of key ${key}: expected a key that has it, ${listed}${more}`);
}

/**
 * Finds the messages that carry a value, of those whose bodies have it. Between client and node, the operation must
 * carry it. Between others, the sender must know it: because it has received such a message before, or because its
 * answer showed the value.
 */
function rowsThatCarry({ messages, rowsWithValue }: Source, carries: (operation: number) => boolean): number[] {
  const { src, dest, sent, received, isClient, operation } = messages;
  /** Time from which on each participant knows the value. */
  const knownFrom = new Map<number, number>();
  const learn = (name: number, time: number) => void knownFrom.set(name, Math.min(time, knownFrom.get(name) ?? time));
  return rowsWithValue.filter((row) => {
    const [from, to] = [src[row]!, dest[row]!];
    const isOfClient = isClient[from]! || isClient[to]!;
    const isKnown = isOfClient ? carries(operation[row]!) : (knownFrom.get(from) ?? Infinity) <= sent[row]!;
    if (!isKnown) return false;
    learn(from, sent[row]!);
    if (!Number.isNaN(received[row])) learn(to, received[row]!);
    return true;
  });
}

function nothingCarries(text: string, value: string, { run: { workload }, rowsWithValue }: Source): UsageError {
  const other = /^"/.test(value) ? "" : `; a text is '"${text}"'`;
  const elsewhere = rowsWithValue.length === 0
    ? ""
    : `; ${rowsWithValue.length} messages have it, but perhaps as something else`;
  return new UsageError(
    `Cannot trace value ${value}: no operation of this ${workload} run has it${elsewhere}; expected a value that was ` +
      `written or read, as JSON or as a text${other}`,
  );
}

/** Finds the first sign of a value at each node: a message that arrived, and a read that showed it. */
function arrivalsOf({ messages, events }: Source, rows: readonly number[], reads: readonly number[]): Arrival[] {
  const { received, sent, src, dest, names, isClient, operation, id } = messages;
  const { index, start, duration } = events.operations;
  const asked = new Map(rows.flatMap((row) => isClient[dest[row]!] ? [[operation[row]!, names[src[row]!]!]] : []));
  const arrived = rows.filter((row) => !Number.isNaN(received[row])).sort((a, b) => received[a]! - received[b]!);
  return events.nodes.map((node) => {
    const row = arrived.find((row) => names[dest[row]!] === node && sent[row]! <= received[row]!);
    const read = reads.find((row) => asked.get(row) === node);
    return {
      node,
      message: row === undefined ? null : { id: id[row]!, time_ms: received[row]! / 1000, from: names[src[row]!]! },
      read: read === undefined
        ? null
        : { operation: index[read]!, time_ms: (start[read]! + Math.max(0, duration[read]!)) / 1000 },
    };
  });
}

/** Faults in force between the first and the last event of some operations and messages. */
function faultsDuring(
  { events: { operations, faults, end }, messages }: Source,
  operationRows: readonly number[],
  rows: readonly number[],
): TracedFault[] {
  const { sent, received } = messages;
  const begins = [...operationRows.map((row) => operations.start[row]!), ...rows.map((row) => sent[row]!)];
  const ends = [
    ...operationRows.map((row) =>
      operations.duration[row]! < 0 ? end : operations.start[row]! + operations.duration[row]!
    ),
    ...rows.map((row) => Number.isNaN(received[row]) ? sent[row]! : received[row]!),
  ];
  const from = begins.reduce((a, b) => Math.min(a, b), Infinity);
  const to = ends.reduce((a, b) => Math.max(a, b), -Infinity);
  return faults.filter((fault) => fault.start <= to && fault.end >= from).map(toFault);
}

function toFault({ name, start, end, nodes, text }: FaultBand): TracedFault {
  return { name, start_ms: start / 1000, end_ms: end / 1000, nodes, text };
}
