/**
 * The life of a node on NATS, whatever runs its program: `nats.ts` runs it in this process, and the bridge of a cluster
 * (`workbench/world/cluster/bridge/`) in a process of its own, in any language.
 *
 * 1. The link to NATS is opened (`nats_link.ts`), so that no message is missed. Then the node is started.
 * 2. When the names of the nodes are known (`membership.ts`), the node gets its `init` from the host. When it has
 *    answered that, requests for its status are answered. Messages wait until then.
 * 3. Messages are delivered until SIGTERM. What arrives while the node has no room for it is lost, and counted.
 * 4. The node has 5 s to finish, and what it sent is flushed.
 *
 * @module
 */

import type { Host, LogLevel, NodeHandle } from "../host.ts";
import { showJSON } from "../json.ts";
import { fixedMembers, type Members, type Membership } from "./membership.ts";
import { isSubjectPart, type NatsLink, type NatsPlace, openLink, type Receiver } from "./nats_link.ts";
import { createProcessHost, logToStderr, runNode, withoutDetails } from "../process_host.ts";
import type { Body, Message } from "../protocol.ts";
import type { NodeStats } from "../stats.ts";

/** Options for {@linkcode serveNats}. */
export interface ServeNatsOptions extends NatsPlace {
  /** Names of all nodes, with its own; or where they come from: `etcdMembers()`. */
  nodes: readonly string[] | Members;
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
  /** Names of all nodes in the node's `init`. */
  nodes: readonly string[];
  /** Names of the present nodes. They differ from `nodes` only if nodes come and go: see `etcdMembers()`. */
  members: readonly string[];
  /** Name of this run of the node. */
  incarnation: string;
  /** Messages lost so far, in and out: there was no connection, or too many waited. */
  lost: number;
  /** Counters of the node. */
  stats: Readonly<NodeStats>;
}

/** Node that a host on NATS drives. */
export interface NatsNode extends NodeHandle, Receiver {
  /** Name of this run of the node. */
  readonly incarnation: string;
  /** Counters of the node. */
  readonly stats: Readonly<NodeStats>;
  /** Rejects if the node ends by itself. */
  readonly failed?: Promise<never>;
}

/** Source of the host's own requests, such as `init`. No node or client has this name: it is no part of a subject. */
const HOST = "the host";

/** Messages that wait for the answer to `init`, at most. Later ones are lost. */
const MAX_EARLY = 100_000;

/**
 * Runs a node on NATS, until SIGTERM or until `signal` ends it.
 *
 * @param start Starts the node.
 * @throws {TypeError} A name cannot be a part of a subject, or `nodes` lacks `id`.
 * @throws {Error} No server can be reached at the start, another node has the name, or the node answered its `init`
 *   with an error.
 * @throws The reason of a rejection that nothing handled, if `signal` was given, or of {@linkcode NatsNode.failed}.
 */
export async function runOnNats(
  start: (host: Host, link: NatsLink) => NatsNode,
  options: ServeNatsOptions,
): Promise<void> {
  const { debug = Deno.args.includes("--debug"), log: write = logToStderr, signal } = options;
  checkNames(options);
  const log: Host["log"] = debug ? write : withoutDetails(write);
  const link = await openLink(options, log, debug);
  const ending = signal === undefined ? listenToSignals() : { signal, stopListening: () => {} };
  try {
    const requests = createRequests(options.id);
    const send = (message: Message) => message.dest === HOST ? requests.settle(message.body) : link.send(message);
    const node = start(createProcessHost(send, log), link);
    const receiveAll = () => serveUntil(ending.signal, options, { node, link, requests, log });
    const broken = new Promise<void>(() => {});
    await runNode(receiveAll, { node, log, broken, ownsProcess: signal === undefined });
  } finally {
    ending.stopListening();
    await link.close();
  }
}

/** Parts of a node that runs. */
interface Served {
  node: NatsNode;
  link: NatsLink;
  requests: HostRequests;
  log: Host["log"];
}

