/**
 * The nodes under test: started and initialised, paused and resumed, killed and started again.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { RPCError } from "../../protocol.ts";
import { type OpenConnection, openConnection } from "../world/connection.ts";
import { messageOf, UsageError } from "../base/errors.ts";
import type { NodeHost } from "../world/hosts/node_host.ts";
import { formatLine } from "../base/json.ts";
import { isClient, type Network } from "../world/network/network.ts";
import type { Random } from "../world/random.ts";
import type { TestException } from "../base/test_exception.ts";
import type { TestOptions, Workload } from "../workloads/workload.ts";
import type { World } from "../world/hosts/world.ts";

/** What {@linkcode createCluster} needs. */
export interface ClusterOptions {
  world: World;
  network: Network;
  /** Has a stream for each node. */
  random: Random;
  /** The nodes' names, and what their clients are to know. */
  test: TestOptions;
  /** Whose clients set the nodes up. */
  workload: Pick<Workload, "client">;
  /** Is told of what goes wrong with a node, unless it was asked for. */
  onFailure(failure: TestException): void;
  /** Ends all waiting. */
  signal: AbortSignal;
}

/** The nodes under test. What is asked of a node says what came of it, in the words of a history. */
export interface Cluster {
  /**
   * Starts all nodes at once, and initialises each as soon as it is there; then all are set up.
   *
   * @throws {UsageError} A node cannot be started.
   */
  open(): Promise<void>;
  /** Kills a node, paused or not: `"killed"`, or `"not-running"`. What it had in memory is gone. */
  kill(id: string): Promise<string>;
  /**
   * Starts a node that was killed, initialises it and sets it up: `"started"`, or `"already-running"`. It gets nothing before its
   * init, and nothing from other clients before it is set up.
   */
  start(id: string): Promise<string>;
  /** Pauses a node: `"paused"`, `"already-paused"` or `"not-running"`; one that is just being started is not running yet. */
  pause(id: string): string;
  /** Has a paused node go on: `"resumed"`, or `"not-paused"`. */
  resume(id: string): string;
  /** Ends all nodes, for good. */
  close(): Promise<void>;
}

/** How long a node may take to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;
/** The same for a node that starts again, amid faults. */
const RESTART_TIMEOUT = 60_000;

/** One node, through all its lives. */
interface Member {
  id: string;
  /** The worker whose client sets it up. */
  index: number;
  state: "down" | "starting" | "running" | "paused";
  /** Its present life, if it has one. */
  host?: NodeHost;
  /** What it is initialised and set up through. */
  connection?: OpenConnection;
  /** What it has sent there that answers nothing. */
  mistake?: string;
  /** How often it was started. */
  starts: number;
}

/** Makes a cluster, of which no node runs yet. */
export function createCluster(given: ClusterOptions): Cluster {
  const over = new AbortController();
  const signal = AbortSignal.any([given.signal, over.signal]);
  const options = { ...given, signal };
  const { test, network } = options;
  const members = new Map<string, Member>();
  test.nodes.forEach((id, index) => members.set(id, { id, index, state: "down", starts: 0 }));
  return {
    async open() {
      const all = [...members.values()];
      await Promise.all(all.map((member) =>
        attempt(options, member, async () => {
          await spawn(options, member);
          await initialise(options, member, INIT_TIMEOUT);
        })
      ));
      signal.throwIfAborted();
      await Promise.all(all.map((member) => setUp(options, member)));
      signal.throwIfAborted();
      for (const member of all) member.state = "running";
    },
    async start(id) {
      const member = members.get(id)!;
      if (member.state !== "down" || signal.aborted) return "already-running";
      network.admit(id, () => false);
      await attempt(options, member, async () => {
        await spawn(options, member);
        await initialise(options, member, RESTART_TIMEOUT);
        await setUp(options, member);
      });
      network.admit(id, () => true);
      member.state = "running";
      return "started";
    },
    async kill(id) {
      const member = members.get(id)!;
      if (member.state !== "running" && member.state !== "paused") return "not-running";
      member.state = "down";
      await member.host!.stop();
      member.host = undefined;
      return "killed";
    },
    pause(id) {
      const member = members.get(id)!;
      if (member.state !== "running") return member.state === "paused" ? "already-paused" : "not-running";
      member.state = "paused";
      member.host!.pause();
      return "paused";
    },
    resume(id) {
      const member = members.get(id)!;
      if (member.state !== "paused") return "not-paused";
      member.state = "running";
      member.host!.resume();
      return "resumed";
    },
    async close() {
      over.abort(new Error("The test is over"));
      await Promise.all([...members.values()].map(({ host }) => host?.stop()));
    },
  };
}

