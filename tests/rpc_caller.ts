/**
 * A node that sends requests, for the tests of {@linkcode Node.rpc}.
 *
 * @module
 */

import { type ErrorName, ERRORS, type Message } from "../lib/protocol.ts";
import type { RPCOptions } from "../lib/rpc.ts";
import { startTestNode, type TestNode } from "./node_rig.ts";

/** A node n0 that sends requests to n1, whose part the test plays. */
export interface Caller extends TestNode {
  /** Sends a request to n1. Returns the promise of the reply, and the message that was sent. */
  call(options?: RPCOptions): { reply: Promise<Record<string, unknown>>; request: Message };
  /** Delivers n1's reply to a request. */
  answer(request: Message, fields?: Record<string, unknown>): void;
}

/** Starts the node. It has sent one message, `init_ok`. */
export async function startCaller(): Promise<Caller> {
  const testNode = await startTestNode();
  const { host, node, handle } = testNode;
  return {
    ...testNode,
    call(options) {
      const reply = node.rpc("n1", { type: "ask", question: 6 }, options);
      return { reply, request: host.sent.at(-1)! };
    },
    answer({ src, dest, body }, fields) {
      handle.receive({ src: dest, dest: src, body: { type: "ask_ok", in_reply_to: body.msg_id, ...fields } });
    },
  };
}

/** Builds the fields of an error reply. */
export function errorFields(name: ErrorName): { type: "error"; code: number; text: string } {
  return { type: "error", code: ERRORS[name].code, text: "refused" };
}
