/**
 * World of a test whose nodes are services of a cluster. The workbench is one more client on NATS:
 *
 * 1. A request of a test's client is published on the subject of its node.
 * 2. The world listens to all subjects of the cluster. A message to a client is delivered to it; every other one is
 *    only recorded, so that the journal has the messages between nodes, and those to and from services.
 * 3. Faults of nodes are requests to the supervisor. Links are cut by the nodes: each drops what it must not hear.
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
import type { World } from "../hosts/world.ts";
import { isClient, type Network, StrangerError } from "../network/network.ts";
import { lastLines } from "./child.ts";
import type { ClusterControl, NodeAction } from "./control.ts";
import { type ClusterState, logPath } from "./state.ts";

/** Options for {@linkcode clusterWorld}. */
export interface ClusterWorldOptions {
  clock: Clock;
  state: Pick<ClusterState, "folder" | "cluster">;
  control: Pick<ClusterControl, "node" | "report">;
  /** Connection of the workbench, which does not hear what it publishes itself (`noEcho`). */
  connection: NatsConnection;
  /** Opens the log of a node in the store of the run. */
  openLog(node: string): NodeLog;
}

/** World, with the end of its watch over the nodes. */
export interface ClusterWorld extends World {
  /** Ends listening and watching. */
  close(): void;
}

/** Time between two looks at the nodes, ms. */
const WATCH_INTERVAL = 250;
/** Lines of a node's log in a report. */
const LOG_LINES = 12;

/** Node of the test. */
interface Running {
  readonly id: string;
  readonly log: NodeLog;
  readonly onFailure: (failure: TestException) => void;
  /** Size of its log when it started, bytes. */
  readonly logStart: number;
  /** The last action on it: actions are performed one after another. */
  action: Promise<void>;
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
}

/** Creates the world of a cluster's nodes. */
export function clusterWorld(options: ClusterWorldOptions): ClusterWorld {
  const state: State = { ...options, running: new Map(), cuts: new Map(), untold: new Set(), network: undefined };
  const { connection, clock } = options;
  const tap = connection.subscribe(`${options.state.cluster}.*`, {
    callback: (_error, message) => receive(state, message.string()),
  });
  const watch = setInterval(() => void lookAtNodes(state), WATCH_INTERVAL);
  return {
    mode: "cluster",
    clock,
    cut: (node, sources) => cut(state, node, sources),
    startNode: (id, network, _random, onFailure) => startNode(state, id, network, onFailure),
    close() {
      clearInterval(watch);
      tap.unsubscribe();
    },
  };
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

async function startNode(
  state: State,
  id: string,
  network: Network,
  onFailure: (failure: TestException) => void,
): Promise<NodeHost> {
  const { control, connection, running } = state;
  const path = logPath(state.state.folder, id);
  const node: Running = { id, log: state.openLog(id), onFailure, logStart: sizeOf(path), action: Promise.resolve() };
  state.network = network;
  await control.node(id, "start");
  running.set(id, node);
  if (state.cuts.has(id)) tellCut(state, id);
  network.attach(id, (message) => {
    connection.publish(`${state.state.cluster}.${id}`, formatJSON(message));
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
      keepLog(node, path);
    },
  };
}

/** Performs an action after those before it. */
function act({ control }: State, node: Running, action: NodeAction): void {
  node.action = node.action.then(() => control.node(node.id, action)).catch((error) => {
    node.onFailure({ type: "node-unreachable", node: node.id, message: messageOf(error), count: 1 });
  });
}

/** Copies what a node has logged in this test to the store. */
function keepLog({ log, logStart }: Running, path: string): void {
  try {
    log.write(Deno.readFileSync(path).subarray(logStart));
  } catch {
    // It has logged nothing.
  }
  log.close();
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** Reports nodes that have ended without being stopped. */
async function lookAtNodes({ control, running, state }: State): Promise<void> {
  if (running.size === 0) return;
  const { nodes } = await control.report().catch(() => ({ nodes: [] }));
  for (const { id, end } of nodes) {
    if (end === null || !running.has(id)) continue;
    running.get(id)!.onFailure(nodeCrashed(id, end, joinLines(...endOfLog(state, id))));
  }
}

function endOfLog({ folder }: State["state"], id: string): string[] {
  const path = logPath(folder, id);
  return [`The end of ${path}:`, ...lastLines(path, LOG_LINES).map((line) => `  ${line}`)];
}

async function diagnose({ control, state }: State, id: string): Promise<Diagnosis> {
  const { nodes } = await control.report().catch(() => ({ nodes: [] }));
  const found = nodes.find((node) => node.id === id);
  const activity = found === undefined ? "The supervisor does not answer" : `It is ${found.state} (${found.pid})`;
  return { activity: [activity], log: endOfLog(state, id) };
}

/** Notes a node's cuts. They are told at the end of the turn: a partition changes many links at once. */
function cut(state: State, node: string, sources: readonly string[]): void {
  state.cuts.set(node, sources);
  if (state.untold.size === 0) queueMicrotask(() => tellCuts(state));
  state.untold.add(node);
}

function tellCuts(state: State): void {
  for (const node of state.untold) tellCut(state, node);
  state.untold.clear();
}

/** Tells a node its cuts. A node that is down learns them when it starts again, a paused one when it goes on. */
function tellCut({ connection, state: { cluster }, cuts }: State, node: string): void {
  connection.publish(`${cluster}.${node}.cut`, JSON.stringify(cuts.get(node)));
}
