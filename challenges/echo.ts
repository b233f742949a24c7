/**
 * Challenge 1: answers each message with its own content. See `docs/echo.md`.
 *
 * @module
 */
import type { Node } from "../mod.ts";
import type { EchoMessages } from "../lib/messages.ts";
import { serveWithArguments } from "./shared/arguments.ts";
import { ECHO } from "./shared/requests.ts";

/** The echo program. */
export default function echo(node: Node<EchoMessages>): void {
  node.on("echo", ({ echo }) => ({ echo }), ECHO);
}

if (import.meta.main) await serveWithArguments(echo);
