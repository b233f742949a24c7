/** A program that does what it should not when it is started; the argument says what. */

import type { AnyNode } from "../../../lib/node.ts";

export default function misbehaves(node: AnyNode, [what]: readonly string[]): void {
  let salt: unknown;
  if (what === "exit") Deno.exit(0);
  // deno-lint-ignore no-console
  else if (what === "print") console.log("ready");
  else if (what === "draw") salt = { of: Math.random() };
  node.on("echo", ({ echo }) => ({ echo, salt }));
}
