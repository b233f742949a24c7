/**
 * Simulations for tests: the nodes of a cluster in one process, under virtual time, on a network that a test can cut, with Maelstrom's
 * services. Nothing waits for the real clock, and a seed repeats everything.
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
import { VirtualClock } from "../world/clock.ts";
import { openConnection } from "../world/connection.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { startInProcess } from "../world/hosts/in_process/in_process.ts";
import type { NodeHost } from "../world/hosts/node_host.ts";
import { endTurn } from "../base/watchdog.ts";
import type { MessageCounts, NetCounts } from "../world/network/journal.ts";
import { LATENCIES, type Latency } from "../world/network/latency.ts";
import { createNetwork, type Network } from "../world/network/network.ts";
import type { TestException } from "../base/test_exception.ts";
import { type Random, seededRandom } from "../world/random.ts";
import { attachServices, SERVICES } from "../world/services/mod.ts";
import { createTestTime, type Timeline } from "./test_time.ts";

export type { AnyMessages, Body, Latency, LogLevel, MessageCounts, MessageTypes, NetCounts, Program, Random };
export type { AnyNode };

/** What to simulate. */
export interface SimulateOptions<M extends MessageTypes = AnyMessages> {
  /** What each node runs. */
  program: Program<M>;
  /** How many nodes, n0, n1 and so on, or their names; 5 by default. */
  nodes?: number | readonly string[];
  /** What all that is random follows from; `"0"` by default. */
  seed?: string | number;
  /** How long messages take between nodes and services, ms, or their distribution; 0 by default. Clients' messages take no time. */
  latency?: number | Latency;
}

/** An entry of a node's log. */
export interface LogEntry {
  /** Milliseconds since the simulation began. */
  time: number;
  /** Whose log it is in. */
  node: string;
  /** How much it matters. */
  level: LogLevel;
  /** What the node has written. */
  text: string;
}

