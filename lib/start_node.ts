/**
 * Entry point `./host`, for authors of a host: {@linkcode startNode} runs a program on a {@linkcode Host}, which
 * supplies the network, the clock, randomness and the log.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Host, type Message, startNode } from "./start_node.ts";
 *
 * const sent: Message[] = [];
 * const host: Host = {
 *   send: (message) => void sent.push(structuredClone(message)),
 *   now: () => performance.timeOrigin + performance.now(),
 *   setTimer: (delay, callback) => setTimeout(callback, delay),
 *   clearTimer: (timer) => clearTimeout(timer as number),
 *   getRandomValues: (array) => crypto.getRandomValues(array as Uint8Array<ArrayBuffer>) as typeof array,
 *   random: Math.random,
 *   log: () => {},
 * };
 *
 * const node = startNode((node) => node.on("echo", ({ echo }) => ({ echo })), host);
 * node.receive({ src: "c0", dest: "n0", body: { type: "init", msg_id: 1, node_id: "n0", node_ids: ["n0"] } });
 * await node.idle();
 * node.receive({ src: "c1", dest: "n0", body: { type: "echo", msg_id: 2, echo: "hi" } });
 * node.stop();
 * assertEquals(sent.map(({ body }) => body), [
 *   { type: "init_ok", in_reply_to: 1 },
 *   { type: "echo_ok", echo: "hi", in_reply_to: 2 },
 * ]);
 * ```
 *
 * @module
 */

import { isPromise } from "./handlers.ts";
import type { Host, NodeHandle } from "./host.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import type { Program } from "./node.ts";
import { RunningNode } from "./running_node.ts";

export type { Host, LogLevel, NodeHandle } from "./host.ts";
export { type Body, type Message, parseMessage } from "./protocol.ts";

/**
 * Runs a program on a host. The node becomes ready when it receives `init`.
 *
 * @throws {TypeError} The program is async: `init` would not wait for it.
 * @throws What the program throws.
 */
export function startNode<M extends MessageTypes = AnyMessages>(program: Program<M>, host: Host): NodeHandle {
  const node = new RunningNode<M>(host);
  const returned: unknown = program(node);
  if (isPromise(returned)) {
    // The program goes on until its end: that has no effect any more, and its rejection does not hide the error.
    node.stop();
    returned.then(undefined, () => {});
    throw new TypeError(ASYNC_PROGRAM);
  }
  return node;
}

const ASYNC_PROGRAM =
  "Cannot start the program: it is async, and init does not wait for it; expected a function that " +
  "registers its handlers and returns nothing. What must be awaited first goes into node.onInit()";
