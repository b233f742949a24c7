/** Broadcast with a mistake: it sends nothing to other nodes. Its state is at the top level of two modules. */

import type { AnyNode } from "../../../lib/node.ts";
import { add, seen } from "./keeps_state_too.ts";

let starts = 0;

export default function broadcast(node: AnyNode): void {
  starts++;
  node.on("topology", () => ({}));
  node.on("broadcast", ({ message }) => {
    add(message as number);
    return {};
  });
  node.on("read", () => ({ messages: [...seen] }));
  node.on("count", () => ({ starts }));
  node.on("fail", () => {
    node.after(1, () => {
      throw new Error(`at ${import.meta.url}`);
    });
    return {};
  });
}

if (import.meta.main) await Promise.reject(new Error("It is not the main module"));
