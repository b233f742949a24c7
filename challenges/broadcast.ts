/**
 * Challenges 3a to 3c: every value reaches every node, whatever the network loses or cuts. See `docs/broadcast.md`.
 *
 * 1. A client sends a value to a node, which stores it and acknowledges it.
 * 2. The node sends the value to every peer, and again until the peer has acknowledged it. Values that wait for the
 *    same peer go in one message.
 * 3. A peer stores the values that it receives. If a value comes twice, it is stored once.
 * 4. A node that starts asks every peer for its values. So after a kill it gets back what the others have. It sends
 *    these values to every peer, because some peers may lack some of them.
 *
 * @module
 */
import { formatJSON } from "../lib/json.ts";
import type { BroadcastMessages } from "../lib/messages.ts";
import type { Node, RPCOptions } from "../mod.ts";
import { serveWithArguments } from "./shared/arguments.ts";
import { BROADCAST, DELIVER, DELIVERED, expectPeer, MESSAGES, TOPOLOGY } from "./shared/requests.ts";
import { createWorker } from "./shared/worker.ts";

/** Messages of clients, and `deliver`, which nodes send each other. */
type Messages = BroadcastMessages<unknown> & {
  deliver: { request: { values: unknown[] }; reply: Record<never, never> };
};

/** Repeats a request until it is answered: after 250 ms, then every 500 ms; after errors, every 500 ms at least. */
const UNTIL_ANSWERED: RPCOptions = {
  timeout: 250,
  retry: { attempts: Infinity, idempotent: true, maxTimeout: 500, maxBackoff: 500 },
};

/** Values on their way to one peer. */
interface Outbox {
  /** Values that the peer has not acknowledged, oldest first. */
  values: unknown[];
  /** Starts sending, unless that is under way. */
  send: () => void;
}

/** State of a node. */
interface State {
  /** All values. The key is the value as JSON, so that equal values are one. */
  values: Map<string, unknown>;
  /** One for each peer. */
  outboxes: Outbox[];
}

/** The broadcast program. */
export default function broadcast(node: Node<Messages>): void {
  const state: State = { values: new Map(), outboxes: [] };

  node.onInit(() => {
    for (const peer of node.peers) {
      state.outboxes.push(createOutbox(node, peer));
      const recover = createWorker(node, `read the values of ${peer}`, () => recoverFrom(node, peer, state));
      recover();
    }
  });
  // The topology is only a suggestion: every node can reach every other.
  node.on("topology", () => ({}), TOPOLOGY);
  node.on("broadcast", ({ message }) => {
    if (store(state, message)) sendToAll(state, [message]);
    return {};
  }, BROADCAST);
  node.on("deliver", ({ values }, { src }) => {
    expectPeer(node, src);
    for (const value of values) store(state, value);
    return {};
  }, DELIVER);
  node.on("read", () => ({ messages: [...state.values.values()] }));
}

/** Stores a value. Returns true if it is new. */
function store({ values }: State, value: unknown): boolean {
  const json = formatJSON(value);
  const isNew = !values.has(json);
  if (isNew) values.set(json, value);
  return isNew;
}

function sendToAll({ outboxes }: State, added: readonly unknown[]): void {
  if (added.length === 0) return;
  for (const outbox of outboxes) {
    outbox.values.push(...added);
    outbox.send();
  }
}

function createOutbox(node: Node<Messages>, peer: string): Outbox {
  const values: unknown[] = [];
  const send = createWorker(node, `send values to ${peer}`, async () => {
    const sent = [...values];
    await node.rpc(peer, { type: "deliver", values: sent }, { ...UNTIL_ANSWERED, ...DELIVERED });
    values.splice(0, sent.length);
  });
  return { values, send };
}

async function recoverFrom(node: Node<Messages>, peer: string, state: State): Promise<void> {
  const { messages } = await node.rpc(peer, { type: "read" }, { ...UNTIL_ANSWERED, ...MESSAGES });
  sendToAll(state, messages.filter((value) => store(state, value)));
}

if (import.meta.main) await serveWithArguments(broadcast);
