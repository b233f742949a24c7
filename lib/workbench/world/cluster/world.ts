/**
 * World of a test whose nodes are services of a cluster. The workbench is one more client on NATS:
 *
 * 1. A request of a test's client is published on the subject of its node.
 * 2. The world listens to all subjects of the cluster. A message to a client is delivered to it; every other one is
 *    only recorded, so that the journal has the messages between nodes, and those to and from services.
 * 3. A node that prints a line that is not a message tells it on its subject and `.bad-line`: the test ends with that.
 * 4. Faults of nodes and servers are requests to the supervisor. Links are cut by the nodes: each drops what it must
 *    not hear. A node is told until it answers.
 *
 * While the world has no connection, as when a nats-server is killed, it loses messages as everybody does. The journal
 * then lacks some, which an exception says.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import { formatJSON } from "../../base/json.ts";
import { messageOf } from "../../base/errors.ts";
import type { TestException } from "../../base/test_exception.ts";
import type { Message } from "../../../protocol.ts";
import type { Clock } from "../clock.ts";
import { type Diagnosis, joinLines, nodeCrashed, type NodeHost } from "../hosts/node_host.ts";
import { parseLine } from "../hosts/process/message.ts";
import type { NodeLog } from "../hosts/process/output.ts";
import type { ServersUnderTest, World } from "../hosts/world.ts";
import { isClient, type Network, StrangerError } from "../network/network.ts";
import { bytesOf, lastLinesOf } from "./child_log.ts";
import type { ClusterControl, NodeAction } from "./control.ts";
import type { NodeState } from "./state.ts";

/** Options for {@linkcode clusterWorld}. */
export interface ClusterWorldOptions {
  clock: Clock;
  /** Name of the cluster. */
  cluster: string;
  /** Names of the servers that the cluster has started, by program. */
  servers: ServersUnderTest["names"];
  control: Pick<ClusterControl, "node" | "server" | "report" | "log">;
  /** Connection of the workbench, which does not hear what it publishes itself (`noEcho`). */
  connection: NatsConnection;
  /**
   * Opens the log of a node in the store of the run.
   *
   * @param now Returns the time of what is written to it, milliseconds since the test began.
   */
  openLog(node: string, now: () => number): NodeLog;
}

/** World, with the end of its watch over the nodes. */
export interface ClusterWorld extends World {
  /** Ends listening and watching. */
  close(): void;
}

/** Time between two looks at the nodes, ms. */
const WATCH_INTERVAL = 250;
/** Time that a node has to confirm its cuts before it is told again, ms. */
const CUT_TIMEOUT = 1000;
/** Time before a node is told again that cannot be reached, ms. */
const CUT_RETRY_DELAY = 100;
/** Message of the exception that the journal is not whole. */
const UNSEEN =
  "The workbench lost its connection to NATS for a while: the figures lack messages that it did not see, " +
  "and clients got no replies";
/** Lines of a node's log in a report, and the size of the part that they are in, bytes. */
const LOG_LINES = 12;
const LOG_END = 8192;

/** Node of the test. */
interface Running {
  readonly id: string;
  readonly onFailure: (failure: TestException) => void;
  /** Size of its log when it started, bytes. */
  logStart: number;
  /** The last action on it: actions are performed one after another. */
  action: Promise<void>;
  /** True once its crash was reported. */
  hasCrashed: boolean;
}

/** State of the world. */
interface State extends ClusterWorldOptions {
  /** Nodes that have been started and not been stopped. */
  readonly running: Map<string, Running>;
  /** Sources that each node is cut off from. */
  readonly cuts: Map<string, readonly string[]>;
  /** Nodes whose cuts have changed since they were told the last time. */
  readonly untold: Set<string>;
  /** Undefined before the first node starts. */
  network: Network | undefined;
  /** Callbacks of the node that was started last; undefined before the first. */
  report: { fail(failure: TestException): void; note?(exception: TestException): void } | undefined;
  isConnected: boolean;
  isClosed: boolean;
  /** True while the supervisors are asked for their nodes. */
  isLooking: boolean;
}

/** Creates the world of a cluster's nodes. */
export function clusterWorld(options: ClusterWorldOptions): ClusterWorld {
  const { connection, clock, control, servers } = options;
  const maps = { running: new Map(), cuts: new Map(), untold: new Set<string>() };
  const flags = { isConnected: true, isClosed: false, isLooking: false };
  const state: State = { ...options, ...maps, ...flags, network: undefined, report: undefined };
  void watchConnection(state);
  const tap = connection.subscribe(`${options.cluster}.*`, {
    callback: (_error, message) => receive(state, message.string()),
  });
  const badLines = connection.subscribe(`${options.cluster}.*.bad-line`, {
    callback: (_error, message) => reportBadLine(state, message.subject, message.string()),
  });
  const watch = setInterval(() => void lookAtNodes(state), WATCH_INTERVAL);
  return {
    mode: "cluster",
    clock,
    cut: (node, sources) => cut(state, node, sources),
    servers: {
      names: servers,
      act: (server, action) => control.server(server, action).catch((error) => failOf(state, messageOf(error))),
    },
    startNode(id, network, _random, onFailure, note) {
      state.report = { fail: onFailure, note };
      return startNode(state, id, network, onFailure);
    },
    close() {
      state.isClosed = true;
      clearInterval(watch);
      tap.unsubscribe();
      badLines.unsubscribe();
    },
  };
}

/** Ends the test because of a server, and returns the reason as the outcome of an action. */
function failOf({ report }: State, message: string): string {
  report?.fail({ type: "server-unreachable", message, count: 1 });
  return message;
}

