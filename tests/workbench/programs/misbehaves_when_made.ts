/** A module that does what it should not when it is to make its program; the argument says what. */

import type { AnyNode } from "../../../lib/node.ts";

export function createProgram([what]: readonly string[]): (node: AnyNode) => void {
  let salt: unknown;
  if (what === "exit") Deno.exit(0);
  // deno-lint-ignore no-console
  else if (what === "print") console.log("ready");
  else if (what === "draw") salt = { of: Math.random() };
  return (node) => node.on("echo", ({ echo }) => ({ echo, salt }));
}
