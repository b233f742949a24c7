/**
 * A node as its program sees it.
 *
 * The path of a message through the runtime:
 *
 * 1. The host, `stdio.ts` or `nats.ts`, parses a message and delivers it.
 * 2. `running_node.ts` decides: a reply goes to step 5; `init` runs the init hooks; any other message goes to step 3,
 *    as soon as the hooks are done.
 * 3. `handlers.ts` finds the handler for the message's type, checks the body against its schema and calls it.
 * 4. `running_node.ts` sends the fields that the handler returns as the reply, or what it throws as the error reply.
 * 5. `rpc.ts` matches a reply to the request that waits for it; `retry.ts` repeats requests that fail.
 * 6. `timers.ts` keeps the program's timers and sleeps.
 *
 * Only the {@linkcode Host} does I/O. The simulator has one of its own.
 *
 * @module
 */

import type { Handler, HandlerOptions } from "./handlers.ts";
import type { Log } from "./log.ts";
import type { AnyMessages, BodyHeader, MessageTypes, ReplyBody, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import type { Message } from "./protocol.ts";
import type { RPCOptions } from "./rpc.ts";
import type { NodeStats } from "./stats.ts";
import type { EveryOptions } from "./timers.ts";

/**
 * A program is a function of a node: it sets handlers and timers, and keeps its state in its own variables. It is not
 * async: what must be awaited before the first request goes into {@linkcode Node.onInit}.
 */
export type Program<M extends MessageTypes = AnyMessages> = (node: Node<M>) => void;

/** A node with any types of messages. */
// deno-lint-ignore no-explicit-any -- only `any` accepts every type argument
export type AnyNode = Node<any>;

/**
 * A node, as its program sees it.
 *
 * @typeParam M The types of the messages that it handles and sends; see {@linkcode MessageTypes}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { GSetMessages } from "./messages.ts";
 * import type { Node } from "./node.ts";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * function growOnlySet(node: Node<GSetMessages & { gossip: { request: { all: number[] } } }>): void {
 *   const elements = new Set<number>();
 *   node.on("add", ({ element }) => {
 *     elements.add(element);
 *     return {};
 *   });
 *   node.on("read", () => ({ value: [...elements] }));
 *   node.on("gossip", ({ all }) => all.forEach((element) => elements.add(element)));
 *   node.every(500, () => {
 *     for (const peer of node.peers) node.send(peer, { type: "gossip", all: [...elements] });
 *   });
 * }
 *
 * const world = simulate({ program: growOnlySet, nodes: 3 });
 * await world.client().rpc("n0", { type: "add", element: 7 });
 * await world.run(1000);
 * assertEquals((await world.client().rpc("n2", { type: "read" })).value, [7]);
 * ```
 */
export interface Node<M extends MessageTypes = AnyMessages> {
  /** The node's log. */
  readonly log: Log;

  /**
   * The node's own id, such as `"n0"`.
   *
   * @throws {Error} `init` has not been received yet. Read it in {@linkcode Node.onInit} or a handler.
   */
  readonly id: string;

  /**
   * The ids of all nodes, in the same order on each.
   *
   * @throws {Error} `init` has not been received yet. Read it in {@linkcode Node.onInit} or a handler.
   */
  readonly nodeIds: readonly string[];

  /**
   * The ids of the other nodes.
   *
   * @throws {Error} `init` has not been received yet. Read it in {@linkcode Node.onInit} or a handler.
   */
  readonly peers: readonly string[];

  /**
   * Name of this run of the node's process: up to seven letters and digits, drawn at random when it is first read.
   *
   * It stays the same while the process runs, and practically no other run of the node has it: a node that is killed
   * and started again is another incarnation, which has forgotten everything. It has 36 random bits: the probability
   * that any two of 1,000 runs share one is 1 in 137,000. Runs of different nodes may share one.
   */
  readonly incarnation: string;

  /** Counters of the node since it started. */
  readonly stats: Readonly<NodeStats>;

  /**
   * Sets the handler for a type of message.
   *
   * Messages that arrive before all {@linkcode Node.onInit} hooks are done wait, in order. A reply goes to the RPC that
   * waits for it; only a reply that no RPC waits for goes to the handler for its type.
   *
   * @throws {TypeError} The type has a handler already, or is `init`.
   */
  on<T extends TypeOf<M>>(type: T, handler: Handler<M, T>, options?: HandlerOptions): void;

  /**
   * Adds an init hook. Hooks run when `id` and `peers` are known, before `init` is answered and before any handler.
   * They run one after another, in the order in which they were added. If one throws, the answer to `init` is an error,
   * and the next `init` runs them all again.
   *
   * @throws {TypeError} `init` has been received already.
   */
  onInit(hook: () => void | Promise<void>): void;

  /** Sends a message without asking for a reply. */
  send<T extends TypeOf<M>>(dest: string, body: BodyHeader<T> & M[T]["request"]): void;

  /**
   * Replies to a request whose handler has returned nothing:
   * `node.on("echo", ({ echo }, request) => void node.after(50, () => node.reply(request, { echo })))`.
   *
   * @param request The request as the handler got it. If it has no `msg_id`, no reply is sent.
   * @param fields The fields of the reply. Without `type`, the type is the request's followed by `_ok`.
   * @throws {TypeError} The request has been answered already, or `fields` is not an object.
   */
  reply<T extends TypeOf<M>>(request: Message<RequestBody<M, T>>, fields: ReplyFields<M, T>): void;

  /**
   * Sends a request and returns the body of the reply. A reply is matched by the id of the request. If `dest` is a
   * node, any node of the cluster may reply, because `dest` may forward the request; otherwise only `dest` may.
   *
   * @throws {RPCError} The error of an error reply; 0 (timeout): there was no reply in time; 13 (crash): the reply does
   *   not match its schema, or this node was stopped.
   * @throws {RangeError} An option is out of its range.
   *
   * @example All reads are answered by n0.
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { simulate } from "./workbench/engines/simulate.ts";
   *
   * const world = simulate({
   *   nodes: 2,
   *   program(node) {
   *     const options = { timeout: 500, retry: { idempotent: true } };
   *     const ask = (key: unknown) => node.rpc("n0", { type: "read", key }, options);
   *     node.on("read", async ({ key }) => ({ value: node.id === "n0" ? "from n0" : (await ask(key)).value }));
   *   },
   * });
   * assertEquals((await world.client().rpc("n1", { type: "read", key: "x" })).value, "from n0");
   * ```
   */
  rpc<T extends TypeOf<M>>(
    dest: string,
    body: { type: T } & M[T]["request"],
    options?: RPCOptions,
  ): Promise<ReplyBody<M, T>>;

  /**
   * Calls `callback` every `interval` ms, first after one interval. If the node is not ready yet, the first interval
   * starts when it is. A call is skipped while the promise of an earlier one is pending. An {@linkcode RPCError} that
   * the callback throws is logged, and the timer continues; any other error ends the node.
   *
   * After a late call the next one follows a whole interval later. A node that was held up does not catch up on the
   * calls that it has missed.
   *
   * @returns A function that cancels the timer.
   * @throws {RangeError} The interval is not more than 0, or the jitter not from 0 to 1.
   */
  every(interval: number, callback: () => void | Promise<void>, options?: EveryOptions): () => void;

  /**
   * Calls `callback` once, `delay` ms from now. If the node is not ready yet, the delay starts when it is. An
   * {@linkcode RPCError} that the callback throws is logged; any other error ends the node.
   *
   * @returns A function that cancels the timer.
   * @throws {RangeError} The delay is less than 0.
   */
  after(delay: number, callback: () => void | Promise<void>): () => void;

  /**
   * Resolves `delay` ms from now, whether or not the node is ready. Rejects with the signal's reason when `signal`
   * aborts.
   *
   * @throws {RangeError} The delay is less than 0.
   */
  sleep(delay: number, signal?: AbortSignal): Promise<void>;

  /** Milliseconds since 1970, possibly with a fraction. Never goes back within one run of the node. */
  now(): number;

  /** Returns a random number, 0 <= number < 1, for jitter and choices; not for ids. */
  random(): number;

  /** Fills an array with random bytes that are good enough for unique ids, and returns it. */
  getRandomValues<A extends Uint8Array | Uint32Array>(array: A): A;
}
