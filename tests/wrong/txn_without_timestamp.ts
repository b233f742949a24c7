import type { Node } from "../../mod.ts";
import type { TxnRWRegisterMessages } from "../../lib/messages.ts";

type Messages = TxnRWRegisterMessages & {
  replicate: { request: { writes: [number, number][] }; reply: Record<never, never> };
};

/**
 * The mistake: the write that arrives last wins, instead of the one with the highest timestamp. Two nodes that write a
 * key at the same time each keep the value of the other one forever.
 */
export default function txnWithoutTimestamp(node: Node<Messages>): void {
  const state = new Map<number, number>();

  node.on("txn", ({ txn }) => {
    const writes: [number, number][] = [];
    const done = txn.map(([f, key, value]): typeof txn[number] => {
      if (f === "r") return [f, key, state.get(key) ?? null];
      state.set(key, value);
      writes.push([key, value]);
      return [f, key, value];
    });
    const retry = { attempts: Infinity, idempotent: true };
    for (const peer of node.peers) void node.rpc(peer, { type: "replicate", writes }, { retry });
    return { txn: done };
  });
  node.on("replicate", ({ writes }) => {
    for (const [key, value] of writes) state.set(key, value);
    return {};
  });
}
