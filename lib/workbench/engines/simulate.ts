/**
 * A simulated cluster for unit tests: all nodes in one process, in virtual time, with Maelstrom's services, on a
 * network that the test can cut. No test waits for the real clock, and the seed repeats everything.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Node } from "../../../mod.ts";
 * import { simulate } from "./simulate.ts";
 *
 * function register(node: Node): void {
 *   let value: unknown = null;
 *   node.on("write", (body) => {
 *     value = body.value;
 *     for (const peer of node.peers) node.send(peer, { type: "value", value });
 *     return {};
 *   });
 *   node.on("value", (body) => void (value = body.value));
 *   node.on("read", () => ({ value }));
 * }
 *
 * Deno.test("a value reaches all nodes, but not through a partition", async () => {
 *   const world = simulate({ program: register, nodes: 3, latency: 100 });
 *   const client = world.client();
 *   world.partition(["n0", "n1"], ["n2"]);
 *   await client.rpc("n0", { type: "write", value: 7 });
 *   await world.run(1000);
 *   assertEquals((await client.rpc("n1", { type: "read" })).value, 7);
 *   assertEquals((await client.rpc("n2", { type: "read" })).value, null);
 * });
 * ```
 *
 * @module
 */

import type { LogLevel } from "../../host.ts";
import type { AnyMessages, MessageTypes } from "../../messages.ts";
import type { AnyNode, Program } from "../../node.ts";
import type { Body } from "../../protocol.ts";
import type { TestException } from "../base/test_exception.ts";
import { endTurn } from "../base/watchdog.ts";
import { VirtualClock } from "../world/clock.ts";
import { openConnection } from "../world/connection.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { startInProcess } from "../world/hosts/in_process/in_process.ts";
import { loadProgram } from "../world/hosts/in_process/program_module.ts";
import { forgedSource, type NodeHost } from "../world/hosts/node_host.ts";
import type { MessageCounts, NetCounts } from "../world/network/journal.ts";
import type { Latency } from "../world/network/latency.ts";
import { createNetwork, type Network } from "../world/network/network.ts";
import { type Random, seededRandom } from "../world/random.ts";
import { attachServices, SERVICES } from "../world/services/mod.ts";
import { checkOptions, type SimulateOptions } from "./simulate_options.ts";
import { createTestTime, type TestTime } from "./test_time.ts";

export type { AnyMessages, AnyNode, Body, Latency, LogLevel, MessageCounts, MessageTypes, NetCounts, Program, Random };
export type { SimulateOptions };

/** An entry of a node's log. */
export interface LogEntry {
  /** Milliseconds since the simulation began. */
  time: number;
  /** The node that logged it. */
  node: string;
  /** Severity. */
  level: LogLevel;
  /** The text that the node logged. */
  text: string;
}

