/**
 * The connection of a node to NATS: the subject of a recipient is the names of its cluster and its own, `prod.n1`.
 *
 * @module
 */

import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { Host, NodeHandle } from "../host.ts";
import { formatJSON, showJSON } from "../json.ts";
import { type NatsAccess, natsAccess } from "./nats_access.ts";
import { connectNats } from "./nats_connection.ts";
import { parseOrLog } from "../process_host.ts";
import type { Message } from "../protocol.ts";
import { ownVariable } from "./variables.ts";

/** The node takes no further message while more characters than this are not known to have reached the server. */
const MAX_UNCONFIRMED = 1_000_000;

/** Messages that wait for the node, at most. Later ones are lost. */
const MAX_WAITING = 100_000;

/** Settings of a connection: it never gives up, and a server that is silent for 10 s is given up for another. */
export const NATS_CONNECTION = {
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  pingInterval: 5000,
  maxPingOut: 2,
} as const;

/** The servers of a node on NATS, and its name there. */
export interface NatsPlace extends NatsAccess {
  /** Name of the cluster. It is the first part of all its subjects, so two clusters share servers but no messages. */
  cluster: string;
  /** The node's own name. */
  id: string;
  /**
   * True to wait until a server can be reached at the start, as after a loss of the connection.
   *
   * @default false, an error says that none can be reached
   */
  waitsForServer?: boolean;
  /**
   * Returns false for the name of a sender whose messages are dropped, such as one that another node of this name
   * serves.
   *
   * @default all are taken
   */
  hears?: (source: string) => boolean;
}

/** Receiver of a node's messages. */
export interface Receiver extends Pick<NodeHandle, "receive"> {
  /** False while it has no room for another message: one that arrives is lost. `@default always true` */
  hasRoom?(): boolean;
}

/** A node's connection to NATS. */
export interface NatsLink {
  /** Messages lost so far. */
  readonly lost: number;
  /** Publishes a message on the subject of its recipient. */
  send(message: Message): void;
  /** Resolves when the server has got what was sent; undefined if there is room for more. */
  untilSent(): Promise<void> | undefined;
  /**
   * Delivers what arrives to a node until the signal, with backpressure from what it sends.
   *
   * @throws {Error} The connection is closed for good: the server does not accept the client any more.
   */
  receiveAll(node: Receiver, signal: AbortSignal): Promise<void>;
  /** Publishes a text for those who watch the node: on its subject and `.what`. */
  tell(what: string, text: string): void;
  /** Answers requests for the status of the node, and those that cut it off from others. */
  answerRequests(status: () => unknown): void;
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
  /** Returns false for a source whose messages are dropped, as long as the node runs. */
  readonly hears: (source: string) => boolean;
  /** Sources whose messages are dropped. */
  cutOffFrom: ReadonlySet<string>;
  /** Messages lost so far. It never goes down. */
  lost: number;
  /** Value of `lost` when the log last told it. */
  toldLost: number;
}

/**
 * Connects a node to NATS, and subscribes to its subject.
 *
 * @param debug True to log every message received or sent.
 * @throws {Error} No server can be reached, and it does not wait for one.
 */
export async function openLink(
  { cluster, id, waitsForServer = false, hears = () => true, ...given }: NatsPlace,
  log: Host["log"],
  debug: boolean,
): Promise<NatsLink> {
  const own = natsAccess(ownVariable);
  const { servers = own.servers, credentials = own.credentials, tls = own.tls } = given;
  const settings = { ...NATS_CONNECTION, name: `${cluster}.${id}`, waitOnFirstConnect: waitsForServer };
  const connection = await connectNats({ servers, credentials, tls }, settings);
  const subject = `${cluster}.${id}`;
  const counts = { isConnected: true, unconfirmed: 0, cutOffFrom: new Set<string>(), lost: 0, toldLost: 0 };
  const state: State = { connection, cluster, subject, debug, log, hears, ...counts };
  void watchConnection(state);
  // The subscription is made now, so that no reply to the node's first messages is lost.
  const subscription = connection.subscribe(subject);
  return {
    get lost() {
      return state.lost;
    },
    send: (message) => send(state, message),
    untilSent: () => state.unconfirmed > MAX_UNCONFIRMED ? confirm(state) : undefined,
    receiveAll: (node, signal) => receiveAll(state, subscription, node, signal),
    tell(what, text) {
      if (state.isConnected && !connection.isClosed()) connection.publish(`${subject}.${what}`, text);
    },
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

function answerRequests(state: State, status: () => unknown): void {
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
  node: Receiver,
  signal: AbortSignal,
): Promise<void> {
  const { debug, log, connection } = state;
  const end = () => subscription.unsubscribe();
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  for await (const received of subscription) {
    if (subscription.getPending() > MAX_WAITING || node.hasRoom?.() === false) {
      state.lost++;
      continue;
    }
    const text = received.string();
    if (debug) log("debug", `Received ${text}`);
    const message = parseOrLog(text, log);
    if (message !== undefined && isHeard(state, message)) node.receive(message);
    if (state.unconfirmed > MAX_UNCONFIRMED) await confirm(state);
  }
  signal.removeEventListener("abort", end);
  if (signal.aborted) return;
  const reason = await connection.closed();
  throw new Error(`The connection to NATS is closed for good: ${reason?.message ?? "the server closed it"}`);
}

function isHeard({ hears, cutOffFrom }: State, { src }: Message): boolean {
  return hears(src) && !cutOffFrom.has(src);
}

/** Waits until the server has got everything that was sent, or the connection is lost. */
async function confirm(state: State): Promise<void> {
  await state.connection.flush().catch(() => {});
  state.unconfirmed = 0;
}

/** True for a name that can be one part of a subject. */
export function isSubjectPart(name: string): boolean {
  return /^[^\s.*>]+$/.test(name);
}
