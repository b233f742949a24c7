/**
 * Reader of `messages.jsonl`: one line for each send and receive of a message.
 *
 * A send and its receives have the same message id. The text of the body is kept as it is written, because a number in
 * it may not be exact in JavaScript.
 *
 * @module
 */

import { indexer, microseconds } from "./operations.ts";
import type { MessageColumns } from "./report_data.ts";
import { asText, counted } from "../../base/text.ts";

/** Longest text of a body, in characters. */
const LONGEST_BODY = 400;

/** Size of all bodies together, in characters, from which on only the beginnings of further ones are kept. */
const BODIES_BUDGET = 60_000_000;

/** Longest text of a body once the budget is used up, in characters. */
const SHORT_BODY = 100;

/** Number of messages that a page draws without effort. Further ones are left out. */
const MAX_MESSAGES = 1_000_000;

/** Reader of the lines of `messages.jsonl`. */
export interface MessageReader {
  /** Reads one line. A line that is not an entry is counted and skipped. */
  line(text: string): void;
  /** Returns the columns, without operations. */
  end(): MessageColumns;
}

/** Matches the beginning of a line, as the store writes it: time, type, id of the message. */
export const ENTRY = /^\{"id":\d+,"time":(\d+),"type":"(send|recv)",(?:"sender":"[^"]+",)?"message":\{"id":(\d+),/;

/** State of a reader. */
interface State {
  readonly columns: MessageColumns;
  readonly positionOfName: (name: string) => number;
  readonly positionOfType: (type: string) => number;
  /** Row of each message by its id. */
  readonly rows: Map<number, number>;
  /** Time at which each row was sent. */
  readonly sent: number[];
  /** Rows of requests, by source and message id. The latest one counts: a node that restarts begins again. */
  readonly requests: Map<string, number>;
  bodies: number;
  /** Number of bodies that are shorter because of the budget. */
  shortened: number;
  beyond: number;
  unreadable: number;
  readonly visit: (row: number, body: string) => void;
}

/**
 * Creates a reader.
 *
 * @param omitted Receives a note for everything that it leaves out.
 * @param visit Called for each message with its row and the whole text of its body.
 */
export function createMessageReader(
  omitted: string[],
  visit: (row: number, body: string) => void = () => {},
): MessageReader {
  const [names, types] = [indexer(), indexer()];
  const columns = emptyColumns(names.list, types.list);
  const state: State = {
    columns,
    positionOfName: names.positionOf,
    positionOfType: types.positionOf,
    rows: new Map(),
    sent: [],
    requests: new Map(),
    bodies: 0,
    shortened: 0,
    beyond: 0,
    unreadable: 0,
    visit,
  };
  return {
    line: (text) => readLine(state, text),
    end() {
      columns.sent = state.sent.map((time, row) => time - (state.sent[row - 1] ?? 0));
      omitted.push(...notesOf(state));
      return columns;
    },
  };
}

function emptyColumns(names: string[], types: string[]): MessageColumns {
  return {
    names,
    types,
    id: [],
    sent: [],
    delay: [],
    src: [],
    dest: [],
    type: [],
    reply: [],
    operation: [],
    body: [],
    size: [],
    copies: [],
  };
}

function readLine(state: State, text: string): void {
  const match = ENTRY.exec(text);
  if (match === null) {
    if (text.trim() !== "") state.unreadable++;
    return;
  }
  const [, time, type, id] = match;
  if (type === "send") readSend(state, text, Number(id), microseconds(Number(time)));
  else readReceive(state, Number(id), microseconds(Number(time)));
}

function readReceive({ rows, sent, columns: { delay, copies } }: State, id: number, time: number): void {
  const row = rows.get(id);
  if (row === undefined) return;
  const taken = time - sent[row]!;
  if (delay[row] === -1) delay[row] = taken;
  else copies.push([row, taken]);
}

function readSend(state: State, text: string, id: number, time: number): void {
  const { columns, rows, sent } = state;
  if (sent.length >= MAX_MESSAGES) {
    state.beyond++;
    return;
  }
  const parsed = parseStoredMessage(text);
  if (parsed === undefined) {
    state.unreadable++;
    return;
  }
  const { sender, message } = parsed;
  const { src, dest, body } = message;
  const type = asText(body?.type ?? "without type");
  const row = sent.push(time) - 1;
  rows.set(id, row);
  columns.id.push(id);
  columns.delay.push(-1);
  columns.src.push(state.positionOfName(sender ?? src));
  columns.dest.push(state.positionOfName(dest));
  columns.type.push(state.positionOfType(sender === undefined ? type : `${type} in the name of ${src}`));
  columns.reply.push(row - requestOf(state, message, row));
  columns.operation.push(-1);
  const bodyText = bodyIn(text);
  state.visit(row, bodyText);
  columns.size.push(bodyText.length);
  columns.body.push(keptBody(state, bodyText));
}

/** Text of the body in a line of `messages.jsonl`. */
export function bodyIn(line: string): string {
  const at = line.indexOf(',"body":');
  return at === -1 ? "" : line.slice(at + ',"body":'.length, line.lastIndexOf("}}"));
}

/** Fields of a message that a reader uses. */
export interface ParsedMessage {
  src: string;
  dest: string;
  body?: { type?: unknown; msg_id?: unknown; in_reply_to?: unknown };
}

/** Parses a message, and who has sent it if the message names another source. */
export function parseStoredMessage(text: string): { message: ParsedMessage; sender?: string } | undefined {
  try {
    const { message, sender } = JSON.parse(text);
    return typeof message?.src === "string" && typeof message.dest === "string" ? { message, sender } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the row of the request that a message answers, or its own. */
function requestOf({ requests }: State, { src, dest, body }: ParsedMessage, row: number): number {
  if (body?.msg_id !== undefined) requests.set(`${src} ${asText(body.msg_id)}`, row);
  return body?.in_reply_to === undefined ? row : requests.get(`${dest} ${asText(body.in_reply_to)}`) ?? row;
}

/** Returns what is kept of a body. */
function keptBody(state: State, body: string): string {
  const longest = state.bodies > BODIES_BUDGET ? SHORT_BODY : LONGEST_BODY;
  const kept = body.length <= longest ? body : `${body.slice(0, longest)}… (${body.length} characters)`;
  if (longest === SHORT_BODY && kept !== body) state.shortened++;
  state.bodies += kept.length;
  return kept;
}

function notesOf({ shortened, beyond, unreadable, sent }: State): string[] {
  return [
    ...shortened > 0
      ? [`${shortened} bodies are shortened to ${SHORT_BODY} characters; messages.jsonl has them whole`]
      : [],
    ...beyond > 0 ? [`Only the first ${sent.length} messages are here, and not the ${beyond} later ones`] : [],
    ...unreadable > 0
      ? [`${counted(unreadable, "line")} of messages.jsonl ${unreadable === 1 ? "is" : "are"} damaged, and left out`]
      : [],
  ];
}