/** Makes a node a member, initializes it, and delivers messages to it until the signal. */
async function serveUntil(signal: AbortSignal, options: ServeNatsOptions, served: Served): Promise<void> {
  const { cluster, id, nodes } = options;
  const { node, link, requests, log } = served;
  const gate = createGate(node, log);
  const received = untilFailed(link.receiveAll(gate, signal), node);
  const members = isList(nodes) ? fixedMembers(nodes) : nodes;
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const joining = members.register({ cluster, id, incarnation: node.incarnation, log, signal: either });
  try {
    const membership = await Promise.race([unlessAborted(joining, signal), received]);
    if (membership === undefined) return;
    await Promise.race([initialize(id, membership.nodes, served), received]);
    gate.open();
    link.answerRequests(() => statusOf(id, membership, served));
    const followed = membership.follow((body) => requests.ask(node, body), either);
    await Promise.race([followed.then(() => received), received]);
  } finally {
    ending.abort();
    // Also if the end came before the start.
    await joining.then(({ leave }) => leave(), () => {});
  }
}

/** Returns what a promise resolves with; undefined if it rejects after the signal. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Waits for the end of the messages, or of the node. */
function untilFailed(received: Promise<void>, { failed }: NatsNode): Promise<void> {
  const either = failed === undefined ? received : Promise.race([received, failed]);
  // It may end before anything awaits it.
  either.catch(() => {});
  return either;
}

async function initialize(id: string, nodes: readonly string[], { node, requests }: Served): Promise<void> {
  const reply = await requests.ask(node, { type: "init", node_id: id, node_ids: nodes });
  if (reply.type !== "init_ok") throw new Error(initProblem(id, reply));
}

function statusOf(id: string, { nodes, present }: Membership, { node, link }: Served): NatsNodeStatus {
  const { incarnation, stats } = node;
  return { id, nodes, members: present(), incarnation, lost: link.lost, stats };
}

/** Requests of a host to its node. */
interface HostRequests {
  /** Sends a request, and returns the body of the reply. */
  ask(node: NatsNode, body: Body): Promise<Body>;
  /** Takes a reply. */
  settle(reply: Body): void;
}

function createRequests(id: string): HostRequests {
  const waiting = new Map<unknown, (reply: Body) => void>();
  let count = 0;
  return {
    ask(node, body) {
      const msg_id = ++count;
      const { promise, resolve } = Promise.withResolvers<Body>();
      waiting.set(msg_id, resolve);
      node.receive({ src: HOST, dest: id, body: { ...body, msg_id } });
      return promise;
    },
    settle(reply) {
      waiting.get(reply.in_reply_to)?.(reply);
      waiting.delete(reply.in_reply_to);
    },
  };
}

/**
 * Creates the receiver of a node that waits for its `init`: others cannot initialize it, and what waits has a bound.
 * When it is opened, everything is delivered.
 */
function createGate(node: NatsNode, log: Host["log"]): Receiver & { open(): void } {
  let isOpen = false;
  let early = 0;
  return {
    open: () => void (isOpen = true),
    hasRoom: () => (isOpen || early < MAX_EARLY) && node.hasRoom?.() !== false,
    receive(message) {
      if (!isOpen && message.body.type === "init") return log("warn", `Ignored an init of ${message.src}`);
      if (!isOpen) early++;
      node.receive(message);
    },
  };
}

/** True for a list of names that stays. (`Array.isArray` does not know of lists that cannot be changed.) */
function isList(nodes: ServeNatsOptions["nodes"]): nodes is readonly string[] {
  return Array.isArray(nodes);
}

function checkNames({ cluster, id, nodes }: ServeNatsOptions): void {
  const listed = isList(nodes) ? nodes : [id];
  for (const name of [cluster, id, ...listed]) {
    if (typeof name === "string" && isSubjectPart(name)) continue;
    throw new TypeError(
      `Cannot use the name ${
        showJSON(name)
      } on NATS: expected one without spaces, dots, * and >, as it is part of a subject`,
    );
  }
  if (!listed.includes(id)) {
    throw new TypeError(`Cannot serve ${id}: expected nodes to include it, got ${showJSON(nodes)}`);
  }
}

/** Describes a reply to `init` that is not `init_ok`. */
function initProblem(id: string, { type, text }: Body): string {
  if (type === "error") return `Cannot start ${id}: its init failed: ${text}`;
  return `Cannot start ${id}: it answered init with a message of type ${showJSON(type)}, expected init_ok`;
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
