/** Module whose default export is a function that creates the program. */

import type { AnyNode } from "../../../lib/node.ts";

export default function createEcho(): (node: AnyNode) => void {
  return (node) => node.on("echo", ({ echo }) => ({ echo }));
}
