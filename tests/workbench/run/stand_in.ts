/**
 * A stand-in for the network and its nodes, in virtual time, for tests of clients.
 *
 * @module
 */

import type { RunOptions } from "../../../lib/workbench/run/run.ts";
import type { Body, Message } from "../../../lib/protocol.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import {
  type ConnectionNetwork,
  type OpenConnection,
  openConnection,
} from "../../../lib/workbench/world/connection.ts";
import type {
  Invocation,
  Outcome,
  TestOptions,
  Workload,
  WorkloadClient,
} from "../../../lib/workbench/workloads/workload.ts";

/** Fields of a reply, with its type; undefined for no reply. */
export type Answer = { type: string; [field: string]: unknown } | undefined;

/** Node that answers a request. */
export type StandInNode = (request: Body) => Answer;

/** Network with one node, n0. Each message takes 1 ms. */
export interface StandIn {
  clock: VirtualClock;
  network: ConnectionNetwork;
  /** Requests that the node received. */
  requests: Body[];
  /** Runs the clock until the promise has settled. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

/** Creates a network whose node answers with `node`. */
export function standIn(node: StandInNode): StandIn {
  const clock = new VirtualClock();
  const receivers = new Map<string, (message: Message) => void>();
  const requests: Body[] = [];
  const later = (action: () => void) => clock.schedule(clock.now() + 1, action);
  const network: ConnectionNetwork = {
    attach: (id, receive) => void receivers.set(id, receive),
    detach: (id) => void receivers.delete(id),
    send({ src, dest, body }) {
      later(() => {
        requests.push(body);
        const answer = node(body);
        if (answer === undefined) return;
        later(() =>
          receivers.get(src)?.({ src: dest, dest: src, body: { in_reply_to: body.msg_id, ...answer } as Body })
        );
      });
    },
  };
  const settle = <T>(promise: Promise<T>) => clock.settle(promise);
  return { clock, network, requests, settle };
}

/** Options of a test; by default with one node and one worker. */
export function testOptions(options: Partial<TestOptions> = {}): TestOptions {
  return {
    nodes: ["n0"],
    concurrency: 1,
    timeLimitSeconds: 20,
    rate: 5,
    latency: { mean: 0, distribution: "constant" },
    nemesis: [],
    nemesisIntervalSeconds: 10,
    consistencyModels: ["strict-serializable"],
    maxTxnLength: 4,
    maxWritesPerKey: 16,
    topology: "grid",
    ...options,
  };
}

/** Options of a run; by default with three nodes. */
export function runOptions(options: Partial<RunOptions> & Pick<RunOptions, "workload">): RunOptions {
  const test = testOptions({
    nodes: ["n0", "n1", "n2"],
    concurrency: 3,
    consistencyModels: [],
    nemesisIntervalSeconds: 2,
  });
  return { ...test, challenge: null, seed: "7", limits: [], logNetSend: false, logNetRecv: false, ...options };
}

/** Client of a workload, connected to a stand-in node. */
export interface StandInClient extends StandIn {
  connection: OpenConnection;
  client: WorkloadClient;
  /** Lets the client perform an operation. */
  invoke(invocation: Invocation): Promise<Outcome>;
}

/** Opens a client of a workload, connected to a stand-in node. */
export function openClient(workload: Workload, node: StandInNode, options: Partial<TestOptions> = {}): StandInClient {
  const world = standIn(node);
  const connection = openConnection(world.network, world.clock);
  const client = workload.client(connection, "n0", testOptions(options));
  return { ...world, connection, client, invoke: (invocation) => world.settle(client.invoke(invocation)) };
}

/** Node that never answers. */
export const silent = (): undefined => undefined;

/** Creates a node that answers everything with an error. */
export function erring(code: number, text?: string): StandInNode {
  return () => ({ type: "error", code, text });
}
