import type { KVMessages } from "../../../../messages.ts";
import { type Node, RPCError, serve } from "../../../../../mod.ts";

/** A key-value store on one node. Next: replicate it, for example with Raft. */
export default function store(node: Node<KVMessages<number, number>>): void {
  const values = new Map<number, number>();
  const read = (key: number): number => {
    const value = values.get(key);
    if (value === undefined) throw new RPCError("key-does-not-exist", `key ${key} does not exist`);
    return value;
  };
  node.on("read", ({ key }) => ({ value: read(key) }));
  node.on("write", ({ key, value }) => {
    values.set(key, value);
    return {};
  });
  node.on("cas", ({ key, from, to }) => {
    const value = read(key);
    if (value !== from) throw new RPCError("precondition-failed", `the value is ${value}, not ${from}`);
    values.set(key, to);
    return {};
  });
}

if (import.meta.main) await serve(store);
