/** Module that prints when it is imported. */

import type { AnyNode } from "../../../lib/node.ts";

// deno-lint-ignore no-console
console.log("ready");

export default function idle(_node: AnyNode): void {}
