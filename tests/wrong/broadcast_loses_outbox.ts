import type { Node } from "../../mod.ts";
import type { BroadcastMessages } from "../../lib/messages.ts";

type Messages = BroadcastMessages & { gossip: { request: { values: number[] }; reply: Record<never, never> } };

/** Time between two rounds of sending, ms. */
const PERIOD = 100;
/** Age at which a value in the outbox expires, ms. */
const LIFETIME = 1000;

/**
 * The mistake: a value that is too old is dropped from the outbox before it is sent. That never happens while the node
 * runs. But when a node continues after a pause, its whole outbox has expired.
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
