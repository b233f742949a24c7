/**
 * Challenge 5a: logs on a single node, in memory. See `docs/kafka.md`.
 *
 * 1. A send appends to the log of its key. Its offset is the length of the log before.
 * 2. A poll returns the messages from an offset on.
 * 3. Clients commit how far they have read: consumer offsets. These only move forward.
 *
 * @module
 */
import type { KafkaMessages } from "../lib/messages.ts";
import type { Node } from "../mod.ts";
import { serveWithArguments } from "./shared/arguments.ts";
import { commit, insert, type KeyLog, listCommitted, poll, readFrom } from "./shared/kafka_log.ts";
import { KEYS, OFFSETS, SEND } from "./shared/requests.ts";

/** The log program for a single node. */
export default function kafkaSingle(node: Node<KafkaMessages<unknown>>): void {
  const logs = new Map<string, KeyLog>();
  /** Consumer offsets by key. */
  const committed = new Map<string, number>();

  node.on("send", ({ key, msg }) => {
    const log = logs.get(key) ?? [];
    logs.set(key, log);
    const offset = log.length;
    insert(log, offset, msg);
    return { offset };
  }, SEND);
  node.on("poll", ({ offsets }) => poll(offsets, (key, from) => readFrom(logs.get(key) ?? [], from)), OFFSETS);
  node.on("commit_offsets", ({ offsets }) => {
    commit(committed, offsets);
    return {};
  }, OFFSETS);
  node.on("list_committed_offsets", ({ keys }) => listCommitted(committed, keys), KEYS);
}

if (import.meta.main) await serveWithArguments(kafkaSingle);
