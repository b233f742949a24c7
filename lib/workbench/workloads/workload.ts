/**
 * What a workload is: the operations, the client that performs them, who does what when, and the checker.
 *
 * @module
 */

import type { Verdict } from "../checkers/verdict.ts";
import type { Operation } from "../history/operation.ts";
import type { Random } from "../world/random.ts";
import type { Connection } from "../world/connection.ts";
import type { RPC } from "../world/rpc_schema.ts";

/** The options of a test that matter to a workload or a checker. The flags of Maelstrom's `test`, parsed. */
export interface TestOptions {
  /** The nodes: n0, n1, … */
  nodes: string[];
  /** How many workers there are; worker i talks to node i mod n. */
  concurrency: number;
  /** Seconds. */
  timeLimitSeconds: number;
  /** Operations a second, all workers together. */
  rate: number;
  /** Mean latency between nodes, ms, and its distribution. */
  latency: { mean: number; distribution: "constant" | "uniform" | "exponential" };
  /** Faults. */
  nemesis: string[];
  /** Mean seconds between the nemesis' operations. */
  nemesisIntervalSeconds: number;
  /** Expected availability: `"total"`, a lower bound from 0 to 1, or nothing. */
  availability?: "total" | number;
  /** Elle's names, such as `"read-committed"`. */
  consistencyModels: string[];
  /** Keys in use at once (transactions, kafka); each workload has its own default. */
  keyCount?: number;
  /** Operations in a transaction, at most. */
  maxTxnLength: number;
  /** Writes to one key before it is retired. */
  maxWritesPerKey: number;
  /** What broadcast's nodes are told of each other. */
  topology: string;
}

/** What a client is asked to do. */
export interface Invocation {
  f: string;
  value?: unknown;
  final?: boolean;
  [field: string]: unknown;
}

/** What came of it; `value` is the invocation's unless given. */
export interface Outcome {
  type: "ok" | "fail" | "info";
  value?: unknown;
  error?: unknown;
  [field: string]: unknown;
}

/** Performs a workload's operations for one process. */
export interface WorkloadClient {
  /** Once per worker, before the operations begin. */
  setup?(): Promise<void>;
  /** Performs one operation. What it throws is recorded as info, and among the exceptions of the test. */
  invoke(invocation: Invocation): Promise<Outcome>;
}

/** Who does what. Asked whenever an operation is due and workers are free. */
export interface OperationGenerator {
  /**
   * What `worker` (now running as `process`) should do.
   *
   * @returns The operation; `"pending"` where this worker has nothing to do just now; `undefined` when there is nothing more to do for
   *   any worker, ever.
   */
  next(worker: number, process: number): Invocation | "pending" | undefined;
  /** Sees each of the clients' operations as it enters the history. */
  update?(operation: Operation, worker: number): void;
}

/** How long the network is left in peace before the final phase, ms. By then every node has to have everything. */
export const RECOVERY = 10_000;

/** What is done when the main phase is over. */
export interface FinalPhase {
  /** Whether there is anything to be found out; always, by default. */
  needed?(options: TestOptions): boolean;
  /**
   * Set where Maelstrom has no such phase. Then its operations, marked as `final`, and all messages from its beginning on stay out of the
   * statistics, so that the figures are Maelstrom's.
   */
  uncounted?: boolean;
  /** Who does what; `history` is that of the main phase. */
  generator(options: TestOptions, random: Random, history: readonly Operation[]): OperationGenerator;
  /** Seconds after which it begins no more operations. */
  timeLimitSeconds?: number;
  /** Operations a second for each worker; without it, each goes as fast as it can. */
  ratePerWorker?: number;
}

/** How one tells that every node has everything, when the main phase is over. Made for one test. */
export interface Convergence {
  /** Asks a node for what it has. */
  look(connection: Connection, node: string): Promise<unknown>;
  /** Whether what was seen at the nodes, one after another, is everything at each. */
  isComplete(seen: readonly unknown[]): boolean;
  /** Where that is not so: what is lacking, by what was last seen at each node, in phrases such as `n2 lacked 1 of 40 values: 7`. */
  lacking(seen: ReadonlyMap<string, unknown>): string[];
  /** Set where a look asks for more than any client does: then a node that does not answer it is not blamed. */
  asksMuch?: boolean;
}

/** A workload. */
export interface Workload {
  /** Maelstrom's name. */
  name: string;
  /** What it tests, in a few sentences. */
  doc: string;
  /** The messages between clients and nodes. */
  rpcs: RPC[];
  /** Functions whose failure to succeed even once is no fault (kafka's crash). */
  mayNeverSucceed?: readonly string[];
  /** Whether a client outlives an operation of type info (Jepsen's Reusable). */
  reusable: boolean;
  /** A client for one process, connected to one node. */
  client(connection: Connection, node: string, options: TestOptions): WorkloadClient;
  /** The main phase. */
  generator(options: TestOptions, random: Random): OperationGenerator;
  /** The final phase, after the nemesis has healed and 10 s of quiet, where there is one. */
  final?: FinalPhase;
  /** How to tell when all nodes have everything, where nodes have something to agree on; `history` is that of the main phase. */
  convergence?(history: readonly Operation[], options: TestOptions): Convergence;
  /** The verdict on a history. */
  check(history: readonly Operation[], options: TestOptions): Verdict;
}
