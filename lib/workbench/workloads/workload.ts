/**
 * A workload, as an interface. It consists of:
 *
 * 1. the RPCs between clients and nodes, as schemas,
 * 2. a generator that draws operations,
 * 3. a client that performs an operation by RPCs and returns its outcome,
 * 4. a final phase, if clients read once more after the faults,
 * 5. a convergence check, if nodes should end up with equal data,
 * 6. a checker of the history.
 *
 * @module
 */

import type { Verdict } from "../checkers/verdict.ts";
import type { Operation } from "../history/operation.ts";
import type { Connection } from "../world/connection.ts";
import type { Latency } from "../world/network/latency.ts";
import type { Random } from "../world/random.ts";
import type { RPC } from "../world/rpc_schema.ts";

/** Options of a test that workloads and checkers use: the parsed flags of Maelstrom's `test`. */
export interface TestOptions {
  /** Names of the nodes: n0, n1, … */
  nodes: string[];
  /** Number of workers; worker i talks to node i mod n, of the nodes without a role. */
  concurrency: number;
  /** Length of the main phase. */
  timeLimitSeconds: number;
  /** Operations a second of all workers together. */
  rate: number;
  /** Latency of messages between nodes. */
  latency: Latency;
  /** Names of the faults. */
  nemesis: string[];
  /** Mean seconds between two operations of one fault. */
  nemesisIntervalSeconds: number;
  /** Expected availability: `"total"`, or a lower bound from 0 to 1. Without it, availability is not checked. */
  availability?: "total" | number;
  /** Consistency models by Elle's names, such as `"read-committed"`. */
  consistencyModels: string[];
  /** Number of keys in use at the same time (transactions, kafka). `@default 10` */
  keyCount?: number;
  /** Maximum number of operations in a transaction. */
  maxTxnLength: number;
  /** Writes to one key before a new key replaces it. */
  maxWritesPerKey: number;
  /** Name of the topology that broadcast's nodes receive. */
  topology: string;
  /** Roles by node. Clients use only the nodes without one. `@default {}` */
  roles?: Readonly<Record<string, string>>;
  /** Names of the services that nodes can use; all by default. */
  services?: readonly string[];
  /** Share of values that clients send a second time (broadcast, g-set). `@default 0` */
  repeatAdds?: number;
  /** True if a client learns at once that its node is down, instead of at its timeout. `@default false` */
  failFast?: boolean;
}

/** Returns the nodes that clients use: worker i talks to node i mod n of them. */
export function clientNodes({ nodes, roles = {} }: Pick<TestOptions, "nodes" | "roles">): string[] {
  return nodes.filter((node) => !Object.hasOwn(roles, node));
}

/** Operation that a client is to perform. */
export interface Invocation {
  f: string;
  value?: unknown;
  /** True for the reads of a final phase. */
  final?: boolean;
  [field: string]: unknown;
}

/** Outcome of an operation. */
export interface Outcome {
  /** `"ok"`: took effect; `"fail"`: did not; `"info"`: unknown. */
  type: "ok" | "fail" | "info";
  /** Value of the completed operation; that of the invocation if left out. */
  value?: unknown;
  error?: unknown;
  [field: string]: unknown;
}

/** Client that performs a workload's operations for one process. */
export interface WorkloadClient {
  /** Prepares the node. Called once, at the beginning of the test, before other clients reach it. */
  setup?(): Promise<void>;
  /**
   * Performs an operation. An error that it throws is recorded as info. Unless it is an `RPCError`, it is also reported
   * as an exception of the test.
   */
  invoke(invocation: Invocation): Promise<Outcome>;
}

/** Generator of operations. It is asked when an operation is due and workers are free. */
export interface OperationGenerator {
  /**
   * Draws the next operation for a worker, which runs as `process` at present.
   *
   * @returns The operation; `"pending"` if this worker has nothing to do yet; `undefined` if no worker has anything
   *   to do any more.
   */
  next(worker: number, process: number): Invocation | "pending" | undefined;
  /** Called with each operation of the clients as it enters the history. */
  update?(operation: Operation, worker: number): void;
}

/**
 * Time without faults between the end of the last fault and the final phase, ms. When it is over, all nodes must have
 * converged.
 */
export const RECOVERY = 10_000;

/** Final phase: clients' operations after the main phase and the recovery. */
export interface FinalPhase {
  /** Returns false if the phase cannot find anything. `@default () => true` */
  needed?(options: TestOptions): boolean;
  /**
   * True if Maelstrom does not have this phase. Its operations, marked as `final`, and all messages since its
   * beginning are then left out of the statistics, so that the figures can be compared with Maelstrom's.
   */
  uncounted?: boolean;
  /** Creates its generator from the history of the main phase. */
  generator(options: TestOptions, random: Random, history: readonly Operation[]): OperationGenerator;
  /** Limit on the length of the phase: no operation begins after it. */
  timeLimitSeconds?: number;
  /** Operations a second of each worker; without it, each goes as fast as it can. */
  ratePerWorker?: number;
}

/**
 * Convergence check of one test: reads all nodes, and finds out if each has all data. That is all data that was
 * acknowledged or that a client has read, and the same data as the other nodes.
 */
export interface Convergence {
  /** Reads what a node has. */
  look(connection: Connection, node: string): Promise<unknown>;
  /** Returns true if every node has all data. `seen` holds what `look` last read at each node. */
  isComplete(seen: readonly unknown[]): boolean;
  /** Returns what is missing, as phrases such as `n2 lacked 1 of 40 values: 7`. `seen` is as above, by node. */
  lacking(seen: ReadonlyMap<string, unknown>): string[];
  /** True if `look` costs a node more than a client's request: then it is not reported if a node does not answer. */
  isExpensive?: boolean;
}

/** Workload. */
export interface Workload {
  /** Maelstrom's name. */
  name: string;
  /** Description for docs/workloads.md: a few sentences. */
  doc: string;
  /** RPCs between clients and nodes. */
  rpcs: RPC[];
  /** Functions that need not succeed even once, such as kafka's crash. */
  mayNeverSucceed?: readonly string[];
  /** True if a client may be used after an operation of type info (Jepsen's `Reusable`). */
  reusable: boolean;
  /** Creates a client of one node, for one process. */
  client(connection: Connection, node: string, options: TestOptions): WorkloadClient;
  /** Creates the generator of the main phase. */
  generator(options: TestOptions, random: Random): OperationGenerator;
  /** Final phase, if there is one. */
  final?: FinalPhase;
  /** Creates the convergence check from the history of the main phase. Left out if nodes have nothing to agree on. */
  convergence?(history: readonly Operation[], options: TestOptions): Convergence;
  /** Checks a history. */
  check(history: readonly Operation[], options: TestOptions): Verdict;
}
