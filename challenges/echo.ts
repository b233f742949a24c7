/**
 * Challenge 1: answers each message with itself.
 *
 * @module
 */
import type { EchoMessages, Node } from "../mod.ts";
import { serve } from "../mod.ts";

/** The echo program. */
export function echo(node: Node<EchoMessages>): void {
  node.on("echo", ({ echo }) => ({ echo }));
}

export default echo;

if (import.meta.main) await serve(echo);
