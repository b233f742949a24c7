/**
 * The client of workload kafka: sends, and polls the keys that are assigned to it.
 *
 * @module
 */

import { addIntegers, type Integer, largerInteger } from "../../../integers.ts";
import { formatJSON } from "../../base/json.ts";
import type { TestException } from "../../base/test_exception.ts";
import { clip } from "../../base/text.ts";
import type { Connection } from "../../world/connection.ts";
import { withErrors } from "../outcome.ts";
import type { Invocation, Outcome, WorkloadClient } from "../workload.ts";
import type { CompletedPoll, CompletedSend } from "./generator.ts";
import {
  COMMIT_OFFSETS_RPC,
  LIST_COMMITTED_OFFSETS_RPC,
  type LoggedMessage,
  messagesOf,
  POLL_RPC,
  SEND_RPC,
} from "./rpcs.ts";

/** State of a client. */
interface Client {
  readonly connection: Connection;
  readonly node: string;
  /** Next offset to poll, for each assigned key. Polling raises it; an assign may set it back. */
  offsets: Map<string, Integer>;
}

/** Creates a client of one node, to which no keys are assigned. */
export function kafkaClient(connection: Connection, node: string): WorkloadClient {
  const client: Client = { connection, node, offsets: new Map() };
  return { invoke: (invocation) => withErrors(invocation.f === "assign", () => perform(client, invocation)) };
}

async function perform(client: Client, { f, value, seek_to_beginning }: Invocation): Promise<Outcome> {
  if (f === "assign") return await assign(client, value as string[], seek_to_beginning === true);
  if (f === "send") return await send(client, (value as [string, string, unknown][])[0]!);
  if (f === "poll") return await poll(client);
  // A crash: after info the interpreter closes the client and opens another one.
  return { type: "info" };
}

/** Assigns keys. A key that was assigned before continues at its offset, a new one at its committed offset. */
async function assign(client: Client, keys: string[], fromBeginning: boolean): Promise<Outcome> {
  const committed = fromBeginning ? {} : await committedOffsets(client, keys);
  const known = fromBeginning ? new Map<string, Integer>() : client.offsets;
  client.offsets = new Map(keys.map((key) => [key, known.get(key) ?? committed[key] ?? 0]));
  return { type: "ok" };
}

async function committedOffsets({ connection, node }: Client, keys: string[]): Promise<Record<string, Integer>> {
  const reply = await connection.rpc(node, LIST_COMMITTED_OFFSETS_RPC, { keys });
  return reply.offsets as Record<string, Integer>;
}

async function send({ connection, node }: Client, [, key, message]: [string, string, unknown]): Promise<Outcome> {
  const { offset } = await connection.rpc(node, SEND_RPC, { key, msg: message });
  const result: CompletedSend = ["send", key, [offset as Integer, message]];
  return { type: "ok", value: [result] };
}

/**
 * Polls, advances the offsets, and then commits. If the commit fails so does the poll, although its messages are not
 * polled again.
 */
async function poll(client: Client): Promise<Outcome> {
  const { connection, node, offsets } = client;
  const messages = messagesOf(await connection.rpc(node, POLL_RPC, { offsets: Object.fromEntries(offsets) }));
  const mistake = pollMistake(client, messages);
  if (mistake !== undefined) connection.onMistake?.(mistake);
  const highest = new Map<string, Integer>();
  for (const [key, entries] of Object.entries(messages)) {
    const last = entries.reduce<Integer>((max, [offset]) => largerInteger(max, offset), -1);
    offsets.set(key, largerInteger(offsets.get(key) ?? 0, addIntegers(last, 1)));
    if (entries.length > 0) highest.set(key, last);
  }
  if (highest.size > 0) await connection.rpc(node, COMMIT_OFFSETS_RPC, { offsets: Object.fromEntries(highest) });
  const result: CompletedPoll = ["poll", messages];
  return { type: "ok", value: [result] };
}

/** Describes messages that a poll has returned although they are below the offset that it asked for. */
function pollMistake({ node, offsets }: Client, messages: Record<string, LoggedMessage[]>): TestException | undefined {
  for (const [key, entries] of Object.entries(messages)) {
    const asked = offsets.get(key);
    const below = entries.find(([offset]) => asked !== undefined && offset < asked);
    if (below === undefined) continue;
    const message = [
      `Node ${node} answered poll with messages below the offset asked for: key ${JSON.stringify(key)} was asked ` +
      `from ${asked}, got ${below[0]}`,
      `  reply:    ${clip(formatJSON({ [key]: entries }), 160)}`,
      "Return only messages whose offset is the one asked for, or higher",
    ].join("\n");
    return { type: "poll-below-offset", node, message, count: 1 };
  }
  return undefined;
}