/** Begins a life of a node. */
async function spawn(options: ClusterOptions, member: Member): Promise<void> {
  const { world, network, random, onFailure, signal } = options;
  const { id } = member;
  const stream = random.stream(`node ${id}`);
  member.state = "starting";
  member.starts++;
  // What a node drew in an earlier life must not come again: it may have made names of it.
  const draws = member.starts === 1 ? stream : stream.stream(`start ${member.starts}`);
  member.host = await world.startNode(id, network, draws, onFailure);
  if (signal.aborted) await member.host.stop();
  signal.throwIfAborted();
}

/** Runs a node's beginning; what it throws is a failure, unless the test is over. */
async function attempt(
  { onFailure, signal }: ClusterOptions,
  member: Member,
  begin: () => Promise<void>,
): Promise<void> {
  try {
    await begin();
  } catch (error) {
    if (error instanceof UsageError && member.starts === 1) throw error;
    if (signal.aborted) return;
    onFailure({ type: "start-failed", node: member.id, message: messageOf(error), count: 1 });
  }
}

/** Sends a node its init. One that starts again gets nothing else before it, and from then on all but what comes from clients. */
async function initialise(options: ClusterOptions, member: Member, timeout: number): Promise<void> {
  const { network, world: { clock }, test, signal, onFailure } = options;
  const { id, host } = member;
  const connection = openConnection(network, clock, ({ message }) => member.mistake ??= message);
  member.connection = connection;
  const fail = (reason: string) =>
    onFailure(initFailure(id, reason, [member.mistake ?? [], host!.output()].flat().join("\n")));
  const again = member.starts > 1;
  if (again) network.admit(id, (src) => src === connection.id);
  try {
    const reply = connection.call(id, { type: "init", node_id: id, node_ids: test.nodes }, timeout);
    // That comes after the init, which takes no time.
    if (again) clock.schedule(clock.now(), () => network.admit(id, (src) => src === connection.id || !isClient(src)));
    const { type } = await abortable(reply, signal);
    if (type !== "init_ok") fail(`it answered with a message of type ${formatLine(type) ?? "none"}`);
  } catch (error) {
    if (signal.aborted) return connection.close();
    const late = error instanceof RPCError && error.code === 0;
    fail(late ? `it did not answer within ${timeout / 1000} s` : `it answered with an error: ${messageOf(error)}`);
  }
}

function initFailure(node: string, reason: string, output: string): TestException {
  const message = `Cannot initialise node ${node}: ${reason}, expected init_ok in reply to its init message\n${output}`;
  return { type: "init-failed", node, message: message.trimEnd(), count: 1 };
}

/** Gives the node's client a chance to prepare it, as broadcast's does with the topology. */
async function setUp({ workload, test, signal, onFailure }: ClusterOptions, member: Member): Promise<void> {
  const { id, connection } = member;
  try {
    await abortable(workload.client(connection!, id, test).setup?.() ?? Promise.resolve(), signal);
  } catch (error) {
    if (signal.aborted) return;
    const message = [`Cannot set up node ${id}: ${messageOf(error)}`, member.mistake ?? []].flat().join("\n");
    onFailure({ type: "setup-failed", node: id, message, count: 1 });
  } finally {
    connection!.close();
  }
}
