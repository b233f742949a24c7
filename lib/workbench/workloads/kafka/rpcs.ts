/**
 * The RPCs of workload kafka, as docs/workloads.md documents them.
 *
 * @module
 */

import Type from "typebox";
import type { Integer } from "../../../integers.ts";
import { arrayOf, integer, mapOf, type RPC } from "../../world/rpc_schema.ts";

/** RPC that appends a message. */
export const SEND_RPC: RPC = {
  type: "send",
  doc: "Appends a message to a log. The node assigns it an offset, which is unique in the log and higher than those " +
    "of the messages before it. Offsets may have gaps.",
  request: Type.Object({
    key: Type.String({ description: "the log" }),
    msg: Type.Unknown({ description: "the message" }),
  }),
  reply: Type.Object({ offset: integer({ description: "its offset in the log" }) }),
};

/** RPC that reads messages. */
export const POLL_RPC: RPC = {
  type: "poll",
  doc:
    "Asks for messages of some logs, from given offsets on. The node answers with as many as it likes, in order of " +
    "offset and without skipping any, as pairs `[offset, message]`. A log without messages to return should be " +
    "left out.",
  request: Type.Object({
    offsets: mapOf(integer(), { description: "the lowest offset to return, for each log" }),
  }),
  reply: Type.Object({
    msgs: mapOf(arrayOf(Type.Tuple([integer(), Type.Unknown()])), { description: "the messages of each log" }),
  }),
};

/** RPC that commits offsets. */
export const COMMIT_OFFSETS_RPC: RPC = {
  type: "commit_offsets",
  doc: "Tells the node that messages up to and including these offsets have been processed.",
  request: Type.Object({ offsets: mapOf(integer(), { description: "the highest processed offset of each log" }) }),
  reply: Type.Object({}),
};

/** RPC that reads committed offsets. */
export const LIST_COMMITTED_OFFSETS_RPC: RPC = {
  type: "list_committed_offsets",
  doc: "Asks for the committed offsets of some logs, from which a client continues. Logs without a committed offset " +
    "are left out.",
  request: Type.Object({ keys: Type.Array(Type.String(), { description: "the logs" }) }),
  reply: Type.Object({ offsets: mapOf(integer(), { description: "the committed offset of each log" }) }),
};

/** Message of a log with its offset. */
export type LoggedMessage = [offset: Integer, message: unknown];

/** Returns the messages of a reply to {@linkcode POLL_RPC}, by key. */
export function messagesOf({ msgs }: Record<string, unknown>): Record<string, LoggedMessage[]> {
  const lists = Object.entries(msgs as Record<string, LoggedMessage[] | null>);
  return Object.fromEntries(lists.map(([key, entries]) => [key, entries ?? []]));
}
