/** A program that logs when it is ready. */

import type { AnyNode } from "../../../lib/node.ts";

export default function logs(node: AnyNode, args: readonly string[]): void {
  if (args.length > 0) throw new Error(`Cannot use ${args}: expected nothing`);
  node.on("echo", ({ echo }) => ({ echo }));
  node.onInit(() => {
    node.log.debug("details");
    node.log.info("hello");
  });
}
