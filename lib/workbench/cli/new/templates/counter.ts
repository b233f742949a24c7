import type { GCounterMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** A counter on one node. Next: keep the sum of each node, and share them by gossip or in seq-kv. */
export default function counter(node: Node<GCounterMessages>): void {
  let sum = 0;
  node.on("add", ({ delta }) => {
    sum += delta;
    return {};
  });
  node.on("read", () => ({ value: sum }));
}

if (import.meta.main) await serve(counter);
