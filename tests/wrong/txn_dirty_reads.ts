import { type Node, RPCError } from "../../mod.ts";
import type { TxnRWRegisterMessages } from "../../lib/messages.ts";

type Messages = TxnRWRegisterMessages & {
  replicate: { request: { writes: [number, number][] }; reply: Record<never, never> };
};

/**
 * The mistake: a transaction writes at its own node before the other nodes have accepted the writes. If one does not,
 * the transaction fails, but its writes stay at this node, and other transactions read them.
 */
export default function txnDirtyReads(node: Node<Messages>): void {
  const state = new Map<number, number>();

  node.on("txn", async ({ txn }) => {
    const writes: [number, number][] = [];
    const done = txn.map(([f, key, value]): typeof txn[number] => {
      if (f === "r") return [f, key, state.get(key) ?? null];
      state.set(key, value);
      writes.push([key, value]);
      return [f, key, value];
    });
    try {
      await Promise.all(node.peers.map((peer) => node.rpc(peer, { type: "replicate", writes })));
    } catch {
      throw new RPCError("txn-conflict", "not all nodes can be reached");
    }
    return { txn: done };
  });
  node.on("replicate", ({ writes }) => {
    for (const [key, value] of writes) state.set(key, value);
    return {};
  });
}
