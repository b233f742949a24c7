/** A mistake: the ids are made from the memory in use, which no guard knows. */

import type { AnyNode } from "../../../lib/node.ts";

export default function uniqueIds(node: AnyNode): void {
  let count = 0;
  node.on("generate", () => ({ id: `${Deno.memoryUsage().heapUsed}-${node.id}-${count++}` }));
}
