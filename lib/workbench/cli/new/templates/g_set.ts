import type { GSetMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** A grow-only set on one node. Next: send the elements to `node.peers` now and then. */
export default function growOnlySet(node: Node<GSetMessages>): void {
  const elements = new Set<number>();
  node.on("add", ({ element }) => {
    elements.add(element);
    return {};
  });
  node.on("read", () => ({ value: [...elements] }));
}

if (import.meta.main) await serve(growOnlySet);
