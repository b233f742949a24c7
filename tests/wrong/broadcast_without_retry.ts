import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { value: number } } };

/** The mistake: a value is sent to each peer once. If a partition drops the message, no node sends it again. */
export default function broadcastWithoutRetry(node: Node<Messages>): void {
  const values = new Set<number>();

  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    for (const peer of node.peers) node.send(peer, { type: "gossip", value: message });
    return {};
  });
  node.on("gossip", ({ value }) => void values.add(value));
  node.on("read", () => ({ messages: [...values] }));
}
