import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { values: number[] }; reply: Record<never, never> } };

/** How often values are sent, and how old one may become before it counts as out of date, ms. */
const PERIOD = 100;
const LIFETIME = 1000;

/**
 * The mistake: what waits in the outbox for too long is thrown away, before it is sent. That never happens while the node runs; but a
 * node that was paused finds its whole outbox out of date.
 */
export default function broadcastLosesOutbox(node: Node<Messages>): void {
  const values = new Set<number>();
  let outbox: { value: number; since: number }[] = [];

  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    values.add(message);
    outbox.push({ value: message, since: node.now() });
    return {};
  });
  node.every(PERIOD, () => {
    const fresh = outbox.filter(({ since }) => node.now() - since < LIFETIME).map(({ value }) => value);
    outbox = [];
    if (fresh.length === 0) return;
    const retry = { attempts: Infinity, idempotent: true };
    for (const peer of node.peers) void node.rpc(peer, { type: "gossip", values: fresh }, { retry });
  });
  node.on("gossip", (body) => {
    body.values.forEach((value) => values.add(value));
    return {};
  });
  node.on("read", () => ({ messages: [...values] }));
}
