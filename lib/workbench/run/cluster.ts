/**
 * The nodes under test. The nemesis kills, starts, pauses and resumes them.
 *
 * A node's state: down → starting → running ⇄ paused → down. To start a node:
 *
 * 1. Spawn a host for it (`world/hosts/`).
 * 2. Send it `init` and wait for `init_ok`.
 * 3. At the beginning of a test, let the workload's client prepare it, as broadcast's does with the topology. A node
 *    that starts again gets its `init` only, as in Maelstrom.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { type Body, RPCError } from "../../protocol.ts";
import { type Connection, type Liveness, type OpenConnection, openConnection } from "../world/connection.ts";
import { FailedError, messageOf, UsageError } from "../base/errors.ts";
import { type Diagnosis, joinLines, type NodeHost } from "../world/hosts/node_host.ts";
import { formatJSON } from "../base/json.ts";
import { isClient, type Network } from "../world/network/network.ts";
import type { Random } from "../world/random.ts";
import type { TestException } from "../base/test_exception.ts";
import type { TestOptions, Workload } from "../workloads/workload.ts";
import type { World } from "../world/hosts/world.ts";

/** Options for {@linkcode createCluster}. */
export interface ClusterOptions {
  world: World;
  network: Network;
  /** Source of a stream for each node. */
  random: Random;
  /** Names of the nodes, and options for the workload's client. */
  test: TestOptions;
  /** Workload whose client prepares the nodes. */
  workload: Pick<Workload, "client">;
  /** Called when a node fails without being killed. */
  onFailure(failure: TestException): void;
  /** Called with an exception that does not end the test. */
  note?(exception: TestException): void;
  /** Ends all waiting. */
  signal: AbortSignal;
}

/** Nodes under test. Methods for a single node return the outcome that the history shows. */
export interface Cluster extends Liveness {
  /**
   * Starts all nodes at the same time; when all are initialized, prepares them.
   *
   * @throws {UsageError} A node cannot be started.
   */
  open(): Promise<void>;
  /** Kills a node, paused or not, and with it its memory: `"killed"`, or `"not-running"`. */
  kill(id: string): Promise<string>;
  /**
   * Starts a node that was killed: `"started"`, or `"already-running"`. It receives nothing before its `init`, and
   * nothing from other clients before it has answered that.
   */
  start(id: string): Promise<string>;
  /** Pauses a node: `"paused"`, `"already-paused"` or `"not-running"`. A node that is starting does not run yet. */
  pause(id: string): string;
  /** Resumes a paused node: `"resumed"`, or `"not-paused"`. */
  resume(id: string): string;
  /** Finds out why a node does not answer a request of type `asked`; undefined if it is down. */
  diagnose(id: string, asked: string): Promise<Diagnosis> | undefined;
  /** Returns what a node wrote without an end of line; undefined if there is nothing, or it is down. */
  unfinishedLine(id: string): string | undefined;
  /** Stops all nodes for good. */
  close(): Promise<void>;
}

/** Time a node has to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;
/**
 * Time a node has to answer `init` if it may have to ask others, ms: one that starts again while faults are active, or
 * one of a cluster, whose services wait for a disk.
 */
const PATIENT_INIT_TIMEOUT = 60_000;

/** Node under test, across all its incarnations. */
interface Member {
  readonly id: string;
  state: "down" | "starting" | "running" | "paused";
  /** Host of the present incarnation; undefined while the node is down. */
  host?: NodeHost;
  /** Connection that initializes and prepares the present incarnation. */
  connection?: OpenConnection;
  /** First message from the node to that connection that answers no request. */
  mistake?: string;
  /** Number of incarnations so far. */
  incarnations: number;
}

/** State of a cluster. */
interface State extends ClusterOptions {
  readonly members: ReadonlyMap<string, Member>;
  /** Called with each node that goes down. */
  readonly listeners: Set<(node: string) => void>;
}

