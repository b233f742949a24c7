import type { KafkaMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Logs on one node: an offset is an index. Next: let the nodes agree on offsets, for example through lin-kv. */
export default function logs(node: Node<KafkaMessages>): void {
  const logs = new Map<string, number[]>();
  const committed = new Map<string, number>();
  node.on("send", ({ key, msg }) => {
    const log = logs.get(key) ?? [];
    logs.set(key, log);
    return { offset: log.push(msg) - 1 };
  });
  node.on("poll", ({ offsets }) => {
    const read = (key: string, from: number): [number, number][] =>
      (logs.get(key) ?? []).slice(from).map((message, i) => [from + i, message]);
    const msgs = Object.entries(offsets).map(([key, from]) => [key, read(key, from)] as const);
    return { msgs: Object.fromEntries(msgs.filter(([, messages]) => messages.length > 0)) };
  });
  node.on("commit_offsets", ({ offsets }) => {
    for (const [key, offset] of Object.entries(offsets)) committed.set(key, offset);
    return {};
  });
  node.on("list_committed_offsets", ({ keys }) => {
    const known = keys.filter((key) => committed.has(key));
    return { offsets: Object.fromEntries(known.map((key) => [key, committed.get(key)!])) };
  });
}

if (import.meta.main) await serve(logs);
