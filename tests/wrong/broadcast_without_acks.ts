import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { values: number[] } } };

/** How long a value is sent again and again, ms. */
const PATIENCE = 2000;

/**
 * The mistake: values are sent again, but only for so long. No acknowledgement is asked for, so the node cannot know that a peer still
 * lacks one when it forgets it; a partition that lasts longer than its patience loses it.
 */
export default function broadcastWithoutAcks(node: Node<Messages>): void {
  const values = new Set<number>();
  const outbox = new Set<number>();

  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    outbox.add(message);
    node.after(PATIENCE, () => void outbox.delete(message));
    return {};
  });
  node.every(200, () => {
    if (outbox.size === 0) return;
    for (const peer of node.peers) node.send(peer, { type: "gossip", values: [...outbox] });
  });
  node.on("gossip", (body) => body.values.forEach((value) => values.add(value)));
  node.on("read", () => ({ messages: [...values] }));
}
