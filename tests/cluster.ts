/**
 * Cluster in one process under virtual time, for tests of programs: nodes on a faulty network, services and clients.
 *
 * @module
 */

import { type Body, ERRORS, type Message, RPCError } from "../lib/protocol.ts";
import type { AnyNode } from "../lib/node.ts";
import { type Clock, VirtualClock } from "../lib/workbench/world/clock.ts";
import { openConnection } from "../lib/workbench/world/connection.ts";
import { startInProcess } from "../lib/workbench/world/hosts/in_process/in_process.ts";
import type { Latency } from "../lib/workbench/world/network/latency.ts";
import { createNetwork, isClient, type Network } from "../lib/workbench/world/network/network.ts";
import { PARTITIONS } from "../lib/workbench/run/nemesis/partitions.ts";
import { type Random, seededRandom } from "../lib/workbench/world/random.ts";
import { attachServices } from "../lib/workbench/world/services/mod.ts";

/** Options for {@linkcode startCluster}. */
export interface ClusterOptions {
  program: (node: AnyNode) => void;
  /** Number of nodes. */
  nodes: number;
  seed: string;
  /** Latency between nodes, ms; 0 by default. */
  latency?: Latency;
  /** Share of messages between nodes, or nodes and services, that are lost; 0 by default. */
  loss?: number;
  /** Share of those messages that are duplicated; 0 by default. */
  duplication?: number;
  /** Offset of a node's clock, ms; 0 by default. */
  skew?(node: string): number;
  /** Called with each message between servers. If it returns true, the message is not sent. */
  keep?(message: Message): boolean;
  /** Receives the nodes' log entries. */
  log?(node: string, level: string, text: string): void;
}

/** A running cluster. */
export interface Cluster {
  readonly clock: VirtualClock;
  readonly network: Network;
  /** Randomness for the test. */
  readonly random: Random;
  readonly nodes: readonly string[];
  /** Sends a request to a node as a client, with a timeout of 5 s. */
  rpc(node: string, body: Body): Promise<Body>;
  /** Sends a request to each node, and runs the clock until all have replied. */
  ask(body: Body): Promise<Body[]>;
  /** Runs the clock until a promise is settled. */
  complete<T>(promise: Promise<T>): Promise<T>;
  /** Runs the clock for `duration` ms. */
  run(duration: number): Promise<void>;
  /** Cuts all links between groups of nodes, in both directions. */
  partition(...groups: string[][]): void;
  /** Cuts one link, in one direction. */
  cut(src: string, dest: string): void;
  heal(): void;
  /** Ends all loss and duplication. */
  calm(): void;
  /** Kills a node: it loses its memory. */
  crash(node: string): void;
  /** Starts a node again. */
  restart(node: string): Promise<void>;
  /** Messages between servers so far. */
  readonly messages: number;
  /** Makes {@linkcode Cluster.run} throw an error. */
  fail(error: unknown): void;
}

/** Starts a cluster. All nodes are initialized when it resolves. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { seed, latency = { mean: 0, distribution: "constant" } } = options;
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const network = createNetwork({ clock, random: random.stream("network"), latency });
  const faults = { loss: options.loss ?? 0, duplication: options.duplication ?? 0 };
  const send = faultySend(network, faults, random.stream("faults"));
  const faulty = { ...network, send: (message: Message) => options.keep?.(message) || send(message) };
  attachServices(faulty, random.stream("services"));
  const nodes = Array.from({ length: options.nodes }, (_, i) => `n${i}`);
  const running = new Map<string, { stop(): void }>();
  const client = openConnection(network, clock);
  let starts = 0;
  const failures: unknown[] = [];

  async function start(id: string): Promise<void> {
    const stream = random.stream(`node ${id} ${starts++}`);
    const log = (level: string, text: string) => options.log?.(id, level, text);
    const own = skewed(clock, options.skew?.(id) ?? 0);
    running.set(id, startInProcess(options.program, { id, clock: own, network: faulty, random: stream, log }));
    await client.call(id, { type: "init", node_id: id, node_ids: nodes }, 60_000);
  }

  async function complete<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    await clock.run(() => settled);
    return await watched;
  }

  await complete(Promise.all(nodes.map(start)));
  return {
    clock,
    network,
    random: random.stream("test"),
    nodes,
    rpc: (node, body) => client.call(node, body),
    ask: (body) => complete(Promise.all(nodes.map((node) => client.call(node, body)))),
    complete,
    async run(duration) {
      await clock.run(clock.now() + duration);
      if (failures.length > 0) throw failures[0];
    },
    fail: (error) => void failures.push(error),
    partition: (...groups) => eachPair(groups, (src, dest) => network.drop(src, dest)),
    cut: (src, dest) => network.drop(src, dest),
    heal: () => network.heal(),
    calm() {
      faults.loss = 0;
      faults.duplication = 0;
    },
    crash(node) {
      running.get(node)!.stop();
      running.delete(node);
    },
    restart: (node) => complete(start(node)),
    get messages() {
      return network.journal.counts.servers.msg_count;
    },
  };
}

/** Creates a clock that is `skew` ms ahead of another one. */
function skewed(clock: Clock, skew: number): Clock {
  return {
    lateness: clock.lateness,
    now: () => clock.now() + skew,
    schedule: (at, callback) => clock.schedule(at - skew, callback),
    cancel: (timer) => clock.cancel(timer),
    sleep: (delay, signal) => clock.sleep(delay, signal),
  };
}

