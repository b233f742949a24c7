/** Program with a mistake: its ids come from the creation time of a `File`, which the guard does not replace. */

import type { AnyNode } from "../../../lib/node.ts";

export default function uniqueIds(node: AnyNode): void {
  let count = 0;
  node.on("generate", () => ({ id: `${new File([], "now").lastModified}-${node.id}-${count++}` }));
}
