/**
 * A node that makes calls, for the tests of {@linkcode Node.rpc}.
 *
 * @module
 */

import type { Node } from "../lib/node.ts";
import { type NodeHandle, startNode } from "../lib/start_node.ts";
import { ERRORS, type Message } from "../lib/protocol.ts";
import type { RPCOptions } from "../lib/rpc.ts";
import { type FakeHost, fakeHost, init } from "./fake_host.ts";

/** A node n0 that calls n1, which the test plays. */
export interface Caller {
  host: FakeHost;
  node: Node;
  handle: NodeHandle;
  /** Calls n1, and returns the promise and the request as it went out. */
  call(options?: RPCOptions): { reply: Promise<Record<string, unknown>>; request: Message };
  /** Lets n1 answer a request. */
  answer(request: Message, fields?: Record<string, unknown>): void;
}

/** Starts it, on a {@linkcode fakeHost}. */
export async function startCaller(): Promise<Caller> {
  const host = fakeHost();
  let node!: Node;
  const handle = startNode((started) => void (node = started), host);
  handle.receive(init("n0", ["n0", "n1"]));
  await host.settle();
  return {
    host,
    node,
    handle,
    call(options) {
      const reply = node.rpc("n1", { type: "ask", question: 6 }, options);
      return { reply, request: host.sent.at(-1)! };
    },
    answer({ src, dest, body }, fields) {
      handle.receive({ src: dest, dest: src, body: { type: "ask_ok", in_reply_to: body.msg_id, ...fields } });
    },
  };
}

/** The fields of an error reply. */
export function errorFields(name: keyof typeof ERRORS): { type: "error"; code: number; text: string } {
  return { type: "error", code: ERRORS[name].code, text: "as it happens" };
}