/** A client, which talks to nodes. */
export interface SimulatedClient {
  /** Its name on the network, such as `"c6"`. */
  readonly id: string;
  /**
   * Sends a request, which is given a `msg_id`, and waits for its reply; time passes meanwhile.
   *
   * @param timeout How long to wait, in ms of virtual time; 5000 by default.
   * @throws {RPCError} The reply is an error, or (code 0) none came in time.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  rpc(node: string, body: Body, options?: { timeout?: number }): Promise<Body>;
}

/**
 * A simulated world. Time stands still in it but for what is waited for: {@linkcode SimulatedWorld.run}, a client's request, a restart.
 */
export interface SimulatedWorld {
  /** The names of the nodes. */
  readonly nodes: readonly string[];
  /** Milliseconds since the simulation began. For a node it was 2026 then. */
  readonly now: number;
  /** What all nodes have logged so far. */
  readonly logs: readonly LogEntry[];
  /** How many messages there were so far: all, those with clients, those between nodes and services. */
  readonly messages: NetCounts;
  /** A stream of random draws for the test itself. */
  readonly random: Random;
  /**
   * Lets time pass.
   *
   * @param duration Milliseconds.
   * @throws {Error} A node has failed: its program throws when it starts, it does not answer `init`, it sends to one who is not there,
   *   leaves a rejection unhandled, uses the real clock, timers or randomness, prints on stdout or ends its process; or there is no end of
   *   messages while no time passes.
   */
  run(duration: number): Promise<void>;
  /** Opens a client. */
  client(): SimulatedClient;
  /**
   * Cuts all links between groups of nodes and services, both ways; where there is one group, those between it and all other nodes.
   * Earlier cuts stay.
   *
   * @throws {RangeError} There is none of that name, or one is in two groups; or there is no group, or nobody in it.
   */
  partition(...groups: (readonly string[])[]): void;
  /**
   * Cuts one link, one way: `dest` gets nothing from `src`.
   *
   * @throws {RangeError} There is none of that name, or it is the same twice.
   */
  cut(src: string, dest: string): void;
  /** Ends all cuts. */
  heal(): void;
  /**
   * Kills a node: what it had in memory is gone.
   *
   * @throws {RangeError} There is none of that name, or it is not running.
   */
  crash(node: string): void;
  /**
   * Starts a node again that has crashed, and waits until it has answered `init`.
   *
   * @throws {RangeError} There is none of that name, or it is running.
   * @throws {Error} A node has failed; see {@linkcode SimulatedWorld.run}.
   */
  restart(node: string): Promise<void>;
  /** Holds a node up: it does nothing, and what comes for it waits. */
  pause(node: string): void;
  /** Lets a paused node go on. */
  resume(node: string): void;
}

/** How long a node may take to answer `init`, ms. */
const INIT_TIMEOUT = 10_000;

/** What the parts of a world share. */
interface World {
  program: (node: AnyNode) => void;
  clock: VirtualClock;
  network: Network;
  random: Random;
  timeline: Timeline;
  nodes: readonly string[];
  running: Map<string, NodeHost>;
  logs: LogEntry[];
  /** How often each node was started. */
  starts: Map<string, number>;
}

/**
 * Begins a simulation: starts the nodes, and sends each its `init`. Nothing happens until time passes.
 *
 * @throws {RangeError} There are no nodes, or a name is not one for a node; messages cannot take that long; or the seed is no number.
 * @throws {TypeError} The program is not a function.
 *
 * @example What a node keeps in a service survives it.
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
  const world = createWorld(options);
  const { clock, network, timeline, nodes, running, logs, random } = world;
  for (const node of nodes) void start(world, node).catch((error) => timeline.fail(error));
  const hostOf = (node: string) => {
    checkName(node, nodes);
    const host = running.get(node);
    if (host === undefined) throw new RangeError(`Cannot reach ${node}: it is not running`);
    return host;
  };
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
    run: (duration) => timeline.pass(duration),
    client() {
      const { id, call } = openConnection(network, clock);
      return {
        id,
        rpc: (node, body, { timeout } = {}) => timeline.until(() => call(node, { ...body }, timeout)),
      };
    },
    partition: (...groups) => partition(world, groups),
    cut(src, dest) {
      for (const name of [src, dest]) checkName(name, [...nodes, ...Object.keys(SERVICES)]);
      if (src === dest) throw new RangeError(`Cannot cut ${src} off from itself: expected two different names`);
      network.drop(src, dest);
    },
    heal: () => network.heal(),
    crash(node) {
      void hostOf(node).stop();
      running.delete(node);
    },
    async restart(node) {
      checkName(node, nodes);
      if (running.has(node)) throw new RangeError(`Cannot restart ${node}: it is running`);
      await timeline.until(() => start(world, node));
    },
    pause: (node) => hostOf(node).pause(),
    resume: (node) => hostOf(node).resume(),
  };
}

function createWorld<M extends MessageTypes>(options: SimulateOptions<M>): World {
  const { program } = options;
  if (typeof program !== "function") {
    throw new TypeError("Cannot simulate: expected program to be a function of a node");
  }
  const seed = checkedSeed(options.seed ?? "0");
  const nodes = nodeNames(options.nodes ?? 5);
  const latency = checkedLatency(options.latency ?? 0);
  const clock = new VirtualClock(endTurn);
  const random = seededRandom(seed);
  const network = createNetwork({
    clock,
    random: random.stream("network"),
    latency,
  });
  attachServices(network, random.stream("services"));
  return {
    program: program as (node: AnyNode) => void,
    clock,
    network,
    random,
    timeline: createTestTime(clock),
    nodes,
    running: new Map(),
    logs: [],
    starts: new Map(),
  };
}

function checkedSeed(seed: string | number): string {
  if (typeof seed === "string" || Number.isFinite(seed)) return String(seed);
  throw new RangeError(`Cannot simulate: expected seed to be a text or a number, got ${seed}`);
}

function checkedLatency(latency: number | Latency): Latency {
  const { mean, distribution } = typeof latency === "number"
    ? { mean: latency, distribution: "constant" } as const
    : latency;
  if (!(mean >= 0 && mean < Infinity)) {
    throw new RangeError(`Cannot simulate: expected latency to be 0 ms or more, got ${mean}`);
  }
  if (Object.hasOwn(LATENCIES, distribution)) return { mean, distribution };
  const known = Object.keys(LATENCIES).join(", ");
  throw new RangeError(
    `Cannot simulate: expected the distribution of latencies to be one of ${known}, got ${distribution}`,
  );
}

function nodeNames(nodes: number | readonly string[]): readonly string[] {
  if (typeof nodes === "number" && !(Number.isInteger(nodes) && nodes > 0)) {
    throw new RangeError(`Cannot simulate: expected nodes to be a whole number above 0, or names, got ${nodes}`);
  }
  const names = typeof nodes === "number" ? Array.from({ length: nodes }, (_, index) => `n${index}`) : [...nodes];
  if (names.length === 0) throw new RangeError("Cannot simulate: there are no nodes");
  const wrong = names.find((name, index) =>
    typeof name !== "string" || /^(c\d+)?$/.test(name) || name in SERVICES || names.indexOf(name) !== index
  );
  if (wrong === undefined) return names;
  throw new RangeError(
    `Cannot name a node ${
      JSON.stringify(wrong)
    }: expected different names, not empty, and no client's (c0, c1, …) or service's`,
  );
}

/** Starts a node; fulfilled when it has answered `init`. */
async function start({ program, clock, network, random, timeline, nodes, running, logs, starts }: World, id: string) {
  const life = (starts.get(id) ?? 0) + 1;
  starts.set(id, life);
  const stream = random.stream(`node ${id}`);
  const onFailure = ({ message }: TestException) => timeline.fail(new Error(message));
  // While time passes, the timeline guards.
  const release = guard(onFailure);
  const host = startInProcess(program, {
    id,
    clock,
    network,
    // Each life draws anew.
    random: life === 1 ? stream : stream.stream(`start ${life}`),
    onFailure,
    log: (level, text) => void logs.push({ time: clock.now(), node: id, level, text }),
  });
  release();
  running.set(id, host);
  const connection = openConnection(network, clock);
  try {
    await connection.call(id, { type: "init", node_id: id, node_ids: [...nodes] }, INIT_TIMEOUT);
  } catch (error) {
    // One that was killed meanwhile need not answer.
    if (running.get(id) === host) {
      throw new Error(`Cannot initialise ${id}: ${(error as Error).message}`, { cause: error });
    }
  } finally {
    connection.close();
  }
}

function partition({ network, nodes }: World, groups: readonly (readonly string[])[]): void {
  if (groups.length === 0 || groups.some((group) => group.length === 0)) {
    throw new RangeError("Cannot cut groups off from each other: expected one or more, with somebody in each");
  }
  const names = groups.flatMap((group) => [...new Set(group)]);
  for (const name of names) checkName(name, [...nodes, ...Object.keys(SERVICES)]);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot cut groups off from each other: ${twice} is in two of them, expected it in one`);
  }
  const [only] = groups;
  const rest = nodes.filter((node) => !only?.includes(node));
  const sides = groups.length === 1 ? [only!, rest] : groups;
  for (const side of sides) {
    for (const other of sides) {
      if (other !== side) { for (const src of side) for (const dest of other) network.drop(src, dest); }
    }
  }
}

function checkName(name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new RangeError(`Cannot find ${name}: expected one of ${names.join(", ")}`);
}
