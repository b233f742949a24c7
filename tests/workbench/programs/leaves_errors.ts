/** Echo that does not handle an error; the argument says where it is thrown. */

import { type Node, serve } from "../../../mod.ts";

const PLACES: Record<string, (node: Node) => void> = {
  rejection(node) {
    node.on("echo", ({ echo }) => {
      void Promise.reject(new Error("nobody looks"));
      return { echo };
    });
  },
  timer(node) {
    node.on("echo", ({ echo }) => ({ echo }));
    node.every(100, () => {
      throw new Error("nobody looks");
    });
  },
  rpc(node) {
    node.on("echo", ({ echo }) => {
      void node.rpc("lin-kv", { type: "read", key: "none" });
      return { echo };
    });
  },
};

export default function leavesErrors(node: Node, args: readonly string[]): void {
  PLACES[args[0]!]!(node);
}

if (import.meta.main) await serve((node: Node) => leavesErrors(node, Deno.args));
