/**
 * Entry point `./nats`: the host of a node whose messages travel over NATS, <https://nats.io>. The program is the same
 * as on stdin and stdout, and so are the messages. Only this file of the runtime imports a client of NATS.
 *
 * 1. {@linkcode serveNats} connects, and subscribes to the node's subject: the names of cluster and node, `prod.n0`.
 * 2. It gives the node its `init`. Messages that arrive before the node has answered it wait.
 * 3. A message to `n1` or `c7` is published on the subject of its recipient, `prod.n1` or `prod.c7`.
 * 4. At SIGTERM it takes no more messages, handlers have 5 s to finish, what they sent is flushed, and the node ends.
 *
 * A message may be lost, as in any network: while there is no connection, or if too many wait. Programs have timeouts
 * and retries for that.
 *
 * Two subjects are for those who run the node: a request on `prod.n0.status` is answered with its
 * {@linkcode NatsNodeStatus}, and one on `prod.n0.cut` with a list of names, `["n1"]`, makes it drop what these send,
 * as a partition would, until the next such request.
 *
 * ```ts
 * import type { Node } from "./node.ts";
 * import { serveNats } from "./nats.ts";
 *
 * const echo = (node: Node) => node.on("echo", ({ echo }) => ({ echo }));
 *
 * // Run it with the name of a node: deno run --allow-net --allow-env --allow-read echo.ts n0
 * const [id] = Deno.args;
 * if (id !== undefined) {
 *   await serveNats(echo, { servers: "nats://127.0.0.1:4222", cluster: "prod", id, nodes: ["n0", "n1", "n2"] });
 * }
 * ```
 *
 * @module
 */

import { connect, type Msg, type NatsConnection, type Subscription } from "@nats-io/transport-node";
import type { Host, LogLevel, NodeHandle } from "./host.ts";
import { formatJSON, showJSON } from "./json.ts";
import type { AnyMessages, MessageTypes } from "./messages.ts";
import { splitLogin } from "./nats_login.ts";
import type { Node, Program } from "./node.ts";
import { createProcessHost, logToStderr, parseOrLog, runNode, withoutDetails } from "./process_host.ts";
import type { Body, Message } from "./protocol.ts";
import { startNode } from "./start_node.ts";
import type { NodeStats } from "./stats.ts";

/** Options for {@linkcode serveNats}. */
export interface ServeNatsOptions {
  /**
   * Addresses of NATS servers, such as `nats://127.0.0.1:4222`. The client uses one of them at a time. A login may be
   * in an address, `nats://USER:PASSWORD@HOST` or `nats://TOKEN@HOST`; it is then the login for all of them.
   */
  servers: string | readonly string[];
  /** Name of the cluster. It is the first part of all its subjects, so two clusters share servers but no messages. */
  cluster: string;
  /** The node's own name. */
  id: string;
  /** Names of all nodes, with its own. */
  nodes: readonly string[];
  /**
   * Ends the node, as SIGTERM does.
   *
   * @default SIGTERM and SIGINT end it, and a rejection that nothing handles ends the process with exit status 1
   */
  signal?: AbortSignal;
  /**
   * True to log details, and every message received or sent.
   *
   * @default Deno.args.includes("--debug")
   */
  debug?: boolean;
  /**
   * Receives the entries of the log.
   *
   * @default entries are written to stderr
   */
  log?: (level: LogLevel, text: string) => void;
}

/** Reply to a request on the subject of a node and `.status`, such as `prod.n0.status`. */
export interface NatsNodeStatus {
  /** The node's name. */
  id: string;
  /** Names of all nodes. */
  nodes: readonly string[];
  /** Name of this run of the node. */
  incarnation: string;
  /** Messages lost so far, in and out: there was no connection, or too many waited. */
  lost: number;
  /** Counters of the node. */
  stats: Readonly<NodeStats>;
}

/** Source of the node's `init`. No node or client can have it, because it is no part of a subject. */
const INIT_SOURCE = "(host)";

/** The node takes no further message while more characters than this are not known to have reached the server. */
const MAX_UNCONFIRMED = 1_000_000;

/** Messages that wait for the node, at most. Later ones are lost. */
const MAX_WAITING = 100_000;

/** Settings of the connection: it never gives up, and a server that is silent for 10 s is given up for another. */
const CONNECTION = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  pingInterval: 5000,
  maxPingOut: 2,
  noEcho: false,
} as const;

