/**
 * Workload kafka: logs to which messages are appended, and which are read from where one left off.
 *
 * Source: Maelstrom's `workload/kafka.clj`.
 *
 * @module
 */

import Type from "typebox";
import { identify, type Identity, showIdentity } from "../checkers/identify.ts";
import { checkKafka } from "../checkers/kafka/mod.ts";
import type { Operation } from "../history/operation.ts";
import { arrayOf, mapOf, type RPC } from "../world/rpc_schema.ts";
import type { Convergence, Outcome, Workload, WorkloadClient } from "./workload.ts";
import type { Connection } from "../world/connection.ts";
import { haveAll, lackingElements } from "./have_all.ts";
import { kafkaFinalPolls, kafkaOperations, type Polled, type Sent } from "./kafka_generator.ts";
import { withErrors } from "./outcome.ts";

const SEND: RPC = {
  type: "send",
  doc:
    "Appends a message to a log. The node gives it an offset, which no other message of the log has, and which is higher than those of " +
    "the messages before it. Offsets may have gaps.",
  request: Type.Object({
    key: Type.String({ description: "which log" }),
    msg: Type.Unknown({ description: "the message" }),
  }),
  reply: Type.Object({ offset: Type.Integer({ description: "its offset in the log" }) }),
};

const POLL: RPC = {
  type: "poll",
  doc:
    "Asks for messages of some logs, from given offsets on. The node answers with as many as it likes, in order of offset and without " +
    "leaving any out, as pairs `[offset, message]`. A log without messages to return should be left out.",
  request: Type.Object({ offsets: mapOf(Type.Integer(), { description: "the first offset wanted of each log" }) }),
  reply: Type.Object({
    msgs: mapOf(arrayOf(Type.Tuple([Type.Integer(), Type.Unknown()])), { description: "the messages of each log" }),
  }),
};

const COMMIT_OFFSETS: RPC = {
  type: "commit_offsets",
  doc: "Tells the node that messages up to and including these offsets have been processed.",
  request: Type.Object({ offsets: mapOf(Type.Integer(), { description: "the highest offset done with of each log" }) }),
  reply: Type.Object({}),
};

const LIST_COMMITTED_OFFSETS: RPC = {
  type: "list_committed_offsets",
  doc: "Asks for the committed offsets of some logs, where a client is to begin. Logs without any are left out.",
  request: Type.Object({ keys: Type.Array(Type.String(), { description: "which logs" }) }),
  reply: Type.Object({ offsets: mapOf(Type.Integer(), { description: "the committed offset of each log" }) }),
};

/** Workload kafka. */
export const kafka: Workload = {
  name: "kafka",
  doc:
    "Logs in the manner of Kafka, each under a key. Clients append messages, and poll the logs that are assigned to them, each from " +
    "where it left off; they commit what they have polled. No acknowledged message may be lost, and every client must see the " +
    "messages of a log in the order of their offsets, without gaps. Now and then clients are assigned other logs, or crash and are replaced.",
  rpcs: [SEND, POLL, COMMIT_OFFSETS, LIST_COMMITTED_OFFSETS],
  mayNeverSucceed: ["crash", "debug-topic-partitions"],
  reusable: false,
  client: kafkaClient,
  generator: kafkaOperations,
  final: {
    generator: (options, _random, history) => kafkaFinalPolls(options, history),
    timeLimitSeconds: 10,
    ratePerWorker: 5,
  },
  convergence: kafkaConvergence,
  check: (history) => checkKafka(history),
};

