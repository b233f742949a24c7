/**
 * A node: handlers for the messages it gets, and what it can do in them. It does no IO of its own; that is its {@linkcode Host}'s.
 *
 * @module
 */

import { type Handler, type HandlerOptions, Handlers, isPromise, toRPCError } from "./handlers.ts";
import type { Host } from "./host.ts";
import { createLog, describeThrown, type Log } from "./log.ts";
import type { AnyMessages, BodyHeader, MessageTypes, ReplyBody, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import { type Body, type Message, RPCError } from "./protocol.ts";
import { Calls, type CallStats, callWithRetries, type Patience, type RPCOptions } from "./rpc.ts";
import { initProblem } from "./schema.ts";
import { type EveryOptions, Timers } from "./timers.ts";

/** A program is a function of a node: it sets handlers and timers, and keeps its state in its own variables. */
export type Program<M extends MessageTypes = AnyMessages> = (node: Node<M>) => void;

/** A node with whatever types of messages. */
// deno-lint-ignore no-explicit-any -- no other type argument takes them all
export type AnyNode = Node<any>;

/** What a node has done so far. */
export interface NodeStats extends CallStats {
  /** Messages that came in. */
  received: number;
  /** Messages that went out. */
  sent: number;
  /** Error replies among those that went out. */
  errors: number;
}

/** What the world does to a node. */
export interface NodeHandle {
  /** Hands it a message. */
  receive(message: Message): void;
  /** Fulfilled when no handler is running. */
  idle(): Promise<void>;
  /** Ends its timers and rejects its calls; from then on it neither receives nor sends. */
  stop(): void;
}

/** Gives what the world does to a node: programs, which have the node, are not to do it. */
let handleOf: (node: AnyNode) => NodeHandle;

/**
 * A node, as its program sees it.
 *
 * @typeParam M The types of the messages it handles and sends; see {@linkcode MessageTypes}.
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
export class Node<M extends MessageTypes = AnyMessages> {
  /** Writes to the node's log. */
  readonly log: Log;

  readonly #host: Host;
  readonly #stats: NodeStats;
  readonly #timers: Timers;
  readonly #calls: Calls;
  readonly #handlers = new Handlers();
  readonly #initHooks: (() => void | Promise<void>)[] = [];
  #cluster: { readonly id: string; readonly nodeIds: readonly string[]; readonly peers: readonly string[] } | undefined;
  /** Runs the hooks; undefined before init, and after a hook has failed. */
  #initialised: Promise<void> | undefined;
  /** What came before the node was ready; undefined once it is. */
  #waiting: Message[] | undefined = [];
  /** How many handlers and hooks are at work, and who waits until there are none. */
  #running = 0;
  #onIdle: (() => void)[] = [];
  #stopped = false;

  static {
    handleOf = (node) => ({
      receive: (message) => node.#receive(message),
      idle: () => node.#idle(),
      stop: () => node.#stop(),
    });
  }

  /** For {@linkcode startNode}: programs are given their node. */
  constructor(host: Host) {
    this.#host = host;
    this.log = createLog(host);
    const counts = { calls: 0, timeouts: 0, retries: 0, lateReplies: 0, duplicateReplies: 0 };
    this.#stats = { received: 0, sent: 0, errors: 0, ...counts };
    this.#calls = new Calls(host, this.#stats);
    this.#timers = new Timers(host, (thrown) => {
      if (!this.#stopped) this.log.error(`Timer failed: ${describeThrown(thrown)}`);
    });
  }

  /**
   * The node's own id, such as `"n0"`.
   *
   * @throws {Error} Before init: it is known from {@linkcode Node.onInit} on.
   */
  get id(): string {
    return this.#known("id").id;
  }

  /**
   * The ids of all nodes, in the same order on each.
   *
   * @throws {Error} Before init: they are known from {@linkcode Node.onInit} on.
   */
  get nodeIds(): readonly string[] {
    return this.#known("nodeIds").nodeIds;
  }

  /**
   * The ids of the other nodes.
   *
   * @throws {Error} Before init: they are known from {@linkcode Node.onInit} on.
   */
  get peers(): readonly string[] {
    return this.#known("peers").peers;
  }

  /** What the node has done so far. */
  get stats(): Readonly<NodeStats> {
    return this.#stats;
  }

  /**
   * Sets the handler for a type of message.
   *
   * Handlers run once the node is ready, that is, when all hooks of {@linkcode Node.onInit} are through; messages that come earlier
   * wait, in order. A reply goes to the call that waits for it, and only if there is none to a handler for its type.
   *
   * @throws {TypeError} The type has a handler already, or is `init`.
   */
  on<T extends TypeOf<M>>(type: T, handler: Handler<M, T>, options: HandlerOptions = {}): void {
    this.#handlers.set(type, handler, options);
  }

  /**
   * Adds what is to be done when id and peers are known, before `init` is answered and any handler runs. Hooks run one after another,
   * in the order in which they were added. One that throws makes the answer to `init` an error; the next `init` runs them all again.
   *
   * @throws {TypeError} It is too late: `init` has come.
   */
  onInit(hook: () => void | Promise<void>): void {
    if (this.#cluster !== undefined) throw new TypeError("Cannot add init hook: init has come already");
    this.#initHooks.push(hook);
  }

  /** Sends a message and forgets it: nobody is asked for a reply. */
  send<T extends TypeOf<M>>(dest: string, body: BodyHeader<T> & M[T]["request"]): void {
    this.#send(dest, body as unknown as Body);
  }

  /**
   * Answers a request; for handlers that return nothing and answer later:
   * `node.on("echo", ({ echo }, request) => void node.after(50, () => node.reply(request, { echo })))`.
   *
   * @param request The message that is answered, as the handler got it; where it has no msg_id nobody waits, and nothing is sent.
   * @param fields The fields of the reply; its type is the request's with `_ok` unless there is a field `type`.
   */
  reply<T extends TypeOf<M>>(request: Message<RequestBody<M, T>>, fields: ReplyFields<M, T>): void {
    this.#reply(request as Message<BodyHeader>, fields);
  }

  /**
   * Sends a request and waits for the reply, whose body it returns. A reply is known by the id of the request, whoever sends it: who is
   * asked may pass the request on, and have another answer.
   *
   * @throws {RPCError} The reply was an error, or (code 0, timeout) did not come in time; 13 (crash), if the node was stopped.
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
   *     const ask = (key: unknown) => node.rpc("n0", { type: "read", key }, { timeout: 500, retry: { idempotent: true } });
   *     node.on("read", async ({ key }) => ({ value: node.id === "n0" ? "from n0" : (await ask(key)).value }));
   *   },
   * });
   * assertEquals((await world.client().rpc("n1", { type: "read", key: "x" })).value, "from n0");
   * ```
   */
  rpc<T extends TypeOf<M>>(
    dest: string,
    body: { type: T } & M[T]["request"],
    options: RPCOptions = {},
  ): Promise<ReplyBody<M, T>> {
    const { timeout = 1000, signal, retry } = options;
    const send = (msg_id: number) => this.#send(dest, { ...body, msg_id } as unknown as Body);
    const call = (patience: Patience) => this.#calls.open(dest, body.type, send, patience, signal) as Promise<unknown>;
    const reply = retry === undefined ? call({ timeout }) : callWithRetries(call, timeout, retry, {
      sleep: (delay) => this.sleep(delay, signal),
      random: () => this.random(),
      onRetry: () => void this.#stats.retries++,
    });
    return reply as Promise<ReplyBody<M, T>>;
  }

  /**
   * Calls `callback` every `interval` ms, first after one interval; before the node is ready, that starts when it is. While a callback
   * is still at work (its promise), its turns are left out. What it throws is logged, and the timer goes on.
   * Each interval begins with a turn, however late that is: turns never come closer together, and a node that was held up does not catch
   * up on those that it has missed.
   *
   * @returns Call it to end the timer.
   * @throws {RangeError} The interval is not more than 0, or the jitter not from 0 to 1.
   */
  every(interval: number, callback: () => void | Promise<void>, options?: EveryOptions): () => void {
    return this.#timers.every(interval, callback, options);
  }

  /**
   * Calls `callback` once, `delay` ms from now; before the node is ready, from when it is. What it throws is logged.
   *
   * @returns Call it to call the timer off.
   * @throws {RangeError} The delay is less than 0.
   */
  after(delay: number, callback: () => void | Promise<void>): () => void {
    return this.#timers.after(delay, callback);
  }

  /** Waits for `delay` ms from now, ready or not; when `signal` aborts, throws its reason. */
  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return this.#timers.sleep(delay, signal);
  }

  /** Milliseconds since 1970, with a fraction where the host has one; never goes back. */
  now(): number {
    return this.#host.now();
  }

  /** A number from 0 (included) to 1 (excluded): for jitter and choices, not for ids. */
  random(): number {
    return this.#host.random();
  }

  /** Fills an array with random bytes, fit for ids, and returns it. */
  getRandomValues<A extends Uint8Array | Uint32Array>(array: A): A {
    return this.#host.getRandomValues(array);
  }

  #known(what: string) {
    if (this.#cluster === undefined) {
      throw new Error(`Cannot read ${what}: the node does not know it before init (read it in onInit or a handler)`);
    }
    return this.#cluster;
  }

  #send(dest: string, body: Body): void {
    if (this.#stopped) return;
    this.#host.send({ src: this.id, dest, body });
    this.#stats.sent++;
  }

  #receive(message: Message): void {
    if (this.#stopped) return;
    this.#stats.received++;
    const { type, in_reply_to } = message.body;
    if (typeof in_reply_to === "number" && this.#receiveReply(message)) return;
    if (type === "init") return this.#receiveInit(message);
    if (this.#waiting !== undefined) this.#waiting.push(message);
    else this.#handle(message);
  }

  #reply({ src, body: { type, msg_id } }: Message<BodyHeader>, fields: object): void {
    if (msg_id === undefined) return;
    const reply: Body = { type: `${type}_ok`, ...fields, in_reply_to: msg_id };
    // A handler may return what it was asked: then the type and the msg_id are the request's.
    if (reply.type === type && reply.msg_id === msg_id) Object.assign(reply, { type: `${type}_ok`, msg_id: undefined });
    this.#send(src, reply);
  }

  /** Whether a reply has found its end: in a call, or as a stray that is no handler's business. */
  #receiveReply(message: Message): boolean {
    const { type, in_reply_to } = message.body;
    if (this.#calls.settle(message.body)) return true;
    if (this.#handlers.has(type)) return false;
    const kind = this.#calls.countStray(in_reply_to!);
    this.log.debug(`Got a ${kind} reply: ${JSON.stringify(message)}`);
    return true;
  }

  #receiveInit(message: Message): void {
    const problem = initProblem(message.body);
    if (problem !== undefined) {
      return this.#fail(message, new RPCError("malformed-request", `Malformed init: ${problem}`));
    }
    const id = message.body.node_id as string;
    const nodeIds = [...message.body.node_ids as string[]];
    this.#cluster ??= { id, nodeIds, peers: nodeIds.filter((other) => other !== id) };
    this.#initialised ??= this.#runInitHooks().catch((error) => {
      this.#initialised = undefined;
      throw error;
    });
    void this.#finish(message, this.#initialised.then(() => ({})), () => this.#becomeReady());
  }

  async #runInitHooks(): Promise<void> {
    for (const hook of this.#initHooks) await hook();
  }

  /** Takes up what has waited for the node to be ready. */
  #becomeReady(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#stopped) return;
    this.#waiting = undefined;
    this.#timers.start();
    for (const message of waiting) this.#handle(message);
  }

  #handle(message: Message): void {
    try {
      const result = this.#handlers.handle(message);
      if (isPromise(result)) void this.#finish(message, result);
      else if (result !== undefined) this.#reply(message, result as object);
    } catch (thrown) {
      this.#fail(message, thrown);
    }
  }

  /** Answers when a promise is settled. */
  async #finish(message: Message, result: PromiseLike<unknown>, onDone?: () => void): Promise<void> {
    this.#running++;
    try {
      const fields = await result;
      if (fields !== undefined) this.#reply(message, fields as object);
      onDone?.();
    } catch (thrown) {
      this.#fail(message, thrown);
    }
    if (--this.#running === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
  }

  /** Answers with an error, and logs what the sender is not told. */
  #fail(message: Message, thrown: unknown): void {
    if (this.#stopped) return;
    const { type, msg_id, in_reply_to } = message.body;
    const error = toRPCError(type, thrown);
    if (error !== thrown && error.errorName === "crash") {
      this.log.error(`Cannot handle ${JSON.stringify(message)}: ${describeThrown(thrown)}`);
    } else if (msg_id === undefined) {
      // What a service says to a message that was sent without a msg_id is no news.
      this.log[in_reply_to === null ? "debug" : "warn"](`Cannot handle ${JSON.stringify(message)}: ${error.message}`);
    }
    if (msg_id === undefined) return;
    const src = this.#cluster?.id ?? message.dest;
    this.#host.send({ src, dest: message.src, body: { ...error.toBody(), in_reply_to: msg_id } });
    this.#stats.sent++;
    this.#stats.errors++;
  }

  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #stop(): void {
    this.#stopped = true;
    this.#timers.stop();
    this.#calls.stop();
  }
}

/**
 * Mounts a program on a host; what a host does to run a node. See {@linkcode Node} for an example.
 *
 * @throws What the program throws.
 */
export function startNode<M extends MessageTypes = AnyMessages>(program: Program<M>, host: Host): NodeHandle {
  const node = new Node<M>(host);
  program(node);
  return handleOf(node);
}
