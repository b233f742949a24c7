/** Module that draws a random number when it is imported. */

import type { AnyNode } from "../../../lib/node.ts";

const salt = Math.random();

export default function echo(node: AnyNode): void {
  node.on("echo", ({ echo }) => ({ echo, salt }));
}
