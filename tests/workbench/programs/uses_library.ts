/** Module that imports a library which draws a random number, and does not use the number. */

import type { AnyNode } from "../../../lib/node.ts";
import "./library_that_draws.ts";

export default function echo(node: AnyNode): void {
  node.on("echo", ({ echo }) => ({ echo }));
}
