/**
 * A node: handlers for the messages it gets, and what it can do in them. It does no IO of its own: see {@linkcode Host}.
 *
 * @module
 */

import type { Host, LogLevel } from "./host.ts";
import type { AnyMessages, BodyHeader, MessageTypes, ReplyBody, ReplyFields, RequestBody, TypeOf } from "./messages.ts";
import { type Body, type Message, RPCError } from "./protocol.ts";
import { Calls, type CallStats, callWithRetries, type RPCOptions } from "./rpc.ts";
import { checkSchema, type Schema, SchemaError } from "./schema.ts";
import { type EveryOptions, Timers } from "./timers.ts";

/** A program is a function of a node: it registers handlers and timers, and keeps its state in its own variables. */
export type Program<M extends MessageTypes = AnyMessages> = (node: Node<M>) => void;

/**
 * Answers one type of request.
 *
 * @returns The fields of the reply; its type is the request's with `_ok` unless there is a field `type`. Nothing: no reply is sent
 *   (or {@linkcode Node.reply} sends it later).
 * @throws {RPCError} Becomes the error reply. Anything else that is thrown becomes error 13 (crash), and is logged with its stack.
 */
export type Handler<M extends MessageTypes, T extends TypeOf<M>> = (
  body: RequestBody<M, T>,
  message: Message,
) => ReplyFields<M, T> | void | Promise<ReplyFields<M, T> | void>;

/** How {@linkcode Node.on} treats a type of request. */
export interface HandlerOptions {
  /** What a well-formed body looks like; one that is not is answered with error 12 (malformed-request). */
  schema?: Schema;
}

/** What a node has done so far. */
export interface NodeStats extends CallStats {
  /** Messages that came in. */
  received: number;
  /** Messages that went out. */
  sent: number;
  /** Error replies among those that went out. */
  errors: number;
}

/** Writes to the node's log: stderr, where the node is a process. */
export interface Log {
  /** Details, which are written only where asked for. */
  debug(text: string): void;
  /** What is good to know. */
  info(text: string): void;
  /** What looks wrong. */
  warn(text: string): void;
  /** What is wrong. */
  error(text: string): void;
}

/** What the world does to a node. */
export interface NodeHandle {
  /** Hands it a message. */
  receive(message: Message): void;
  /** Fulfilled when no handler is running. */
  idle(): Promise<void>;
  /** Ends its timers, rejects its calls; from then on it neither receives nor sends. */
  stop(): void;
}

/** A handler with all that is known of it. */
interface Registration {
  handler: (body: unknown, message: Message) => unknown;
  schema: Schema | undefined;
}

/** A node with any types of messages. */
// deno-lint-ignore no-explicit-any -- no other type argument takes them all
export type AnyNode = Node<any>;

let handleOf: (node: AnyNode) => NodeHandle;

/**
 * A node, as its program sees it.
 *
 * @typeParam M The types of the messages it handles and sends; see {@linkcode MessageTypes}.
 */
export class Node<M extends MessageTypes = AnyMessages> {
  /** Writes to the node's log. */
  readonly log: Log;
  /** What the node has done so far. */
  readonly stats: Readonly<NodeStats>;

  readonly #host: Host;
  readonly #counts: NodeStats;
  readonly #timers: Timers;
  readonly #calls: Calls;
  readonly #handlers = new Map<string, Registration>();
  readonly #initHooks: (() => void | Promise<void>)[] = [];
  #id: string | undefined;
  #nodeIds: readonly string[] = [];
  #peers: readonly string[] = [];
  /** Messages that came before the node was ready; undefined once it is. */
  #waiting: Message[] | undefined = [];
  #init: Promise<void> | undefined;
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