/** A client that sends requests to nodes. */
export interface SimulatedClient {
  /** Its name on the network, such as `"c6"`. */
  readonly id: string;
  /**
   * Sends a request and waits for its reply, while time passes. The request gets a `msg_id`.
   *
   * @param timeout Milliseconds of virtual time; 5000 by default.
   * @throws {RPCError} The reply is an error, or (code 0) none came in time.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  rpc(node: string, body: Body, options?: { timeout?: number }): Promise<Body>;
}

/**
 * A simulated cluster with its network and services. Time passes only while the test waits: for
 * {@linkcode SimulatedWorld.run}, a client's request or a restart.
 */
export interface SimulatedWorld {
  /** The names of the nodes. */
  readonly nodes: readonly string[];
  /** Milliseconds since the simulation began. The nodes' own clocks began in 2026. */
  readonly now: number;
  /** The log entries of all nodes so far. */
  readonly logs: readonly LogEntry[];
  /** Counts of messages so far: all, those with clients, those between nodes and services. */
  readonly messages: NetCounts;
  /** A stream of random draws for the test itself. */
  readonly random: Random;
  /**
   * Lets time pass.
   *
   * @param duration Milliseconds.
   * @throws {Error} A node has failed: its program throws at its start, it does not answer `init`, sends to an unknown
   *   node or in the name of another, leaves a rejection unhandled, uses the real clock, timers or randomness, prints
   *   on stdout or ends its process; or nodes answer each other without end while no time passes.
   */
  run(duration: number): Promise<void>;
  /** Opens a client. */
  client(): SimulatedClient;
  /**
   * Cuts all links between groups of nodes and services, both ways. A single group is cut off from all other nodes.
   * Earlier cuts stay.
   *
   * @throws {RangeError} A name is unknown or in two groups, there is no group, or a group is empty.
   */
  partition(...groups: (readonly string[])[]): void;
  /**
   * Cuts one link, one way: `dest` receives nothing from `src`.
   *
   * @throws {RangeError} A name is unknown, or both are the same.
   */
  cut(src: string, dest: string): void;
  /** Ends all cuts. */
  heal(): void;
  /**
   * Kills a node. It loses what it had in memory.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  crash(node: string): void;
  /**
   * Starts a crashed node again, and waits until it has answered `init`.
   *
   * @throws {RangeError} The name is unknown, or the node is running.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  restart(node: string): Promise<void>;
  /**
   * Pauses a node: it does nothing, and its messages wait.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  pause(node: string): void;
  /**
   * Resumes a paused node.
   *
   * @throws {RangeError} The name is unknown, or the node is not running.
   */
  resume(node: string): void;
}

/** Time that a node has to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;

/** State of one simulation. */
interface Simulation {
  /** Undefined until its module is loaded. */
  program?: (node: AnyNode) => void;
  clock: VirtualClock;
  time: TestTime;
  network: Network;
  random: Random;
  /** Names of all nodes, running or not. */
  nodes: readonly string[];
  running: Map<string, NodeHost>;
  logs: LogEntry[];
  /** Number of starts of each node: 1 for its first incarnation. */
  starts: Map<string, number>;
}

/**
 * Creates a simulation: starts the nodes and sends each its `init`. Nothing happens until time passes. If the program
 * is a module, it is loaded, and the nodes are started, when the test waits for the first time.
 *
 * @throws {RangeError} There are no nodes, a name cannot be a node's, the latency is negative or not finite, or the
 *   seed is not finite.
 * @throws {TypeError} The program is neither a function nor the URL of a file, or a function was given arguments.
 *
 * @example A value in a service survives a crash of the node that wrote it.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linKV } from "../../../mod.ts";
 * import { simulate } from "./simulate.ts";
 *
 * const world = simulate({
 *   seed: "dune",
 *   nodes: 1,
 *   latency: { mean: 10, distribution: "exponential" },
 *   program(node) {
 *     const kv = linKV<number>(node);
 *     node.on("write", async ({ value }) => {
 *       await kv.write("x", value as number);
 *       return {};
 *     });
 *     node.on("read", async () => ({ value: await kv.read("x") }));
 *   },
 * });
 * const client = world.client();
 * await client.rpc("n0", { type: "write", value: 7 });
 * world.crash("n0");
 * await world.restart("n0");
 * assertEquals((await client.rpc("n0", { type: "read" })).value, 7);
 * ```
 */
export function simulate<M extends MessageTypes = AnyMessages>(options: SimulateOptions<M>): SimulatedWorld {
  const simulation = createSimulation(options);
  const { clock, time, network, nodes, logs, random } = simulation;
  return {
    nodes,
    logs,
    random: random.stream("test"),
    get now() {
      return clock.now();
    },
    get messages() {
      return network.journal.counts;
    },
    run: (duration) => time.pass(duration),
    client: () => openClient(simulation),
    partition: (...groups) => partition(simulation, groups),
    cut: (src, dest) => cut(simulation, src, dest),
    heal: () => network.heal(),
    crash: (node) => crash(simulation, node),
    restart: (node) => restart(simulation, node),
    pause: (node) => hostOf(simulation, node).pause(),
    resume: (node) => hostOf(simulation, node).resume(),
  };
}

function createSimulation<M extends MessageTypes>(options: SimulateOptions<M>): Simulation {
  const { program, seed, nodes, latency } = checkOptions(options);
  const isModule = typeof program !== "function";
  const clock = new VirtualClock(endTurn);
  const random = seededRandom(seed);
  const loading = isModule ? loadProgram(program).then(startWith) : undefined;
  const time = createTestTime(clock, { ready: loading });
  const network = createNetwork({
    clock,
    random: random.stream("network"),
    latency,
    onForged: (node, message) => time.fail(new Error(forgedSource(node, message).message)),
  });
  attachServices(network, random.stream("services"));
  const simulation: Simulation = {
    clock,
    time,
    network,
    random,
    nodes,
    running: new Map(),
    logs: [],
    starts: new Map(),
  };
  if (!isModule) startWith(program);
  return simulation;

  function startWith(program: (node: AnyNode) => void): void {
    simulation.program = program;
    for (const node of nodes) void start(simulation, node).catch((error) => simulation.time.fail(error));
  }
}

/** Starts a node; resolves when it has answered `init`. */
async function start(simulation: Simulation, id: string): Promise<void> {
  const { clock, network, nodes, running } = simulation;
  const host = startHost(simulation, id);
  running.set(id, host);
  const connection = openConnection(network, clock);
  try {
    await connection.call(id, { type: "init", node_id: id, node_ids: [...nodes] }, INIT_TIMEOUT);
  } catch (error) {
    // A node that was killed in the meantime cannot answer.
    if (running.get(id) === host) {
      throw new Error(`Cannot initialize ${id}: ${(error as Error).message}`, { cause: error });
    }
  } finally {
    connection.close();
  }
}

function startHost({ program, clock, time, network, random, logs, starts }: Simulation, id: string): NodeHost {
  const incarnation = (starts.get(id) ?? 0) + 1;
  starts.set(id, incarnation);
  const stream = random.stream(`node ${id}`);
  const onFailure = ({ message }: TestException) => time.fail(new Error(message));
  // The program starts at once. TestTime does not guard it, because no time passes.
  const release = guard();
  const host = startInProcess(program!, {
    id,
    clock,
    network,
    // Every incarnation draws other numbers.
    random: incarnation === 1 ? stream : stream.stream(`start ${incarnation}`),
    onFailure,
    log: (level, text) => void logs.push({ time: clock.now(), node: id, level, text }),
  });
  release();
  return host;
}

function openClient({ network, clock, time }: Simulation): SimulatedClient {
  const { id, call } = openConnection(network, clock);
  return { id, rpc: (node, body, { timeout } = {}) => time.until(() => call(node, { ...body }, timeout)) };
}

function crash(simulation: Simulation, node: string): void {
  void hostOf(simulation, node).stop();
  simulation.running.delete(node);
}

async function restart(simulation: Simulation, node: string): Promise<void> {
  checkName(node, simulation.nodes);
  if (simulation.running.has(node)) throw new RangeError(`Cannot restart ${node}: it is running`);
  await simulation.time.until(() => start(simulation, node));
}

function cut({ network, nodes }: Simulation, src: string, dest: string): void {
  for (const name of [src, dest]) checkName(name, [...nodes, ...Object.keys(SERVICES)]);
  if (src === dest) throw new RangeError(`Cannot cut ${src} off from itself: expected two different names`);
  network.drop(src, dest);
}

function partition({ network, nodes }: Simulation, groups: readonly (readonly string[])[]): void {
  checkGroups(groups, nodes);
  const [first = []] = groups;
  const sides = groups.length === 1 ? [first, nodes.filter((node) => !first.includes(node))] : groups;
  for (const side of sides) {
    for (const src of side) {
      for (const dest of sides.filter((other) => other !== side).flat()) network.drop(src, dest);
    }
  }
}

function checkGroups(groups: readonly (readonly string[])[], nodes: readonly string[]): void {
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw new RangeError("Cannot partition the network: expected one or more groups, none of them empty");
  }
  const names = groups.flatMap((group) => [...new Set(group)]);
  for (const name of names) checkName(name, [...nodes, ...Object.keys(SERVICES)]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot partition the network: ${twice} is in two groups, expected it in one`);
  }
}

function hostOf({ nodes, running }: Simulation, node: string): NodeHost {
  checkName(node, nodes);
  const host = running.get(node);
  if (host === undefined) throw new RangeError(`Cannot reach ${node}: it is not running`);
  return host;
}

function checkName(name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new RangeError(`Cannot find ${name}: expected one of ${names.join(", ")}`);
}
