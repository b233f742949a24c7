/** Program of which there cannot be an instance for each node, as its module waits, and whose state is a variable. */

import type { AnyNode } from "../../../lib/node.ts";

const text = await Deno.readTextFile(new URL(import.meta.url));
let count = text.length;

export default function uniqueIds(node: AnyNode): void {
  node.on("generate", () => ({ id: `${node.id}-${count++}` }));
}
