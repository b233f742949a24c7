import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { values: number[] }; reply: Record<never, never> } };

/** Time between two sends of the outbox, ms. */
const PERIOD = 100;
/** Age at which a value counts as out of date, ms. */
const LIFETIME = 1000;

/**
 * The mistake: a value that has waited in the outbox for too long is dropped before it is sent. That never happens
 * while the node runs. But after a pause, the whole outbox is out of date.
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
