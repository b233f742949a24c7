/**
 * The implementation of {@linkcode Node}, which the program sees, and of {@linkcode NodeHandle}, which the host sees.
 * The head of `node.ts` lists the path of a message.
 *
 * A node is in one of these states:
 *
 * 1. new: it has no id; messages other than `init` wait.
 * 2. initializing: it has its id; init hooks run; messages wait.
 * 3. ready: init has been answered, timers run, handlers get messages.
 * 4. stopped: it neither receives nor sends.
 *
 * @module
 */

import { type Handler, type HandlerOptions, Handlers, isPromise, toRPCError } from "./handlers.ts";
import type { Host, NodeHandle } from "./host.ts";
import { limitProblem, MAX_REQUEST_DEPTH, showJSON } from "./json.ts";
import { createLog, describeThrown, type Log } from "./log.ts";
import type { AnyMessages, BodyHeader, MessageTypes, ReplyBody, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import type { Node } from "./node.ts";
import { type Body, isObject, type Message, RPCError } from "./protocol.ts";
import { type AttemptTimeouts, sendWithRetries } from "./retry.ts";
import { RPCClient, type RPCOptions } from "./rpc.ts";
import { createStats, type NodeStats } from "./stats.ts";
import { type EveryOptions, Timers } from "./timers.ts";

/** A node's place in the cluster, from the first `init`. */
interface Membership {
  readonly id: string;
  readonly nodeIds: readonly string[];
  /** `nodeIds` without `id`. */
  readonly peers: readonly string[];
}

/** Node and handle in one object. A program gets it as a {@linkcode Node}, the host as a {@linkcode NodeHandle}. */
export class RunningNode<M extends MessageTypes = AnyMessages> implements Node<M>, NodeHandle {
  readonly log: Log;

  readonly #host: Host;
  readonly #stats: NodeStats = createStats();
  readonly #handlers = new Handlers();
  readonly #rpcs: RPCClient;
  readonly #timers: Timers;
  readonly #initHooks: (() => void | Promise<void>)[] = [];
  /** Undefined before the first `init`; then never changed. */
  #membership: Membership | undefined;
  /** The run of the init hooks. Undefined before `init`, and after a hook has failed. */
  #initRun: Promise<void> | undefined;
  /** Messages received before the node is ready, in order. Undefined once it is ready. */
  #waiting: Message[] | undefined = [];
  /** Drawn when it is first read, so that programs that never read it make no extra draw. */
  #incarnation: string | undefined;
  /** Number of handlers and init runs whose promise is pending. */
  #running = 0;
  /** Resolves the promises of {@linkcode NodeHandle.idle}. Empty while `#running` is 0. */
  #onIdle: (() => void)[] = [];
  #stopped = false;

  constructor(host: Host) {
    this.#host = host;
    this.log = createLog(host);
    this.#rpcs = new RPCClient(host, this.#stats);
    this.#timers = new Timers(host, (thrown) => this.#onTimerError(thrown));
  }

  // The program's side.

  get id(): string {
    return this.#requireMembership("id").id;
  }

  get nodeIds(): readonly string[] {
    return this.#requireMembership("nodeIds").nodeIds;
  }

  get peers(): readonly string[] {
    return this.#requireMembership("peers").peers;
  }

  get incarnation(): string {
    return this.#incarnation ??= drawIncarnation(this.#host);
  }

  get stats(): Readonly<NodeStats> {
    return this.#stats;
  }

  on<T extends TypeOf<M>>(type: T, handler: Handler<M, T>, options: HandlerOptions = {}): void {
    this.#handlers.set(type, handler, options);
  }

  onInit(hook: () => void | Promise<void>): void {
    if (this.#membership !== undefined) throw new TypeError("Cannot add init hook: init has been received already");
    this.#initHooks.push(hook);
  }

  send<T extends TypeOf<M>>(dest: string, body: BodyHeader<T> & M[T]["request"]): void {
    this.#send(dest, body as unknown as Body);
  }

  reply<T extends TypeOf<M>>(request: Message<RequestBody<M, T>>, fields: ReplyFields<M, T>): void {
    this.#reply(request as Message<BodyHeader>, fields);
  }

  rpc<T extends TypeOf<M>>(
    dest: string,
    body: { type: T } & M[T]["request"],
    options: RPCOptions = {},
  ): Promise<ReplyBody<M, T>> {
    const { timeout = 1000, signal, retry, schema } = options;
    const { type } = body;
    const send = (msg_id: number) => this.#send(dest, { ...body, msg_id } as unknown as Body);
    const request = (timeouts: AttemptTimeouts) => this.#rpcs.request({ dest, type, send, signal, schema }, timeouts);
    const reply = retry === undefined ? request({ first: timeout }) : sendWithRetries(request, timeout, retry, {
      sleep: (delay) => this.sleep(delay, signal),
      random: () => this.random(),
      onRetry: () => this.#stats.retries++,
    });
    return reply as Promise<unknown> as Promise<ReplyBody<M, T>>;
  }

  every(interval: number, callback: () => void | Promise<void>, options?: EveryOptions): () => void {
    return this.#timers.every(interval, callback, options);
  }

  after(delay: number, callback: () => void | Promise<void>): () => void {
    return this.#timers.after(delay, callback);
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return this.#timers.sleep(delay, signal);
  }

  now(): number {
    return this.#host.now();
  }

  random(): number {
    return this.#host.random();
  }

  getRandomValues<A extends Uint8Array | Uint32Array>(array: A): A {
    return this.#host.getRandomValues(array);
  }

  /** @param name Name of the property that is being read. */
  #requireMembership(name: string): Membership {
    if (this.#membership === undefined) {
      throw new Error(`Cannot read ${name}: the node does not know it before init (read it in onInit or a handler)`);
    }
    return this.#membership;
  }

  // The host's side.

  receive(message: Message): void {
    if (this.#stopped) return;
    this.#stats.received++;
    const { type, in_reply_to } = message.body;
    if (typeof in_reply_to === "number" && this.#receiveReply(message)) return;
    if (type === "init") this.#receiveInit(message);
    else if (this.#waiting !== undefined) this.#waiting.push(message);
    else this.#handle(message);
  }

  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.stop();
    this.#rpcs.stop();
  }

  // Receiving.

  /** Delivers a reply to its RPC. Returns false if no RPC waits for it and a handler should get it. */
  #receiveReply(message: Message): boolean {
    const { src, body } = message;
    const asked = this.#rpcs.recipientOf(body.in_reply_to!);
    if (asked !== undefined && this.#mayAnswer(src, asked)) {
      const problem = limitProblem(body, 2 * MAX_REQUEST_DEPTH);
      this.#rpcs.settle(problem === undefined ? body : malformedReply(body, problem));
      return true;
    }
    if (this.#handlers.has(body.type)) return false;
    if (asked !== undefined) this.log.warn(`Ignored a reply from ${src} to a request for ${asked}: ${show(message)}`);
    else this.log.debug(`Got a ${this.#rpcs.countStray(body.in_reply_to!)} reply: ${show(message)}`);
    return true;
  }

  /** True if a reply to a request may come from `src`. A node may forward a request to another one, which replies. */
  #mayAnswer(src: string, asked: string): boolean {
    if (src === asked) return true;
    const { nodeIds } = this.#membership!;
    return nodeIds.includes(asked) && nodeIds.includes(src);
  }

  #receiveInit(message: Message): void {
    const problem = initProblem(message.body);
    if (problem !== undefined) {
      this.#fail(message, new RPCError("malformed-request", `Malformed init: ${problem}`));
      return;
    }
    const id = message.body.node_id as string;
    const nodeIds = [...message.body.node_ids as string[]];
    this.#membership ??= { id, nodeIds, peers: nodeIds.filter((other) => other !== id) };
    this.#initRun ??= this.#runInitHooks().catch((error) => {
      this.#initRun = undefined;
      throw error;
    });
    void this.#replyLater(message, this.#initRun.then(() => ({})), () => this.#becomeReady());
  }

  async #runInitHooks(): Promise<void> {
    for (const hook of this.#initHooks) await hook();
  }

  /** Starts the timers and handles the messages that waited. Does nothing if the node is ready already. */
  #becomeReady(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#stopped) return;
    this.#waiting = undefined;
    this.#timers.start();
    for (const message of waiting) this.#handle(message);
  }

  #handle(message: Message): void {
    try {
      const isFromCluster = this.#membership!.nodeIds.includes(message.src);
      const result = this.#handlers.handle(message, isFromCluster ? 2 * MAX_REQUEST_DEPTH : MAX_REQUEST_DEPTH);
      if (isPromise(result)) void this.#replyLater(message, result);
      else if (result !== undefined) this.#reply(message, result);
    } catch (thrown) {
      this.#fail(message, thrown);
    }
  }

  /** Replies when `result` settles. If it was fulfilled, calls `onReplied` after the reply. */
  async #replyLater(message: Message, result: PromiseLike<unknown>, onReplied?: () => void): Promise<void> {
    this.#running++;
    let isReplied = false;
    try {
      const fields = await result;
      if (fields !== undefined) this.#reply(message, fields);
      isReplied = true;
    } catch (thrown) {
      this.#fail(message, thrown);
    }
    if (isReplied) onReplied?.();
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  // Sending.

  #send(dest: string, body: Body): void {
    if (this.#stopped) return;
    this.#host.send({ src: this.id, dest, body });
    this.#stats.sent++;
  }

  /** Replies to a request, unless it asks for no reply. */
  #reply(message: Answerable, fields: unknown): void {
    const { src, body: request } = message;
    checkReply(message, fields);
    if (request.msg_id === undefined) return;
    this.#send(src, replyBody(request, fields as object));
    message[ANSWERED] = true;
  }

  /** Logs a failed RPC of a timer. Any other error is left to the host, as a rejection that nothing handles. */
  #onTimerError(thrown: unknown): void {
    if (this.#stopped) return;
    if (thrown instanceof RPCError) this.log.warn(`Timer failed: ${describeThrown(thrown)}`);
    else void Promise.reject(thrown);
  }

  /** Sends the error reply, if one can be sent. Logs crashes with their stack, and errors without a reply. */
  #fail(message: Answerable<Message>, thrown: unknown): void {
    if (this.#stopped) return;
    const { type, msg_id, in_reply_to } = message.body;
    const error = toRPCError(type, thrown);
    const cannotReply = msg_id === undefined || message[ANSWERED] === true;
    if (error !== thrown && error.errorName === "crash") {
      this.log.error(`Cannot handle ${show(message)}: ${describeThrown(thrown)}`);
    } else if (cannotReply) {
      const text = `Cannot handle ${show(message)}: ${error.message}`;
      // A service replies to messages without a msg_id, too. That is normal, so it is only a detail.
      if (in_reply_to === null) this.log.debug(text);
      else this.log.warn(text);
    }
    if (cannotReply) return;
    message[ANSWERED] = true;
    // Before init, the recipient of the message is the only id that the node can send from.
    const src = this.#membership?.id ?? message.dest;
    this.#host.send({ src, dest: message.src, body: { ...error.toBody(), in_reply_to: msg_id } });
    this.#stats.sent++;
    this.#stats.errors++;
  }
}

