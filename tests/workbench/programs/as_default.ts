/** A program as a module's default export. */

import type { AnyNode } from "../../../lib/node.ts";

export default function echo(node: AnyNode): void {
  node.on("echo", ({ echo }) => ({ echo }));
}
