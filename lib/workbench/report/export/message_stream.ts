/**
 * Sends and receives of `messages.jsonl`, one at a time: a run may have more messages than fit into memory.
 *
 * 1. {@linkcode surveyMessages} reads the file once: how often each message arrives, and which worker each client
 *    belongs to.
 * 2. {@linkcode messageEvents} reads it again. A message is in memory from its send to its last receive.
 *
 * @module
 */

import { clip } from "../../base/text.ts";
import { bodyIn, ENTRY, parseStoredMessage } from "../html/messages.ts";
import { PREPARATIONS, workerOf } from "../html/link_operations.ts";
import { microseconds } from "../html/operations.ts";
import type { OperationColumns } from "../html/report_data.ts";
import { MESSAGES_FILE } from "../html/run_events.ts";
import { readLines } from "../stored/read_lines.ts";
import type { StoredFiles } from "../stored/stored_run.ts";

/** Facts about all messages of a run. */
export interface Survey {
  /** Number of messages that were sent. */
  count: number;
  /** Number of sends and receives. */
  events: number;
  /** Returns the number of times that a message was received. */
  arrivals(id: number): number;
  /** Worker of each client that belongs to one. */
  workers: ReadonlyMap<string, number>;
}

/** Message that was sent. */
export interface SentMessage {
  id: number;
  /** Microseconds since the test began. */
  sent: number;
  /** Participant that has sent it. */
  from: string;
  to: string;
  /** Type of its body; with the source that it names, if that is not the sender. */
  type: string;
  /** Body as JSON. */
  body: string;
}

/** Send or receive of a message. */
export interface MessageEvent {
  kind: "send" | "receive";
  /** Microseconds since the test began. */
  time: number;
  message: SentMessage;
}

/** Number of requests of a client that show which worker it belongs to. */
const VOTES = 100;

/** Longest type of a message that is kept, in characters. Nodes may send any. */
const LONGEST_TYPE = 100;

const CLIENT_REQUEST = /"message":\{"id":\d+,"src":"(c\d+)","dest":"[^"]*","body":\{(?:"type":"(\w+)")?/;

/**
 * Surveys the messages of a run.
 *
 * @param folder The run's folder.
 * @throws {FailedError} The file cannot be read.
 */
export async function surveyMessages(
  folder: string,
  operations: OperationColumns,
  machine: Pick<StoredFiles, "openFile">,
): Promise<Survey> {
  let [count, events] = [0, 0];
  // A byte for each message, as ids are consecutive. It counts up to 255, which no message reaches.
  let received = new Uint8Array(1 << 16);
  const requests = new Map<string, number[]>();
  for await (const line of readLines(`${folder}/${MESSAGES_FILE}`, machine)) {
    const match = ENTRY.exec(line);
    if (match === null) continue;
    const [, time, type, text] = match;
    events++;
    if (type === "send") {
      count++;
      noteRequest(line, microseconds(Number(time)), requests);
      continue;
    }
    const id = Number(text);
    if (id >= received.length) received = grown(received, id);
    if (id < received.length) received[id]! += received[id]! < 255 ? 1 : 0;
  }
  const found = Array.from(requests, ([client, times]) => [client, workerOf(times, operations)] as const);
  const workers = new Map(found.filter((each): each is [string, number] => each[1] !== undefined));
  return { count, events, arrivals: (id) => received[id] ?? 0, workers };
}

/** Largest id that is counted: beyond it, a file is not one of ours. */
const LARGEST_ID = 1 << 30;

function grown(bytes: Uint8Array<ArrayBuffer>, id: number): Uint8Array<ArrayBuffer> {
  if (id > LARGEST_ID) return bytes;
  const longer = new Uint8Array(Math.max(2 * bytes.length, id + 1));
  longer.set(bytes);
  return longer;
}

/** Notes the time of a client's request, if the line is one. */
function noteRequest(line: string, time: number, requests: Map<string, number[]>): void {
  const [, client, type] = CLIENT_REQUEST.exec(line) ?? [];
  if (client === undefined || PREPARATIONS.includes(type ?? "")) return;
  const times = requests.get(client);
  if (times === undefined) requests.set(client, [time]);
  else if (times.length < VOTES) times.push(time);
}

/**
 * Reads sends and receives in the order in which they happened. Lines that are damaged are left out, and receives of
 * messages whose send is.
 *
 * @param folder The run's folder.
 * @throws {FailedError} The file cannot be read.
 */
export async function* messageEvents(
  folder: string,
  { arrivals }: Survey,
  machine: Pick<StoredFiles, "openFile">,
): AsyncGenerator<MessageEvent> {
  /** Messages under way, each with the number of its arrivals to come. Those that never arrive are not kept. */
  const underWay = new Map<number, { message: SentMessage; arrivals: number }>();
  for await (const line of readLines(`${folder}/${MESSAGES_FILE}`, machine)) {
    const match = ENTRY.exec(line);
    if (match === null) continue;
    const [id, time] = [Number(match[3]), microseconds(Number(match[1]))];
    if (match[2] === "send") {
      const message = sentMessage(id, time, line);
      if (message === undefined) continue;
      if (arrivals(id) > 0) underWay.set(id, { message, arrivals: arrivals(id) });
      yield { kind: "send", time, message };
      continue;
    }
    const known = underWay.get(id);
    if (known === undefined) continue;
    if (--known.arrivals === 0) underWay.delete(id);
    yield { kind: "receive", time, message: known.message };
  }
}

function sentMessage(id: number, sent: number, line: string): SentMessage | undefined {
  const parsed = parseStoredMessage(line);
  if (parsed === undefined) return undefined;
  const { sender, message: { src, dest, body } } = parsed;
  const type = typeof body?.type === "string" ? clip(body.type, LONGEST_TYPE) : "without type";
  const named = sender === undefined ? type : `${type} in the name of ${src}`;
  return { id, sent, from: sender ?? src, to: dest, type: named, body: bodyIn(line) };
}
