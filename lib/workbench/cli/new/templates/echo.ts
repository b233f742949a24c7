import type { EchoMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Answers each request with the value that it brings. */
export default function echo(node: Node<EchoMessages>): void {
  node.on("echo", ({ echo }) => ({ echo }));
}

if (import.meta.main) await serve(echo);
