import { linKV, type Node } from "../../mod.ts";
import type { KafkaMessages } from "../../lib/messages.ts";

/**
 * The mistake: a send is answered as soon as its offset is known, before the compare-and-set that puts the message
 * there has succeeded. If another node is faster, the message is in no log, and the offset belongs to another message.
 */
export default function logAnswersBeforeCas(node: Node<KafkaMessages<unknown>>): void {
  const kv = linKV<unknown[]>(node);
  const committed = new Map<string, number>();

  node.on("send", async ({ key, msg }) => {
    const log = await kv.readOr(key, []);
    kv.cas(key, log, [...log, msg], { createIfNotExists: log.length === 0 }).catch(() => {
      // Too late: the client already has its answer.
    });
    return { offset: log.length };
  });
  node.on("poll", async ({ offsets }) => {
    const read = Object.entries(offsets).map(async ([key, from]) => {
      const log = await kv.readOr(key, []);
      return [key, log.slice(from).map((msg, i): [number, unknown] => [from + i, msg])] as const;
    });
    return { msgs: Object.fromEntries((await Promise.all(read)).filter(([, rest]) => rest.length > 0)) };
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
