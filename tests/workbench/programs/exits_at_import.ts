/** A module that ends its process when it is imported. */

import type { AnyNode } from "../../../lib/node.ts";

// As one does that has found something missing.
Deno.exit(0);

export default function idle(_node: AnyNode): void {}
