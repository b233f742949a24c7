/** Program that loses all values, in a module that counts how often it is started. */

import type { Node } from "../../../mod.ts";
import type { BroadcastMessages } from "../../../lib/messages.ts";

export const started = { count: 0 };

export default function broadcast(node: Node<BroadcastMessages>): void {
  started.count++;
  node.on("topology", () => ({}));
  node.on("broadcast", () => ({}));
  node.on("read", () => ({ messages: [] }));
}
