import { type Node, seqKV } from "../../mod.ts";
import type { GCounterMessages } from "../../lib/messages.ts";

/**
 * The mistake: reads are plain reads of seq-kv, which may return any state from the one that this node saw last to the
 * newest. (Adds are correct: they use compare-and-set.)
 */
export default function counterStaleRead(node: Node<GCounterMessages>): void {
  const kv = seqKV<number>(node);

  node.on("add", async ({ delta }) => {
    if (delta > 0) await kv.update("counter", (value) => value + delta, { default: 0, twice: "if-duplicated" });
    return {};
  });
  node.on("read", async () => ({ value: await kv.readOr("counter", 0) }));
}
