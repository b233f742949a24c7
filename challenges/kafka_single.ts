/**
 * Challenge 5a: logs on a single node, in memory. See `docs/kafka.md`.
 *
 * @module
 */
import { type Node, serve } from "../mod.ts";
import type { KafkaMessages } from "../lib/messages.ts";
import { commit, insert, listCommitted, type Log, poll, readFrom } from "./shared/kafka_log.ts";
import { KEYS, OFFSETS, SEND } from "./shared/requests.ts";

/** The single-node log program. */
export default function kafkaSingle(node: Node<KafkaMessages<unknown>>): void {
  const logs = new Map<string, Log>();
  const committed = new Map<string, number>();

  node.on("send", ({ key, msg }) => {
    if (!logs.has(key)) logs.set(key, []);
    const log = logs.get(key)!;
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

if (import.meta.main) await serve(kafkaSingle);
