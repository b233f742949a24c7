/**
 * A node on a {@linkcode FakeHost}.
 *
 * @module
 */

import type { Node, Program } from "../lib/node.ts";
import { type NodeHandle, startNode } from "../lib/start_node.ts";
import type { Body } from "../lib/protocol.ts";
import { createFakeHost, type FakeHost, init, request } from "./fake_host.ts";

/** A node that is ready: its `init` has been answered. */
export interface TestNode {
  host: FakeHost;
  handle: NodeHandle;
  node: Node;
}

/** Starts a program as n0 and makes it ready. `host.take()` returns what it sends from then on. */
export async function startTestNode(
  program: Program = () => {},
  { host = createFakeHost(), nodeIds = ["n0", "n1", "n2"] } = {},
): Promise<TestNode> {
  let node!: Node;
  const handle = startNode((started) => program(node = started), host);
  handle.receive(init("n0", nodeIds));
  await host.settle();
  host.take();
  return { host, handle, node };
}

/** Sends a program one request from c1, and returns what it sends. */
export async function ask(program: Program, body: Body, host = createFakeHost()): Promise<Record<string, unknown>[]> {
  const { handle } = await startTestNode(program, { host });
  handle.receive(request({ msg_id: 7, ...body }));
  await handle.idle();
  return host.take().map(({ dest, body }) => ({ dest, ...body }));
}
