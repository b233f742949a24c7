/**
 * A node on a host that the test is in charge of.
 *
 * @module
 */

import type { Node, Program } from "../lib/node.ts";
import { type NodeHandle, startNode } from "../lib/start_node.ts";
import { type FakeHost, fakeHost, init } from "./fake_host.ts";

/** Starts a program as n0 of n0, n1, n2; what it sends from then on is `host.take()`. */
export async function start(program: Program): Promise<{ host: FakeHost; handle: NodeHandle; node: Node }> {
  const host = fakeHost();
  let node!: Node;
  const handle = startNode((started) => program(node = started), host);
  handle.receive(init("n0", ["n0", "n1", "n2"]));
  await host.settle();
  host.take();
  return { host, handle, node };
}
