import type { Node } from "../../mod.ts";
import type { KafkaMessages } from "../../lib/messages.ts";

type Messages = KafkaMessages<unknown> & { replicate: { request: { key: string; offset: number; msg: unknown } } };

/**
 * The mistake: every node gives out the next offset of its own copy of the log, and a message from another node
 * replaces what is at its offset. Two sends at the same time get the same offset, and one message overwrites the other.
 */
export default function logLastWriterWins(node: Node<Messages>): void {
  const logs = new Map<string, [offset: number, msg: unknown][]>();
  const committed = new Map<string, number>();

  function put(key: string, offset: number, msg: unknown): void {
    if (!logs.has(key)) logs.set(key, []);
    logs.get(key)![offset] = [offset, msg];
  }

  node.on("send", ({ key, msg }) => {
    const offset = logs.get(key)?.length ?? 0;
    put(key, offset, msg);
    for (const peer of node.peers) node.send(peer, { type: "replicate", key, offset, msg });
    return { offset };
  });
  node.on("replicate", ({ key, offset, msg }) => put(key, offset, msg));
  node.on("poll", ({ offsets }) => {
    const msgs: Record<string, [number, unknown][]> = {};
    for (const [key, from] of Object.entries(offsets)) {
      // A message that has not arrived yet leaves a hole, which filter skips.
      const rest = (logs.get(key) ?? []).filter(([offset]) => offset >= from);
      if (rest.length > 0) msgs[key] = rest;
    }
    return { msgs };
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
