import type { UniqueIdsMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Ids of the node's name and a number. A node that starts again would begin at 1 again: `node.incarnation` differs. */
export default function uniqueIds(node: Node<UniqueIdsMessages>): void {
  let count = 0;
  node.on("generate", () => ({ id: `${node.id}-${node.incarnation}-${++count}` }));
}

if (import.meta.main) await serve(uniqueIds);
