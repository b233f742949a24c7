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
import type { Body, Message } from "../../protocol.ts";
import { withStackOf } from "../base/stack_frames.ts";
import type { TestException } from "../base/test_exception.ts";
import { endTurn } from "../base/watchdog.ts";
import { VirtualClock } from "../world/virtual_clock.ts";
import { openConnection } from "../world/connection.ts";
import { guardWait } from "../world/hosts/guard/guard.ts";
import { startInProcess } from "../world/hosts/in_process/in_process.ts";
import { loadProgram } from "../world/hosts/in_process/program_module.ts";
import { forgedSource, type NodeHost } from "../world/hosts/node_host.ts";
import { copyJSON } from "../world/hosts/in_process/copy.ts";
import type { MessageCounts, NetCounts } from "../world/network/journal.ts";
import type { Latency } from "../world/network/latency.ts";
import { createNetwork } from "../world/network/network.ts";
import { type Random, seededRandom } from "../world/random.ts";
import { attachServices, SERVICES } from "../world/services/mod.ts";
import { checkOptions, type SimulateOptions } from "./simulate_options.ts";
import type { Disturbances, LogEntry, SimulatedClient, SimulatedWorld } from "./simulated_world.ts";
import { createTestNetwork, type TestNetwork } from "./test_network.ts";
import { createTestTime, type TestTime } from "./test_time.ts";

export type { AnyMessages, AnyNode, Body, Latency, LogLevel, Message, MessageCounts, MessageTypes, NetCounts, Program };
export type { Disturbances, LogEntry, Random, SimulatedClient, SimulatedWorld, SimulateOptions };

/** Time that a node has to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;

/** State of one simulation. */
interface Simulation {
  /** Undefined until its module is loaded. */
  program?: (node: AnyNode) => void;
  clock: VirtualClock;
  time: TestTime;
  network: TestNetwork;
  random: Random;
  /** Names of all nodes, running or not. */
  nodes: readonly string[];
  running: Map<string, NodeHost>;
  logs: LogEntry[];
  /** Number of starts of each node: 1 for its first incarnation. */
  starts: Map<string, number>;
  /** Offsets of the nodes' clocks, ms; 0 for a node without an entry. */
  skews: Map<string, number>;
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
    until: (condition, { timeout = 5000 } = {}) => passUntil(simulation, condition, timeout),
    client: () => openClient(simulation),
    partition: (...groups) => partition(simulation, groups),
    cut: (src, dest) => cut(simulation, src, dest),
    heal: () => network.heal(),
    disturb: network.disturbAll,
    intercept: network.intercept,
    send: (message) => network.sendUnseen(copyJSON(message)),
    skew: (node, offset) => skew(simulation, node, offset),
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
  const network = createTestNetwork(
    createNetwork({
      clock,
      random: random.stream("network"),
      latency,
      onForged: (node, message) => time.fail(new Error(forgedSource(node, message).message)),
    }),
    { nodes, random: random.stream("disturbances"), onError: time.fail },
  );
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
    skews: new Map(),
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

function startHost(simulation: Simulation, id: string): NodeHost {
  const { program, clock, time, network, random, logs, starts, skews } = simulation;
  const incarnation = (starts.get(id) ?? 0) + 1;
  starts.set(id, incarnation);
  const stream = random.stream(`node ${id}`);
  const onFailure = ({ message }: TestException) => time.fail(new Error(message));
  // The program starts at once. TestTime does not guard it, because no time passes.
  const release = guardWait();
  const host = startInProcess(program!, {
    id,
    clock,
    network,
    // Every incarnation draws other numbers.
    random: incarnation === 1 ? stream : stream.stream(`start ${incarnation}`),
    skew: () => skews.get(id) ?? 0,
    onFailure,
    log: (level, text) => void logs.push({ time: clock.now(), node: id, level, text }),
  });
  release();
  return host;
}

function openClient({ network, clock, time }: Simulation): SimulatedClient {
  const { id, call } = openConnection(network, clock);
  return {
    id,
    rpc(node, body, { timeout } = {}) {
      const caller = new Error();
      const fail = (error: unknown) => Promise.reject(withStackOf(error, caller));
      return time.until(() => call(node, { ...body }, timeout).catch(fail));
    },
  };
}

/** Time between two checks of a condition, ms. */
const CHECK_INTERVAL = 50;

async function passUntil(
  { clock, time }: Simulation,
  condition: () => boolean | Promise<boolean>,
  timeout: number,
): Promise<number> {
  const began = clock.now();
  while (!(await condition())) {
    const left = began + timeout - clock.now();
    if (left <= 0) throw new Error(`Cannot wait any longer: the condition does not hold after ${timeout} ms`);
    await time.pass(Math.min(left, CHECK_INTERVAL));
  }
  return clock.now() - began;
}

function skew({ nodes, skews }: Simulation, node: string, offset: number): void {
  checkName(node, nodes);
  if (!Number.isFinite(offset)) throw new RangeError(`Cannot skew the clock of ${node}: expected ms, got ${offset}`);
  skews.set(node, offset);
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
