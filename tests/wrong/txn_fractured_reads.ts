import type { Node } from "../../mod.ts";
import type { TxnListAppendMessages } from "../../lib/messages.ts";

type Txn = TxnListAppendMessages["txn"]["request"]["txn"];
type Messages = TxnListAppendMessages & {
  forward: TxnListAppendMessages["txn"];
  replicate: { request: { number: number; key: number; list: number[] } };
};

/**
 * The mistake: n0 runs all transactions that write, one after another, but sends the lists that a transaction has
 * changed to the other nodes in separate messages. These are numbered, and nodes apply them in that order. But a read
 * between two of them sees half a transaction.
 */
export default function txnFracturedReads(node: Node<Messages>): void {
  const state = new Map<number, number[]>();
  const ahead = new Map<number, [key: number, list: number[]]>();
  let applied = 0;

  function perform(txn: Txn): { txn: Txn } {
    return {
      txn: txn.map(([f, key, value]) => {
        if (f === "r") return [f, key, state.get(key) ?? null];
        state.set(key, [...state.get(key) ?? [], value]);
        return [f, key, value];
      }),
    };
  }

  function write(txn: Txn): { txn: Txn } {
    const reply = perform(txn);
    const written = new Set(txn.filter(([f]) => f === "append").map(([, key]) => key));
    for (const key of written) {
      const number = applied++;
      for (const peer of node.peers) node.send(peer, { type: "replicate", number, key, list: state.get(key)! });
    }
    return reply;
  }

  node.on("txn", async ({ txn }) => {
    if (txn.every(([f]) => f === "r")) return perform(txn);
    if (node.id === "n0") return write(txn);
    const { txn: done } = await node.rpc("n0", { type: "forward", txn });
    return { txn: done };
  });
  node.on("forward", ({ txn }) => write(txn));
  node.on("replicate", ({ number, key, list }) => {
    ahead.set(number, [key, list]);
    for (let next = ahead.get(applied); next !== undefined; next = ahead.get(++applied)) state.set(...next);
  });
}
