import type { Node } from "../../mod.ts";
import type { TxnListAppendMessages } from "../../lib/messages.ts";

type Txn = TxnListAppendMessages["txn"]["request"]["txn"];
type Messages = TxnListAppendMessages & {
  forward: TxnListAppendMessages["txn"];
  replicate: { request: { number: number; lists: [key: number, list: number[]][] } };
};

/**
 * The right twin of `txn_fractured_reads.ts`: a primary, n0, runs all transactions that write, one after another. It
 * sends the lists that a transaction has changed to the other nodes in one message. The messages are numbered, and
 * nodes apply them in that order.
 */
export default function txnPrimary(node: Node<Messages>): void {
  const state = new Map<number, number[]>();
  const ahead = new Map<number, [number, number[]][]>();
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
    const lists = Array.from(written, (key): [number, number[]] => [key, state.get(key)!]);
    const number = applied++;
    for (const peer of node.peers) node.send(peer, { type: "replicate", number, lists });
    return reply;
  }

  node.on("txn", async ({ txn }) => {
    if (txn.every(([f]) => f === "r")) return perform(txn);
    if (node.id === "n0") return write(txn);
    const { txn: done } = await node.rpc("n0", { type: "forward", txn });
    return { txn: done };
  });
  node.on("forward", ({ txn }) => write(txn));
  node.on("replicate", ({ number, lists }) => {
    ahead.set(number, lists);
    for (let next = ahead.get(applied); next !== undefined; next = ahead.get(++applied)) {
      for (const [key, list] of next) state.set(key, list);
    }
  });
}
