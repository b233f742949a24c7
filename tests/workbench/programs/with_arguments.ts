/** A program that takes arguments: what to put before each echo. */

import type { AnyNode } from "../../../lib/node.ts";

export default function withArguments(node: AnyNode, [prefix, ...more]: readonly string[]): void {
  if (prefix === undefined || more.length > 0) {
    throw new Error(`Cannot use ${more.length} more words: expected one\nno more`);
  }
  node.on("echo", ({ echo }) => ({ echo: prefix + echo }));
}
