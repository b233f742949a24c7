/** A mistake: the ids are made from the time at which a file is made, which no guard knows. */

import type { AnyNode } from "../../../lib/node.ts";

export default function uniqueIds(node: AnyNode): void {
  let count = 0;
  node.on("generate", () => ({ id: `${new File([], "now").lastModified}-${node.id}-${count++}` }));
}