/** Marks a request that has been answered. (A `WeakSet` of requests would cost several times as much.) */
const ANSWERED = Symbol("answered");

/** A request that may have been answered. */
type Answerable<M = Message<BodyHeader>> = M & { [ANSWERED]?: true };

/** Throws a TypeError for a mistake of the program: the fields are not an object, or the request has been answered. */
function checkReply({ body: { type }, [ANSWERED]: isAnswered }: Answerable, fields: unknown): void {
  const start = `Cannot reply to ${showJSON(type, 60)}: expected`;
  if (!isObject(fields) || Symbol.iterator in fields) {
    const got = isObject(fields) ? Object.prototype.toString.call(fields) : showJSON(fields, 60);
    throw new TypeError(`${start} an object with the fields of the reply, or nothing, got ${got}`);
  }
  if (isAnswered) throw new TypeError(`${start} one reply, got a second one: ${showJSON(fields, 60)}`);
}

/** Builds the body of a reply from the fields that a handler returned. */
function replyBody({ type, msg_id }: BodyHeader, fields: object): Body {
  const body: Body = { type: `${type}_ok`, ...fields, in_reply_to: msg_id };
  // A handler may return the body of the request itself, whose type and msg_id are not the reply's.
  const isRequest = body.type === type && body.msg_id === msg_id;
  return isRequest ? { ...body, type: `${type}_ok`, msg_id: undefined } : body;
}

/** Shows a message in the log; one that is nested too deep, by its type and source. */
function show(message: Message): string {
  return showJSON(message, 1000, `${showJSON(message.body.type)} from ${message.src}`);
}

/** Builds the error that an RPC gets instead of a reply that cannot be used. It is unknown what its request did. */
function malformedReply({ in_reply_to }: Body, problem: string): Body {
  return { ...new RPCError("crash", `Malformed reply: ${problem}`).toBody(), in_reply_to };
}

/** Describes what is wrong with the body of an `init`; undefined if it is well-formed. */
function initProblem({ node_id, node_ids }: Body): string | undefined {
  if (typeof node_id !== "string") return `expected node_id to be a string, got ${showJSON(node_id)}`;
  if (!Array.isArray(node_ids) || !node_ids.every((id) => typeof id === "string")) {
    return `expected node_ids to be an array of strings, got ${showJSON(node_ids)}`;
  }
  return node_ids.includes(node_id) ? undefined : `expected node_ids to include ${showJSON(node_id)}`;
}

/** Draws 36 random bits, as letters and digits. */
function drawIncarnation(host: Host): string {
  const [high, low] = host.getRandomValues(new Uint32Array(2));
  return ((high! & 0xf) * 2 ** 32 + low!).toString(36);
}
