/** A mistake: each node ends its process when it is asked to broadcast. */

import type { AnyNode } from "../../../lib/node.ts";

export default function broadcast(node: AnyNode): void {
  node.on("topology", () => ({}));
  node.on("read", () => ({ messages: [] }));
  node.on("broadcast", () => Deno.exit(0));
}
