/** Module that ends its process when it is imported. */

import type { AnyNode } from "../../../lib/node.ts";

// As a program does whose configuration is missing.
Deno.exit(0);

export default function idle(_node: AnyNode): void {}
