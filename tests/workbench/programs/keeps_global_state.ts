/** Program with a mistake: its state is in the global object, which all nodes and consecutive runs share. */

import type { AnyNode } from "../../../lib/node.ts";

const shared = globalThis as { ids?: number };

export default function uniqueIds(node: AnyNode): void {
  shared.ids ??= 0;
  node.on("generate", () => ({ id: `${node.id}-${shared.ids!++}` }));
}
