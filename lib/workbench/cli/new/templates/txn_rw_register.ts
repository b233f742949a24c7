import type { RWRegisterOperation, TxnRWRegisterMessages } from "../../../../messages.ts";
import { type Node, serve } from "../../../../../mod.ts";

/** Transactions on the registers of one node. Next: send what was written to `node.peers`. */
export default function transactions(node: Node<TxnRWRegisterMessages>): void {
  const registers = new Map<number, number>();
  const perform = ([f, key, value]: RWRegisterOperation): RWRegisterOperation => {
    if (f === "r") return ["r", key, registers.get(key) ?? null];
    registers.set(key, value);
    return ["w", key, value];
  };
  node.on("txn", ({ txn }) => ({ txn: txn.map(perform) }));
}

if (import.meta.main) await serve(transactions);
