/** A module that imports a library which draws on chance, and does not use that. */

import type { AnyNode } from "../../../lib/node.ts";
import "./library_that_draws.ts";

export default function echo(node: AnyNode): void {
  node.on("echo", ({ echo }) => ({ echo }));
}
