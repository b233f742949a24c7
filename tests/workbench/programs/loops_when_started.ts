/** A program with arguments that computes without end when it is started. */

import type { AnyNode } from "../../../lib/node.ts";

export default function loops(_node: AnyNode, _args: readonly string[]): never {
  for (;;);
}