function kafkaClient(connection: Connection, node: string): WorkloadClient {
  /** The offset to poll next, of each key that is assigned. */
  let offsets = new Map<string, number>();

  async function assign(keys: string[], fromBeginning: boolean): Promise<Outcome> {
    const committed = fromBeginning ? {} : await committedOffsets(keys);
    const known = fromBeginning ? new Map<string, number>() : offsets;
    offsets = new Map(keys.map((key) => [key, known.get(key) ?? committed[key] ?? 0]));
    return { type: "ok" };
  }

  async function committedOffsets(keys: string[]): Promise<Record<string, number>> {
    const reply = await connection.rpc(node, LIST_COMMITTED_OFFSETS, { keys });
    return reply.offsets as Record<string, number>;
  }

  async function send([, key, message]: [string, string, unknown]): Promise<Outcome> {
    const { offset } = await connection.rpc(node, SEND, { key, msg: message });
    const result: Sent = ["send", key, [offset as number, message]];
    return { type: "ok", value: [result] };
  }

  /** Polls, moves on, and only then commits: where the commit fails, so does the poll, although its messages will not come again. */
  async function poll(): Promise<Outcome> {
    const messages = messagesOf(await connection.rpc(node, POLL, { offsets: Object.fromEntries(offsets) }));
    const highest = new Map<string, number>();
    for (const [key, pairs] of Object.entries(messages)) {
      const last = pairs.reduce((max, [offset]) => Math.max(max, offset), -1);
      offsets.set(key, Math.max(offsets.get(key) ?? 0, last + 1));
      if (pairs.length > 0) highest.set(key, last);
    }
    if (highest.size > 0) await connection.rpc(node, COMMIT_OFFSETS, { offsets: Object.fromEntries(highest) });
    const result: Polled = ["poll", messages];
    return { type: "ok", value: [result] };
  }

  return {
    invoke: ({ f, value, seek_to_beginning: fromBeginning }) =>
      withErrors(f === "assign", async () => {
        if (f === "assign") return await assign(value as string[], fromBeginning === true);
        if (f === "send") return await send((value as [string, string, unknown][])[0]!);
        if (f === "poll") return await poll();
        // A crash: the client is torn down after it, as after anything that nobody knows the end of.
        return { type: "info" };
      }),
  };
}

/** Every node must show all messages that were acknowledged or polled, at their offsets. Each is asked for what is new since it last was. */
function kafkaConvergence(history: readonly Operation[]): Convergence {
  const known = new Set<Identity>();
  const keys = new Set<string>();
  // What identify() would make of it, in a fraction of the time.
  const identifyMessage = (key: string, [offset, message]: [number, unknown]) =>
    `\u0000[${JSON.stringify(key)},${offset},${showIdentity(identify(message))}]`;
  for (const { type, f, value } of history) {
    if (f === "send") keys.add((value as Sent[])[0]![1]);
    if (type !== "ok") continue;
    if (f === "send") { for (const [, key, pair] of value as Sent[]) known.add(identifyMessage(key, pair)); }
    if (f !== "poll") continue;
    for (const [, messages] of value as Polled[]) {
      for (const [key, pairs] of Object.entries(messages)) {
        pairs.forEach((pair) => known.add(identifyMessage(key, pair)));
      }
    }
  }
  const states = new Map<string, { next: Record<string, number>; seen: Set<Identity> }>();
  return {
    async look(connection, node) {
      const fresh = { next: Object.fromEntries(Array.from(keys, (key) => [key, 0])), seen: new Set<Identity>() };
      const { next, seen } = states.getOrInsert(node, fresh);
      for (let more = true; more;) {
        more = false;
        for (const [key, pairs] of Object.entries(messagesOf(await connection.rpc(node, POLL, { offsets: next })))) {
          for (const pair of pairs) {
            more ||= pair[0] >= next[key]!;
            next[key] = Math.max(next[key]!, pair[0] + 1);
            seen.add(identifyMessage(key, pair));
          }
        }
      }
      return seen;
    },
    isComplete: (seen) => haveAll(seen as Set<Identity>[], known),
    lacking: (seen) => lackingElements(seen as Map<string, Set<Identity>>, known, "messages [key, offset, message]"),
  };
}

function messagesOf({ msgs }: Record<string, unknown>): Record<string, [number, unknown][]> {
  const lists = Object.entries(msgs as Record<string, [number, unknown][] | null>);
  return Object.fromEntries(lists.map(([key, pairs]) => [key, pairs ?? []]));
}
