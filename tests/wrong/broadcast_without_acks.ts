import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { values: number[] } } };

/** Time for which a value is sent repeatedly, ms. */
const RETRY_TIME = 2000;

/**
 * The mistake: values are sent repeatedly, but only for 2 s, and peers do not acknowledge them. So the node does not
 * know that a peer still lacks a value when it stops sending it. A partition that lasts longer loses the value.
 */
export default function broadcastWithoutAcks(node: Node<Messages>): void {
  const values = new Set<number>();
  const outbox = new Set<number>();

  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    outbox.add(message);
    node.after(RETRY_TIME, () => void outbox.delete(message));
    return {};
  });
  node.every(200, () => {
    if (outbox.size === 0) return;
    for (const peer of node.peers) node.send(peer, { type: "gossip", values: [...outbox] });
  });
  node.on("gossip", (body) => body.values.forEach((value) => values.add(value)));
  node.on("read", () => ({ messages: [...values] }));
}
