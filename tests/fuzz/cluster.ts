/**
 * Cluster for fuzzing, in virtual time. As with processes, nodes read and write lines: the fuzzer can give them any
 * text, and all that they print is parsed as the workbench would.
 *
 * @module
 */

import type { Host } from "../../lib/host.ts";
import type { AnyNode } from "../../lib/node.ts";
import { type Body, type Message, parseMessage } from "../../lib/protocol.ts";
import type { Schema } from "../../lib/schema.ts";
import { startNode } from "../../lib/start_node.ts";
import { formatJSON } from "../../lib/workbench/base/json.ts";
import { VirtualClock } from "../../lib/workbench/world/virtual_clock.ts";
import { openConnection } from "../../lib/workbench/world/connection.ts";
import { parseLine } from "../../lib/workbench/world/hosts/process/message.ts";
import { createNetwork, isClient, type Network } from "../../lib/workbench/world/network/network.ts";
import { type Random, seededRandom } from "../../lib/workbench/world/random.ts";
import { attachServices } from "../../lib/workbench/world/services/mod.ts";

/** Hooks of the fuzzer into the messages between nodes and services. */
export interface Interference {
  /** Returns the body of the reply to a node's message, which then does not reach anyone; else undefined. */
  answer?(message: Message): unknown;
  /** Returns the line that a node reads instead of a message; undefined to lose it. */
  change?(message: Message, line: string): string | undefined;
}

/** Cluster of nodes that run one program. */
export interface FuzzedCluster {
  readonly nodes: readonly string[];
  readonly network: Network;
  /** Messages between nodes and services that have arrived unchanged. */
  readonly traffic: readonly Message[];
  /** Requests whose reply has not arrived, by {@linkcode keyOfReply}. */
  readonly awaited: ReadonlyMap<string, Message>;
  /** The program's handlers by type, with their schemas. */
  readonly handlers: ReadonlyMap<string, Schema | undefined>;
  /** Failures: a thrown error, an entry of level error in a log, a line that cannot be sent. */
  readonly problems: string[];
  interference: Interference;
  /** Gives a line to a node. */
  deliver(node: string, line: string): void;
  /** Sends each node its `init`, and waits until all have answered. */
  init(): Promise<void>;
  /** Sends a request and waits for the reply. */
  rpc(node: string, body: Body): Promise<Body>;
  /** Lets time pass, ms. */
  run(duration: number): Promise<void>;
  /** Lets time pass until the promise is settled. */
  complete<T>(promise: Promise<T>): Promise<T>;
}

/** Returns the key of a request by what its reply has: the receiver, and the id of the request, which is a number. */
export function keyOfReply(dest: string, id: unknown): string {
  return `${dest} ${typeof id === "number" ? id : "none"}`;
}

/** Wall-clock time at the beginning, ms since 1970. */
const EPOCH = Date.UTC(2026, 0, 1);

/** State of a cluster. */
interface State extends Pick<FuzzedCluster, "network" | "problems" | "interference"> {
  readonly clock: VirtualClock;
  readonly traffic: Message[];
  readonly awaited: Map<string, Message>;
  readonly handlers: Map<string, Schema | undefined>;
  /** Functions that give a line to a node, by its name. */
  readonly inputs: Map<string, (line: string) => void>;
}

/** Creates a cluster whose nodes have not received `init` yet. */
export function createFuzzedCluster(program: (node: AnyNode) => void, count: number, seed: string): FuzzedCluster {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const latency = { mean: 5, distribution: "uniform" } as const;
  const network = createNetwork({ clock, random: random.stream("network"), latency });
  const state: State = {
    clock,
    network,
    traffic: [],
    awaited: new Map(),
    handlers: new Map(),
    problems: [],
    interference: {},
    inputs: new Map(),
  };
  attachServices(network, random.stream("services"));
  const nodes = Array.from({ length: count }, (_, index) => `n${index}`);
  for (const id of nodes) startFuzzed(state, id, program, random.stream(id));
  const client = openConnection(network, clock);
  const complete = <T>(promise: Promise<T>) => clock.settle(promise);
  const init = { type: "init", node_ids: nodes };
  return {
    ...state,
    nodes,
    get interference() {
      return state.interference;
    },
    set interference(interference) {
      state.interference = interference;
    },
    deliver: (node, line) => state.inputs.get(node)!(line),
    async init() {
      await complete(Promise.all(nodes.map((node_id) => client.call(node_id, { ...init, node_id }))));
    },
    rpc: client.call,
    run: (duration) => clock.run(clock.now() + duration),
    complete,
  };
}

function startFuzzed(state: State, id: string, program: (node: AnyNode) => void, random: Random): void {
  const { network, traffic, problems } = state;
  const handle = startNode((node) => {
    const { on } = node;
    node.on = ((...handler: Parameters<typeof on>) => {
      state.handlers.set(handler[0], handler[2]?.schema);
      on.apply(node, handler);
    }) as typeof on;
    program(node);
  }, createHost(state, id, random));
  function deliver(line: string): void {
    let message;
    try {
      message = parseMessage(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) problems.push(`${id} threw ${error}`);
      return;
    }
    try {
      handle.receive(message);
    } catch (error) {
      problems.push(`${id} threw ${(error as Error).stack} at ${line.slice(0, 300)}`);
    }
  }
  state.inputs.set(id, deliver);
  network.attach(id, (message) => {
    const { id: _, ...rest } = message;
    if (isClient(message.src)) return deliver(formatJSON(rest));
    const line = formatJSON(rest);
    const { change = () => line } = state.interference;
    const changed = change(rest, line);
    if (changed === line) traffic.push(rest);
    if (changed === line) state.awaited.delete(keyOfReply(id, rest.body.in_reply_to));
    if (changed !== undefined) deliver(changed);
  });
}

function createHost(state: State, id: string, random: Random): Host {
  const { clock, problems } = state;
  return {
    send(message) {
      const line = formatJSON(message);
      try {
        send(state, parseLine(line));
      } catch (error) {
        problems.push(`${id} printed ${line.slice(0, 300)}: ${(error as Error).message}`);
      }
    },
    now: () => EPOCH + clock.now(),
    setTimer: (delay, callback) => clock.schedule(clock.now() + delay, callback),
    clearTimer: (timer) => clock.cancel(timer),
    getRandomValues: (array) => random.fill(array),
    random: () => random.float(),
    log(level, text) {
      if (level === "error") problems.push(`${id} logged ${text.slice(0, 1000)}`);
    },
  };
}

function send({ network, awaited, interference: { answer }, inputs, clock }: State, message: Message): void {
  const { src, dest, body } = message;
  if (body.msg_id !== undefined) awaited.set(keyOfReply(src, body.msg_id), message);
  const reply = isClient(dest) ? undefined : answer?.(message);
  if (reply === undefined) return network.send(message);
  const line = formatJSON({ src: dest, dest: src, body: reply });
  clock.schedule(clock.now() + 1, () => inputs.get(src)!(line));
}