/**
 * Runs a program as a node on NATS, until SIGTERM or until `signal` ends it.
 *
 * @throws {TypeError} A name cannot be a part of a subject, or `nodes` lacks `id`.
 * @throws {Error} No server can be reached at the start, or the node answered its `init` with an error.
 * @throws The reason of a rejection that nothing handled, if `signal` was given.
 */
export async function serveNats<M extends MessageTypes = AnyMessages>(
  program: Program<M>,
  options: ServeNatsOptions,
): Promise<void> {
  const { id, nodes, debug = Deno.args.includes("--debug"), log: write = logToStderr, signal } = options;
  checkNames(options);
  const log: Host["log"] = debug ? write : withoutDetails(write);
  const link = await openLink(options, log, debug);
  const ending = signal === undefined ? listenToSignals() : { signal, stopListening: () => {} };
  try {
    let node: Node<M> | undefined;
    const initialized = Promise.withResolvers<void>();
    const send = (message: Message) => message.dest === INIT_SOURCE ? settleInit(message.body) : link.send(message);
    const settleInit = (body: Body) =>
      body.type === "error"
        ? initialized.reject(new Error(`Cannot start ${id}: its init failed: ${body.text}`))
        : initialized.resolve();
    const handle = startNode<M>((started) => {
      node = started;
      program(started);
    }, createProcessHost(send, log));
    const receiveAll = async () => {
      const received = link.receiveAll(handle, ending.signal);
      handle.receive(initOf(id, nodes));
      await Promise.race([initialized.promise, received]);
      link.answerRequests(() => statusOf(node!, link.lost));
      await received;
    };
    const broken = new Promise<void>(() => {});
    await runNode(receiveAll, { node: handle, log, broken, ownsProcess: signal === undefined });
  } finally {
    ending.stopListening();
    await link.close();
  }
}

function checkNames({ cluster, id, nodes }: ServeNatsOptions): void {
  for (const name of [cluster, id, ...nodes]) {
    if (isSubjectPart(name)) continue;
    throw new TypeError(
      `Cannot use the name ${
        showJSON(name)
      } on NATS: expected one without spaces, dots, * and >, as it is part of a subject`,
    );
  }
  if (!nodes.includes(id)) {
    throw new TypeError(`Cannot serve ${id}: expected nodes to include it, got ${showJSON(nodes)}`);
  }
}

/** True for a name that can be one part of a subject. */
function isSubjectPart(name: string): boolean {
  return /^[^\s.*>]+$/.test(name);
}

function initOf(id: string, nodes: readonly string[]): Message {
  return { src: INIT_SOURCE, dest: id, body: { type: "init", msg_id: 1, node_id: id, node_ids: nodes } };
}

function statusOf(node: Pick<Node, "id" | "nodeIds" | "incarnation" | "stats">, lost: number): NatsNodeStatus {
  return { id: node.id, nodes: node.nodeIds, incarnation: node.incarnation, lost, stats: node.stats };
}

