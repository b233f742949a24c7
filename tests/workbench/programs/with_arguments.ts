/** A program that takes arguments: what to put before each echo. */

import type { AnyNode } from "../../../lib/node.ts";

export function createProgram([prefix, ...more]: readonly string[]): (node: AnyNode) => void {
  if (prefix === undefined || more.length > 0) {
    throw new Error(`Cannot use ${more.length} more words: expected one\nno more`);
  }
  return (node) => node.on("echo", ({ echo }) => ({ echo: prefix + echo }));
}
