import type { BroadcastMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Broadcast on one node. Next: pass each new value on to `node.peers`. */
export default function broadcast(node: Node<BroadcastMessages>): void {
  const values = new Set<number>();
  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    return {};
  });
  node.on("read", () => ({ messages: [...values] }));
}

if (import.meta.main) await serve(broadcast);
