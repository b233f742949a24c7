/** Module whose default export is a program. */

import type { AnyNode } from "../../../lib/node.ts";

export default function echo(node: AnyNode): void {
  node.on("echo", ({ echo }) => ({ echo }));
}
