import { type Node, seqKV } from "../../mod.ts";
import type { GCounterMessages } from "../../lib/messages.ts";

/** The mistake: read, add, write. It overwrites what another node writes between the read and the write. */
export default function counterWithoutCas(node: Node<GCounterMessages>): void {
  const kv = seqKV<number>(node);
  const latest = () => kv.readLatest("counter").catch(() => 0);

  node.on("add", async ({ delta }) => {
    await kv.write("counter", await latest() + delta);
    return {};
  });
  node.on("read", async () => ({ value: await latest() }));
}