/** Turns SIGTERM and SIGINT into an `AbortSignal`. */
function listenToSignals(): { signal: AbortSignal; stopListening(): void } {
  const ending = new AbortController();
  const listener = () => ending.abort();
  for (const name of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(name, listener);
  return {
    signal: ending.signal,
    stopListening() {
      for (const name of ["SIGTERM", "SIGINT"] as const) Deno.removeSignalListener(name, listener);
    },
  };
}

/** A node's connection to NATS. */
interface Link {
  /** Messages lost so far. */
  readonly lost: number;
  /** Publishes a message on the subject of its recipient. */
  send(message: Message): void;
  /**
   * Delivers what arrives to a node, with backpressure from what it sends, until the signal.
   *
   * @throws {Error} The connection is closed for good: the server does not accept the client any more.
   */
  receiveAll(node: NodeHandle, signal: AbortSignal): Promise<void>;
  /** Answers requests for the status of the node, and those that cut it off from others. */
  answerRequests(status: () => NatsNodeStatus): void;
  /** Flushes what was sent, and closes the connection. */
  close(): Promise<void>;
}

/** State of a link. */
interface State {
  readonly connection: NatsConnection;
  readonly cluster: string;
  readonly subject: string;
  readonly debug: boolean;
  readonly log: Host["log"];
  isConnected: boolean;
  /** Characters published since the last flush that the server has confirmed. */
  unconfirmed: number;
  /** Sources whose messages are dropped. */
  cutOffFrom: ReadonlySet<string>;
  /** Messages lost so far. It never goes down. */
  lost: number;
  /** Value of `lost` when the log last told it. */
  toldLost: number;
}

async function openLink({ servers, cluster, id }: ServeNatsOptions, log: Host["log"], debug: boolean): Promise<Link> {
  const addresses = splitLogin(typeof servers === "string" ? [servers] : servers);
  const connection = await connect({ ...CONNECTION, ...addresses, name: `${cluster}.${id}` }).catch((cause) => {
    throw new Error(`Cannot connect to NATS at ${addresses.servers.join(", ")}: ${cause.message}`, { cause });
  });
  const subject = `${cluster}.${id}`;
  const counts = { isConnected: true, unconfirmed: 0, cutOffFrom: new Set<string>(), lost: 0, toldLost: 0 };
  const state: State = { connection, cluster, subject, debug, log, ...counts };
  void watchConnection(state);
  // The subscription is made now, so that no reply to the node's first messages is lost.
  const subscription = connection.subscribe(subject);
  return {
    get lost() {
      return state.lost;
    },
    send: (message) => send(state, message),
    receiveAll: (node, signal) => receiveAll(state, subscription, node, signal),
    answerRequests: (status) => answerRequests(state, status),
    async close() {
      // While there is no connection, there is nothing that could be flushed.
      if (state.isConnected && !connection.isClosed()) await connection.drain().catch(() => {});
      else await connection.close();
    },
  };
}

/** Follows the state of the connection, and logs it. */
async function watchConnection(state: State): Promise<void> {
  for await (const status of state.connection.status()) {
    if (status.type === "disconnect") {
      state.isConnected = false;
      state.log("warn", `Lost the connection to NATS at ${status.server}: messages are lost until there is one again`);
    } else if (status.type === "reconnect") {
      state.isConnected = true;
      state.unconfirmed = 0;
      state.log(
        "info",
        `Connected to NATS at ${status.server} again; ${state.lost - state.toldLost} messages were lost`,
      );
      state.toldLost = state.lost;
    } else if (status.type === "error") state.log("error", `NATS: ${status.error.message}`);
  }
}

function answerRequests(state: State, status: () => NatsNodeStatus): void {
  const { connection, subject } = state;
  const answer = (what: string, reply: (request: Msg) => string) =>
    connection.subscribe(`${subject}.${what}`, { callback: (_error, request) => void request.respond(reply(request)) });
  answer("status", () => formatJSON(status()));
  answer("cut", (request) => {
    const sources = parseNames(request.string());
    if (sources === undefined) return 'Cannot cut: expected a list of names, such as ["n1"]';
    state.cutOffFrom = new Set(sources);
    return request.string();
  });
}

/** Parses a list of names; undefined if the text is something else. */
function parseNames(text: string): string[] | undefined {
  try {
    const names = JSON.parse(text);
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}

function send(state: State, message: Message): void {
  const { connection, cluster, debug, log } = state;
  const text = formatJSON(message);
  if (debug) log("debug", `Sent ${text}`);
  if (!isSubjectPart(message.dest)) {
    return log("error", `Cannot send a message to ${showJSON(message.dest)}: it cannot be a part of a subject`);
  }
  // The client would keep everything until it is connected again.
  if (!state.isConnected || connection.isClosed()) {
    state.lost++;
    return;
  }
  try {
    connection.publish(`${cluster}.${message.dest}`, text);
    state.unconfirmed += text.length;
  } catch (error) {
    const most = connection.info?.max_payload;
    const shown = `${message.body.type} of ${text.length} characters to ${message.dest}`;
    log("error", `Cannot send ${shown}: ${(error as Error).message}; the server takes ${most} bytes (max_payload)`);
  }
}

async function receiveAll(
  state: State,
  subscription: Subscription,
  node: NodeHandle,
  signal: AbortSignal,
): Promise<void> {
  const { debug, log, connection } = state;
  const end = () => subscription.unsubscribe();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  for await (const received of subscription) {
    if (subscription.getPending() > MAX_WAITING) {
      state.lost++;
      continue;
    }
    const text = received.string();
    if (debug) log("debug", `Received ${text}`);
    const message = parseOrLog(text, log);
    if (message !== undefined && !state.cutOffFrom.has(message.src)) node.receive(message);
    if (state.unconfirmed > MAX_UNCONFIRMED) await confirm(state);
  }
  signal.removeEventListener("abort", end);
  if (signal.aborted) return;
  const reason = await connection.closed();
  throw new Error(`The connection to NATS is closed for good: ${reason?.message ?? "the server closed it"}`);
}

/** Waits until the server has got everything that was sent, or the connection is lost. */
async function confirm(state: State): Promise<void> {
  await state.connection.flush().catch(() => {});
  state.unconfirmed = 0;
}
