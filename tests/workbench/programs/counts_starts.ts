/** A program that forgets what is broadcast, in a module that counts how often nodes were started with it. */

import type { BroadcastMessages, Node } from "../../../mod.ts";

export const started = { count: 0 };

export default function broadcast(node: Node<BroadcastMessages>): void {
  started.count++;
  node.on("topology", () => ({}));
  node.on("broadcast", () => ({}));
  node.on("read", () => ({ messages: [] }));
}