/** Follows the state of the connection. */
async function watchConnection(state: State): Promise<void> {
  for await (const { type } of state.connection.status()) {
    if (type === "reconnect") state.isConnected = true;
    else if (type === "disconnect" && !state.isClosed) {
      state.isConnected = false;
      state.report?.note?.({ type: "messages-unseen", message: UNSEEN, count: 1 });
    }
  }
}

/** Takes a message that somebody else has published. */
function receive({ network, running }: State, text: string): void {
  if (network === undefined) return;
  let message: Message;
  try {
    message = parseLine(text);
  } catch {
    // Its recipient says so in its log.
    return;
  }
  if (!isClient(message.dest)) return network.observe(message);
  try {
    if (running.has(message.src)) network.send(message);
  } catch (error) {
    // The cluster may have other clients than those of the test.
    if (!(error instanceof StrangerError)) throw error;
  }
}

/** Reports a line that is not a message, as a world of processes does. */
function reportBadLine({ running }: State, subject: string, message: string): void {
  const node = subject.split(".").at(-2)!;
  running.get(node)?.onFailure({ type: "bad-line", node, message, count: 1 });
}

async function startNode(
  state: State,
  id: string,
  network: Network,
  onFailure: (failure: TestException) => void,
): Promise<NodeHost> {
  const { control, connection, running, cluster } = state;
  state.network = network;
  const node: Running = { id, onFailure, logStart: 0, action: Promise.resolve(), hasCrashed: false };
  // Before the start: what the node prints while it starts counts, too.
  running.set(id, node);
  try {
    node.logStart = (await control.node(id, "start")).logStart;
  } catch (error) {
    running.delete(id);
    throw error;
  }
  if (state.cuts.has(id)) void tellCut(state, id);
  network.attach(id, (message) => {
    // The client would keep everything until it is connected again.
    if (state.isConnected) connection.publish(`${cluster}.${id}`, formatJSON(message));
  });
  return {
    id,
    diagnose: () => diagnose(state, id),
    pause: () => act(state, node, "pause"),
    resume: () => act(state, node, "resume"),
    async stop() {
      running.delete(id);
      network.detach(id);
      act(state, node, "kill");
      await node.action;
      await keepLog(state, node);
    },
  };
}

/** Performs an action after those before it. */
function act({ control }: State, node: Running, action: NodeAction): void {
  node.action = node.action.then(async () => void await control.node(node.id, action)).catch((error) => {
    node.onFailure({ type: "node-unreachable", node: node.id, message: messageOf(error), count: 1 });
  });
}

/** Copies what a node has logged in this test to the store, with the times at which it did. */
async function keepLog({ control, clock, openLog }: State, { id, logStart }: Running): Promise<void> {
  let time = 0;
  const log = openLog(id, () => time);
  for (let from = logStart; log.isWhole;) {
    // A machine that does not answer keeps its logs.
    const part = await control.log(id, from).catch(() => undefined);
    if (part === undefined || part.pieces.length === 0) break;
    // The clocks of machines differ.
    const offset = clock.now() - part.now;
    for (const piece of part.pieces) {
      time = Math.max(0, piece.time + offset);
      log.write(bytesOf(piece));
    }
    from = part.next;
  }
  log.close();
}

/** Reports nodes that have ended without being stopped. */
async function lookAtNodes(state: State): Promise<void> {
  const { control, running } = state;
  // A machine that the network does not reach answers late.
  if (running.size === 0 || state.isLooking) return;
  state.isLooking = true;
  const { nodes } = await control.report().catch(() => ({ nodes: [] }));
  state.isLooking = false;
  for (const node of nodes) {
    const { id, end } = node;
    const test = running.get(id);
    if (end === null || test === undefined || test.hasCrashed) continue;
    test.hasCrashed = true;
    test.onFailure(nodeCrashed(id, end, joinLines(...await endOfLog(state, node))));
  }
}

async function endOfLog({ control }: State, { id, log }: NodeState): Promise<string[]> {
  try {
    const lines = lastLinesOf(await control.log(id, -LOG_END), LOG_LINES);
    return [`The end of ${log}:`, ...lines.map((line) => `  ${line}`)];
  } catch (error) {
    return [messageOf(error)];
  }
}

async function diagnose(state: State, id: string): Promise<Diagnosis> {
  const { nodes } = await state.control.report().catch(() => ({ nodes: [] }));
  const found = nodes.find((node) => node.id === id);
  if (found === undefined) return { activity: ["Its supervisor does not answer"], log: [] };
  return { activity: [`It is ${found.state} (${found.pid})`], log: await endOfLog(state, found) };
}

/** Notes a node's cuts. They are told at the end of the turn: a partition changes many links at once. */
function cut(state: State, node: string, sources: readonly string[]): void {
  state.cuts.set(node, sources);
  if (state.untold.size === 0) queueMicrotask(() => tellCuts(state));
  state.untold.add(node);
}

function tellCuts(state: State): void {
  for (const node of state.untold) void tellCut(state, node);
  state.untold.clear();
}

/**
 * Tells a node its cuts until it confirms them, or has others. A paused node does so when it goes on; one that is down
 * is told when it starts again.
 */
async function tellCut(state: State, node: string): Promise<void> {
  const { connection, cluster, cuts, running, clock } = state;
  const sources = cuts.get(node);
  const incarnation = running.get(node);
  while (incarnation !== undefined && running.get(node) === incarnation && cuts.get(node) === sources) {
    if (state.isClosed) return;
    try {
      return void await connection.request(`${cluster}.${node}.cut`, JSON.stringify(sources), { timeout: CUT_TIMEOUT });
    } catch {
      await clock.sleep(CUT_RETRY_DELAY);
    }
  }
}
