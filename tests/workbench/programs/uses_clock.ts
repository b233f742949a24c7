/** Program with a mistake: its ids come from the real clock. */

import type { AnyNode } from "../../../lib/node.ts";

export default function uniqueIds(node: AnyNode): void {
  let count = 0;
  node.on("generate", () => ({ id: `${Date.now()}-${node.id}-${count++}` }));
}
