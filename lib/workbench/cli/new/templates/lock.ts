import { type Node, RPCError, serve } from "../../../../../mod.ts";

/** A lock on one node. Next: let the nodes agree on who holds it, for example through lin-kv. */
export default function lock(node: Node): void {
  let holder: string | undefined;
  node.on("lock", (_, { src }) => {
    if (holder !== undefined && holder !== src) {
      throw new RPCError("temporarily-unavailable", `${holder} holds the lock`);
    }
    holder = src;
    return {};
  });
  node.on("unlock", (_, { src }) => {
    if (holder !== src) throw new RPCError("precondition-failed", `${src} does not hold the lock`);
    holder = undefined;
    return {};
  });
}

if (import.meta.main) await serve(lock);