  /** Programs are given their node; see {@linkcode startNode}. */
  constructor(host: Host) {
    this.#host = host;
    this.log = createLog(host);
    this.#counts = this.stats = {
      received: 0,
      sent: 0,
      errors: 0,
      calls: 0,
      timeouts: 0,
      retries: 0,
      lateReplies: 0,
      duplicateReplies: 0,
    };
    this.#timers = new Timers(host, (error) => this.log.error(`Timer failed: ${stackOf(error)}`));
    this.#calls = new Calls(host, this.#counts);
  }

  /** The node's own id, such as `"n0"`; known from {@linkcode Node.onInit} on. */
  get id(): string {
    if (this.#id === undefined) throw new Error("Cannot read id: the node has none before init (read it in onInit)");
    return this.#id;
  }

  /** The ids of all nodes, in the same order on each; known from {@linkcode Node.onInit} on. */
  get nodeIds(): readonly string[] {
    if (this.#id === undefined) {
      throw new Error("Cannot read nodeIds: they are unknown before init (read them in onInit)");
    }
    return this.#nodeIds;
  }

  /** The ids of the other nodes; known from {@linkcode Node.onInit} on. */
  get peers(): readonly string[] {
    if (this.#id === undefined) {
      throw new Error("Cannot read peers: they are unknown before init (read them in onInit)");
    }
    return this.#peers;
  }

  /**
   * Sets the handler for a type of message.
   *
   * Handlers run once the node is ready, that is, when all hooks of {@linkcode Node.onInit} are through; messages that come
   * earlier wait, in order.
   *
   * @throws {TypeError} The type has a handler already, or is `init`.
   */
  on<T extends TypeOf<M>>(type: T, handler: Handler<M, T>, options: HandlerOptions = {}): void {
    if (type === "init") throw new TypeError("Cannot handle init: the node answers it (use onInit)");
    if (this.#handlers.has(type)) throw new TypeError(`Cannot handle ${type}: it has a handler already`);
    this.#handlers.set(type, { handler: handler as Registration["handler"], schema: options.schema });
  }

  /** Adds what is to be done when the node's id and peers are known, before `init` is answered and any handler runs. */
  onInit(hook: () => void | Promise<void>): void {
    this.#initHooks.push(hook);
  }

  /** Sends a message and forgets it. */
  send<T extends TypeOf<M>>(dest: string, body: BodyHeader<T> & M[T]["request"]): void {
    this.#send(dest, body as unknown as Body);
  }

  /**
   * Answers a request, once; for handlers that return nothing and answer later.
   *
   * @param request The message that is answered; if it has no msg_id, nobody waits and nothing is sent.
   * @param fields The fields of the reply; its type is the request's with `_ok` unless there is a field `type`.
   */
  reply(request: Message, fields: object): void {
    const { type, msg_id } = request.body;
    if (msg_id === undefined) return;
    this.#send(request.src, { type: `${type}_ok`, ...fields, in_reply_to: msg_id });
  }

  /**
   * Sends a request and waits for the reply.
   *
   * @throws {RPCError} The reply was an error, or (code 0) did not come in time.
   */
  rpc<T extends TypeOf<M>>(
    dest: string,
    body: { type: T } & M[T]["request"],
    options: RPCOptions = {},
  ): Promise<ReplyBody<M, T>> {
    const { timeout = 1000, signal, retry } = options;
    if (!(timeout > 0)) {
      throw new RangeError(`Cannot call ${dest}: expected timeout to be more than 0 ms, got ${timeout}`);
    }
    const call = () =>
      this.#calls.open(
        (msg_id) => this.#send(dest, { ...body, msg_id } as unknown as Body),
        () => `${body.type} from ${dest}`,
        timeout,
        signal,
      ) as Promise<unknown> as Promise<ReplyBody<M, T>>;
    if (retry === undefined) return call();
    return callWithRetries(call, retry, {
      sleep: (delay) => this.#timers.sleep(delay, signal),
      random: () => this.#host.random(),
      onRetry: () => this.#counts.retries++,
    });
  }

  /**
   * Calls `callback` every `interval` ms, first after one interval; before the node is ready, the first interval starts when it is.
   * A callback that is still running (a promise) is not called again until it is through. What it throws is logged, and the timer
   * goes on.
   *
   * @returns Call it to end the timer.
   */
  every(interval: number, callback: () => void | Promise<void>, options?: EveryOptions): () => void {
    return this.#timers.every(interval, callback, options);
  }

  /**
   * Calls `callback` once, `delay` ms from now; before the node is ready, from when it is. What it throws is logged.
   *
   * @returns Call it to call the timer off.
   */
  after(delay: number, callback: () => void | Promise<void>): () => void {
    return this.#timers.after(delay, callback);
  }

  /** Waits for `delay` ms; throws the signal's reason when it aborts. */
  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return this.#timers.sleep(delay, signal);
  }

  /** Milliseconds since 1970; never goes back. */
  now(): number {
    return this.#host.now();
  }

  /** A number from 0 (included) to 1 (excluded): for jitter and choices, not for ids. */
  random(): number {
    return this.#host.random();
  }

  /** Fills an array with random bytes, fit for ids. */
  getRandomValues<A extends Uint8Array | Uint32Array>(array: A): A {
    return this.#host.getRandomValues(array);
  }

  #send(dest: string, body: Body): void {
    if (this.#stopped) return;
    this.#counts.sent++;
    this.#host.send({ src: this.id, dest, body });
  }

  #receive(message: Message): void {
    if (this.#stopped) return;
    this.#counts.received++;
    const { type, in_reply_to } = message.body;
    if (in_reply_to !== undefined) return this.#receiveReply(message);
    if (type === "init") return this.#receiveInit(message);
    if (this.#waiting !== undefined) return void this.#waiting.push(message);
    this.#handle(message);
  }

  #receiveReply(message: Message): void {
    const outcome = this.#calls.settle(message);
    if (outcome !== "settled") this.log.debug(`Got a ${outcome} reply: ${JSON.stringify(message)}`);
  }

  #receiveInit(message: Message): void {
    const problem = initProblem(message.body);
    if (problem !== undefined) {
      return this.#fail(message, new RPCError("malformed-request", `Malformed init: ${problem}`));
    }
    if (this.#id === undefined) {
      this.#id = message.body.node_id as string;
      this.#nodeIds = [...message.body.node_ids as string[]];
      this.#peers = this.#nodeIds.filter((id) => id !== this.#id);
    }
    void this.#track(message, this.#init ??= this.#runInitHooks());
  }

  async #runInitHooks(): Promise<void> {
    for (const hook of this.#initHooks) await hook();
    queueMicrotask(() => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      this.#timers.start();
      for (const message of waiting) this.#handle(message);
    });
  }

  #handle(message: Message): void {
    const registration = this.#handlers.get(message.body.type);
    if (registration === undefined) return this.#refuse(message);
    try {
      const { handler, schema } = registration;
      const body = schema === undefined ? message.body : checkSchema(schema, message.body);
      const result = handler(body, message);
      if (result instanceof Promise) void this.#track(message, result);
      else if (result !== undefined) this.reply(message, result as object);
    } catch (error) {
      this.#fail(message, error);
    }
  }

  async #track(message: Message, result: Promise<unknown>): Promise<void> {
    this.#running++;
    try {
      const fields = await result;
      if (message.body.type === "init") this.reply(message, {});
      else if (fields !== undefined) this.reply(message, fields as object);
    } catch (error) {
      this.#fail(message, error);
    }
    if (--this.#running === 0) this.#onIdle.splice(0).forEach((resolve) => resolve());
  }

  #refuse(message: Message): void {
    this.#fail(message, new RPCError("not-supported", `Unknown message type ${message.body.type}`));
  }

  #fail(message: Message, error: unknown): void {
    const known = error instanceof SchemaError
      ? new RPCError("malformed-request", `Malformed ${message.body.type}: ${error.message}`)
      : error instanceof RPCError
      ? error
      : new RPCError("crash", String(error));
    if (known.code === 13) this.log.error(`Cannot handle ${JSON.stringify(message)}: ${stackOf(error)}`);
    else if (message.body.msg_id === undefined) {
      this.log.warn(`Cannot handle ${JSON.stringify(message)}: ${known.message}`);
    }
    if (message.body.msg_id === undefined || this.#stopped) return;
    this.#counts.errors++;
    this.#counts.sent++;
    this.#host.send({
      src: message.dest,
      dest: message.src,
      body: { ...known.toBody(), in_reply_to: message.body.msg_id },
    });
  }

  #idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #stop(): void {
    this.#stopped = true;
    this.#timers.stop();
    this.#calls.rejectAll(new RPCError("crash", "The node was stopped"));
  }
}

/** Mounts a program on a host: what a host does to run a node. */
export function startNode<M extends MessageTypes>(program: Program<M>, host: Host): NodeHandle {
  const node = new Node<M>(host);
  program(node);
  return handleOf(node);
}

function createLog(host: Host): Log {
  const at = (level: LogLevel) => (text: string) => host.log(level, text);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function initProblem(body: Body): string | undefined {
  const { node_id, node_ids } = body;
  if (typeof node_id !== "string") return "expected node_id to be a string";
  if (!Array.isArray(node_ids) || !node_ids.every((id) => typeof id === "string")) {
    return "expected node_ids to be an array of strings";
  }
  return node_ids.includes(node_id) ? undefined : `expected node_ids to include ${node_id}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
