/** A mistake: the state is outside of the program, so that all nodes share it, and one run the state of the run before. */

import type { AnyNode } from "../../../lib/node.ts";

let count = 0;

export default function uniqueIds(node: AnyNode): void {
  node.on("generate", () => ({ id: `${node.id}-${count++}` }));
}
