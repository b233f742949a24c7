/** Program with a mistake: it ends its process when it receives a broadcast. */

import type { AnyNode } from "../../../lib/node.ts";

export default function broadcast(node: AnyNode): void {
  node.on("topology", () => ({}));
  node.on("read", () => ({ messages: [] }));
  node.on("broadcast", () => Deno.exit(0));
}