/** Wraps `network.send`: loses and duplicates messages, except those of clients. */
function faultySend(network: Network, faults: { loss: number; duplication: number }, random: Random) {
  return (message: Message) => {
    if (isClient(message.src) || isClient(message.dest)) return network.send(message);
    const copy = random.float() < faults.duplication ? structuredClone(message) : undefined;
    if (random.float() >= faults.loss) network.send(message);
    if (copy !== undefined) network.send(copy);
  };
}

function eachPair(groups: string[][], cut: (src: string, dest: string) => void): void {
  for (const group of groups) {
    for (const other of groups) {
      if (other === group) continue;
      for (const src of group) other.forEach((dest) => cut(src, dest));
    }
  }
}

/** Kinds of partition: Maelstrom's four, and one link cut in one direction. */
export const KINDS_OF_PARTITION = ["one", "minority-third", "majority", "majorities-ring", "one-way"] as const;

/** Creates a partition, of a random kind by default. */
export function partitionAtRandom(cluster: Cluster, kind = cluster.random.pick(KINDS_OF_PARTITION)): void {
  if (kind === "one-way") {
    const [src, dest] = cluster.random.shuffle(cluster.nodes);
    return cluster.cut(src!, dest!);
  }
  const grudge = PARTITIONS[kind](cluster.nodes, cluster.random);
  for (const [dest, sources] of Object.entries(grudge)) sources.forEach((src) => cluster.cut(src, dest));
}

/** Creates and heals random partitions for `duration` ms; then heals the network and ends all loss and duplication. */
export async function shake(cluster: Cluster, duration: number): Promise<void> {
  const { clock, random } = cluster;
  const end = clock.now() + duration;
  const pass = (longest: number) => cluster.run(Math.min(end - clock.now(), longest * random.float()));
  while (clock.now() < end) {
    await pass(2000);
    partitionAtRandom(cluster);
    await pass(5000);
    if (random.float() < 0.7) cluster.heal();
  }
  cluster.heal();
  cluster.calm();
}

/**
 * Starts operations of clients at random times, `interval` ms apart on average, for `duration` ms from now.
 *
 * @param act Performs one operation on a random node. A timeout is allowed; any other error fails the test.
 */
export function load(
  cluster: Cluster,
  interval: number,
  duration: number,
  act: (node: string) => Promise<void>,
): void {
  const { clock, random } = cluster;
  const end = clock.now() + duration;
  const next = () => {
    const at = clock.now() + 2 * interval * random.float();
    if (at > end) return;
    clock.schedule(at, () => {
      act(random.pick(cluster.nodes)).catch((error) => {
        if (!(error instanceof RPCError && error.code === ERRORS.timeout.code)) cluster.fail(error);
      });
      next();
    });
  };
  next();
}

/** Kills a random node and starts it again, `count` times: immediately, or up to a second later. */
export async function restartSome(cluster: Cluster, count: number): Promise<void> {
  const { nodes, random } = cluster;
  for (let i = 0; i < count; i++) {
    await cluster.run(2000 * random.float());
    const node = random.pick(nodes);
    cluster.crash(node);
    if (random.float() < 0.5) await cluster.run(1000 * random.float());
    await cluster.restart(node);
  }
}

/** Runs the clock until a condition holds. Returns the time that took, ms; throws if it exceeds `limit`. */
export async function timeUntil(cluster: Cluster, limit: number, holds: () => Promise<boolean>): Promise<number> {
  for (let passed = 0; passed <= limit; passed += 50) {
    if (await holds()) return passed;
    await cluster.run(50);
  }
  throw new Error(`Expected it to hold within ${limit} ms`);
}

/** Draws options for a small cluster on a bad network from a seed. */
export function badNetwork(seed: number): Pick<ClusterOptions, "nodes" | "seed" | "latency" | "loss" | "duplication"> {
  const random = seededRandom(`bad network ${seed}`);
  return {
    seed: String(seed),
    nodes: 2 + random.integer(5),
    latency: { mean: random.pick([0, 10, 100]), distribution: random.pick(["constant", "uniform", "exponential"]) },
    loss: random.pick([0, 0.1]),
    duplication: random.pick([0, 0.1]),
  };
}
