/**
 * The node with which `bench/traffic.ts` measures how late the network's messages are. Of each request of a client, it
 * tells every other node.
 */

import { type AnyNode, serve } from "../../mod.ts";

/** Answers `echo`, and sends a message to each peer before. */
export default function chatter(node: AnyNode): void {
  node.on("echo", ({ echo }) => {
    for (const peer of node.peers) node.send(peer, { type: "note" });
    return { echo };
  });
  node.on("note", () => {});
}

if (import.meta.main) await serve(chatter);
