import type { Node } from "../../mod.ts";
import type { UniqueIdsMessages } from "../../lib/messages.ts";

/**
 * The mistake: the id is the time in milliseconds. Two requests in one millisecond get the same id, on one node or on
 * two.
 */
export default function idsFromClock(node: Node<UniqueIdsMessages>): void {
  node.on("generate", () => ({ id: Math.floor(node.now()) }));
}
