/** A module whose default export has to be called for the program first. */

import type { AnyNode } from "../../../lib/node.ts";

export default function createEcho(): (node: AnyNode) => void {
  return (node) => node.on("echo", ({ echo }) => ({ echo }));
}