/** Creates a cluster whose nodes are all down. */
export function createCluster(options: ClusterOptions): Cluster {
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const members = options.test.nodes.map((id): [string, Member] => [id, { id, state: "down", incarnations: 0 }]);
  const state: State = { ...options, signal, members: new Map(members), listeners: new Set() };
  const memberOf = (id: string) => state.members.get(id)!;
  return {
    open: () => startAll(state),
    start: (id) => restart(state, memberOf(id)),
    kill: (id) => kill(state, memberOf(id)),
    pause: (id) => pause(memberOf(id)),
    resume: (id) => resume(memberOf(id)),
    diagnose: (id, asked) => memberOf(id).host?.diagnose(asked),
    unfinishedLine: (id) => memberOf(id).host?.unfinishedLine?.(),
    isDown(id) {
      const { state } = memberOf(id);
      return state === "down" || state === "starting";
    },
    onDown(listener) {
      state.listeners.add(listener);
      return () => state.listeners.delete(listener);
    },
    async close() {
      closing.abort(new Error("The test is over"));
      await Promise.all(Array.from(state.members.values(), ({ host }) => host?.stop()));
    },
  };
}

async function startAll(state: State): Promise<void> {
  const { signal } = state;
  const members = [...state.members.values()];
  const begin = async (member: Member) => {
    await spawn(state, member);
    await initialize(state, member, state.world.mode === "cluster" ? PATIENT_INIT_TIMEOUT : INIT_TIMEOUT);
  };
  await Promise.all(members.map((member) => startMember(state, member, () => begin(member))));
  signal.throwIfAborted();
  await Promise.all(members.map((member) => prepare(state, member)));
  signal.throwIfAborted();
  for (const member of members) member.state = "running";
}

async function restart(state: State, member: Member): Promise<string> {
  const { network, signal } = state;
  const { id } = member;
  // A test that is over starts nothing.
  if (member.state !== "down" || signal.aborted) return "already-running";
  network.filterSources(id, () => false);
  await startMember(state, member, async () => {
    await spawn(state, member);
    await initialize(state, member, PATIENT_INIT_TIMEOUT);
    member.connection!.close();
  });
  network.filterSources(id, () => true);
  member.state = "running";
  return "started";
}

async function kill({ listeners }: State, member: Member): Promise<string> {
  if (member.state !== "running" && member.state !== "paused") return "not-running";
  member.state = "down";
  for (const tell of listeners) tell(member.id);
  await member.host!.stop();
  member.host = undefined;
  return "killed";
}

function pause(member: Member): string {
  if (member.state !== "running") return member.state === "paused" ? "already-paused" : "not-running";
  member.state = "paused";
  member.host!.pause();
  return "paused";
}

function resume(member: Member): string {
  if (member.state !== "paused") return "not-paused";
  member.state = "running";
  member.host!.resume();
  return "resumed";
}

/** Begins an incarnation of a node. */
async function spawn({ world, network, random, onFailure, note, signal }: State, member: Member): Promise<void> {
  const { id } = member;
  const stream = random.stream(`node ${id}`);
  member.state = "starting";
  member.incarnations++;
  member.mistake = undefined;
  // An incarnation must not draw again what an earlier one drew, because nodes make unique names from it.
  const draws = member.incarnations === 1 ? stream : stream.stream(`start ${member.incarnations}`);
  member.host = await world.startNode(id, network, draws, onFailure, note);
  if (signal.aborted) await member.host.stop();
  signal.throwIfAborted();
}

/**
 * Starts a node by `begin`. What `begin` throws is a failure of the node, unless the test is over.
 *
 * @throws {UsageError} The node cannot be started for the first time: its binary cannot be run.
 * @throws {FailedError} The system has no room for another process, also for the first time.
 */
