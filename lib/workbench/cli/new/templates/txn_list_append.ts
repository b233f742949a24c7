import type { ListAppendOperation, TxnListAppendMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Transactions on the lists of one node. Next: let the nodes agree on the order of transactions. */
export default function transactions(node: Node<TxnListAppendMessages>): void {
  const lists = new Map<number, number[]>();
  const perform = ([f, key, value]: ListAppendOperation): ListAppendOperation => {
    const list = lists.get(key) ?? [];
    if (f === "r") return ["r", key, lists.has(key) ? [...list] : null];
    lists.set(key, [...list, value]);
    return ["append", key, value];
  };
  node.on("txn", ({ txn }) => ({ txn: txn.map(perform) }));
}

if (import.meta.main) await serve(transactions);
