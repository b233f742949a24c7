/** Program that loses all values, and counts in a global object how often it is started. */

import type { Node } from "../../../mod.ts";
import type { BroadcastMessages } from "../../../lib/messages.ts";

export default function broadcast(node: Node<BroadcastMessages>): void {
  const started = (globalThis as unknown as { started: { count: number } }).started;
  started.count++;
  node.on("topology", () => ({}));
  node.on("broadcast", () => ({}));
  node.on("read", () => ({ messages: [] }));
}
