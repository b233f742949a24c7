/**
 * The life of a node on NATS, whatever runs its program: `nats.ts` runs it in this process, and the bridge of a cluster
 * (`workbench/world/cluster/bridge/`) in a process of its own, in any language.
 *
 * 1. The link to NATS is opened (`nats_link.ts`), so that no message is missed. Then the node is started.
 * 2. The node gets its `init` from the host. When it has answered that, requests for its status are answered.
 * 3. Messages are delivered until SIGTERM. A node that has no room for more lets them wait in the link.
 * 4. The node has 5 s to finish, and what it sent is flushed.
 *
 * @module
 */

import type { Host, LogLevel, NodeHandle } from "./host.ts";
import { showJSON } from "./json.ts";
import { isSubjectPart, type NatsLink, type NatsPlace, openLink, type Receiver } from "./nats_link.ts";
import { createProcessHost, logToStderr, runNode, withoutDetails } from "./process_host.ts";
import type { Body, Message } from "./protocol.ts";
import type { NodeStats } from "./stats.ts";

/** Options for {@linkcode serveNats}. */
export interface ServeNatsOptions extends NatsPlace {
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

/** Node that a host on NATS drives. */
export interface NatsNode extends NodeHandle, Receiver {
  /** Name of this run of the node. */
  readonly incarnation: string;
  /** Counters of the node. */
  readonly stats: Readonly<NodeStats>;
  /** Rejects if the node ends by itself. */
  readonly failed?: Promise<never>;
}

/** Source of the node's `init`. No node or client can have this name, as it is no part of a subject. */
const INIT_SOURCE = "the host";

/**
 * Runs a node on NATS, until SIGTERM or until `signal` ends it.
 *
 * @throws {TypeError} A name cannot be a part of a subject, or `nodes` lacks `id`.
 * @throws {Error} No server can be reached at the start, or the node answered its `init` with an error.
 * @throws The reason of a rejection that nothing handled, if `signal` was given, or of {@linkcode NatsNode.failed}.
 */
export async function runOnNats(
  start: (host: Host, link: NatsLink) => NatsNode,
  options: ServeNatsOptions,
): Promise<void> {
  const { id, nodes, debug = Deno.args.includes("--debug"), log: write = logToStderr, signal } = options;
  checkNames(options);
  const log: Host["log"] = debug ? write : withoutDetails(write);
  const link = await openLink(options, log, debug);
  const ending = signal === undefined ? listenToSignals() : { signal, stopListening: () => {} };
  try {
    const initialized = Promise.withResolvers<void>();
    const send = (message: Message) => message.dest === INIT_SOURCE ? settleInit(message.body) : link.send(message);
    const settleInit = (body: Body) =>
      body.type === "error"
        ? initialized.reject(new Error(`Cannot start ${id}: its init failed: ${body.text}`))
        : initialized.resolve();
    const node = start(createProcessHost(send, log), link);
    const receiveAll = async () => {
      const received = untilFailed(link.receiveAll(node, ending.signal), node);
      node.receive(initOf(id, nodes));
      await Promise.race([initialized.promise, received]);
      link.answerRequests(() => ({ id, nodes, incarnation: node.incarnation, lost: link.lost, stats: node.stats }));
      await received;
    };
    const broken = new Promise<void>(() => {});
    await runNode(receiveAll, { node, log, broken, ownsProcess: signal === undefined });
  } finally {
    ending.stopListening();
    await link.close();
  }
}

/** Waits for the end of the messages, or of the node. */
function untilFailed(received: Promise<void>, { failed }: NatsNode): Promise<void> {
  return failed === undefined ? received : Promise.race([received, failed]);
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

function initOf(id: string, nodes: readonly string[]): Message {
  return { src: INIT_SOURCE, dest: id, body: { type: "init", msg_id: 1, node_id: id, node_ids: nodes } };
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