async function startMember({ onFailure, signal }: State, member: Member, begin: () => Promise<void>): Promise<void> {
  try {
    await begin();
  } catch (error) {
    const isForUser = error instanceof UsageError || error instanceof FailedError;
    if (isForUser && member.incarnations === 1) throw error;
    if (signal.aborted) return;
    onFailure({ type: "start-failed", node: member.id, message: messageOf(error), count: 1 });
  }
}

/**
 * Sends a node its `init`. A node that starts again receives nothing before it, and then everything except clients'
 * messages.
 */
async function initialize(state: State, member: Member, timeout: number): Promise<void> {
  const { network, world: { clock }, test, signal, onFailure } = state;
  const { id } = member;
  const connection = openConnection(network, clock, {
    onMistake({ message }) {
      member.mistake ??= message;
    },
  });
  member.connection = connection;
  const isRestart = member.incarnations > 1;
  if (isRestart) network.filterSources(id, (src) => src === connection.id);
  try {
    const reply = connection.call(id, initBody(id, test), timeout);
    // init takes no time to arrive, so this runs right after its arrival.
    if (isRestart) {
      clock.schedule(clock.now(), () => network.filterSources(id, (src) => src === connection.id || !isClient(src)));
    }
    const { type } = await abortable(reply, signal);
    if (type === "init_ok") return;
    const problem = `Node ${id} answered init with a message of type ${formatJSON(type) ?? "none"}; expected init_ok`;
    onFailure(await startFailure("init-failed", member, problem));
  } catch (error) {
    if (signal.aborted) return connection.close();
    onFailure(await requestFailure("init-failed", member, "init", error));
  }
}

/** The request `init`. With `--role` it has the roles of the nodes, too, which Maelstrom does not have. */
function initBody(id: string, { nodes, roles = {} }: TestOptions): Body {
  const body = { type: "init", node_id: id, node_ids: nodes };
  return Object.keys(roles).length === 0 ? body : { ...body, roles };
}

/** Failure of a node whose answer at its start was wrong. Its log may say why. */
async function startFailure(
  type: "init-failed" | "setup-failed",
  { id, mistake, host }: Member,
  problem: string,
): Promise<TestException> {
  const { log } = await host!.diagnose("");
  const hasLog = log.length > 1;
  return { type, node: id, message: joinLines(problem, mistake, ...hasLog ? log : []), count: 1 };
}

/** Failure of a node at its start that did not answer a request of type `asked`, or with an error. */
async function requestFailure(
  type: "init-failed" | "setup-failed",
  member: Member,
  asked: string,
  error: unknown,
): Promise<TestException> {
  const { id, mistake, host } = member;
  if (!(error instanceof RPCError)) return await startFailure(type, member, messageOf(error));
  if (error.errorName !== "timeout") {
    const { code, errorName, message } = error;
    const problem = `Node ${id} answered ${asked} with error ${code} (${errorName}): ${message}; expected ${asked}_ok`;
    return await startFailure(type, member, problem);
  }
  const { cause, activity, log, advice } = await host!.diagnose(asked);
  const problem = cause === undefined ? error.message : `${error.message}: ${cause}`;
  // A reply to nothing explains the silence; what to do about it is in it.
  const lines = mistake === undefined ? [...activity, ...log, advice] : [mistake, ...log];
  return { type, node: id, message: joinLines(problem, ...lines), count: 1 };
}

/** Lets the workload's client prepare a node, and closes the node's connection. */
async function prepare({ workload, test, signal, onFailure }: State, member: Member): Promise<void> {
  const { id, connection } = member;
  let asked = "";
  const asking: Connection = {
    rpc(node, rpc, ...more) {
      asked = rpc.type;
      return connection!.rpc(node, rpc, ...more);
    },
  };
  try {
    if (test.roles?.[id] !== undefined) return;
    await abortable(workload.client(asking, id, test).setup?.() ?? Promise.resolve(), signal);
  } catch (error) {
    if (signal.aborted) return;
    onFailure(await requestFailure("setup-failed", member, asked, error));
  } finally {
    connection!.close();
  }
}
