/** Program with a mistake: its state is a global variable, which all nodes and consecutive runs share. */

import type { AnyNode } from "../../../lib/node.ts";

let count = 0;

export default function uniqueIds(node: AnyNode): void {
  node.on("generate", () => ({ id: `${node.id}-${count++}` }));
}
