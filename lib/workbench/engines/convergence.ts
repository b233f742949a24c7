/**
 * Convergence time: how long the nodes take, once all faults are over, until every node has everything.
 *
 * The history of a test does not show it: between the end of the faults and the final phase no client reads. Extra
 * reads would change the test, because a read can change a node's state (it may bring its view of seq-kv up to date).
 * So it is measured in a second run:
 *
 * 1. Runs the test again with the same seed. Up to the end of the faults, everything is the same.
 * 2. From there on, reads from all nodes every 50 ms, until all have everything or 10 s are over.
 *
 * Only a simulation can repeat a run, so there is no convergence time for processes.
 *
 * @module
 */

import type { AnyNode } from "../../node.ts";
import { RPCError } from "../../protocol.ts";
import { messageOf } from "../base/errors.ts";
import type { TestException } from "../base/test_exception.ts";
import type { Operation } from "../history/operation.ts";
import type { Converged } from "../run/results.ts";
import { type HealedTest, type RunOptions, runUntilHealed } from "../run/run.ts";
import { clientNodes, RECOVERY } from "../workloads/workload.ts";
import type { Clock } from "../world/clock.ts";
import { openConnection } from "../world/connection.ts";
import { runVirtually } from "./virtual_time.ts";

/** Time between two reads of a node, ms. */
export const LOOK_INTERVAL = 50;

/** Functions that write. A transaction writes if one of its operations does. */
const WRITES: readonly string[] = ["broadcast", "add", "send"];

/**
 * Measures the convergence time of a test.
 *
 * @param options The options of the test.
 * @param signal Ends the measurement early.
 * @param maxAtOnce Number of events at one instant that counts as a livelock.
 * @returns Undefined if nothing can be said: the workload does not define convergence, or the test ended early.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { measureConvergence } from "./convergence.ts";
 * import type { RunOptions } from "../run/run.ts";
 * import { WORKLOADS } from "../workloads/mod.ts";
 *
 * const options: RunOptions = {
 *   challenge: null,
 *   workload: WORKLOADS["g-counter"]!,
 *   seed: "dune",
 *   limits: [],
 *   logNetSend: false,
 *   logNetRecv: false,
 *   nodes: ["n0", "n1"],
 *   concurrency: 2,
 *   timeLimitSeconds: 5,
 *   rate: 10,
 *   latency: { mean: 0, distribution: "constant" },
 *   nemesis: [],
 *   nemesisIntervalSeconds: 10,
 *   consistencyModels: [],
 *   maxTxnLength: 4,
 *   maxWritesPerKey: 16,
 *   topology: "grid",
 * };
 * const forgetful = await measureConvergence(options, (node) => {
 *   node.on("add", () => ({}));
 *   node.on("read", () => ({ value: 0 }));
 * });
 * assertEquals(forgetful, { time: null, lacking: ["the counter was 0, which is not a sum of the adds, on n0, n1"] });
 * ```
 */
export async function measureConvergence(
  options: RunOptions,
  program: (node: AnyNode) => void,
  { signal, maxAtOnce }: { signal?: AbortSignal; maxAtOnce?: number } = {},
): Promise<Converged | undefined> {
  if (options.workload.convergence === undefined) return undefined;
  const stop = new AbortController();
  const stopSignal = AbortSignal.any([stop.signal, ...signal === undefined ? [] : [signal]]);
  let converged: Converged | undefined;
  let livelock: TestException | undefined;
  // The first run has reported the failures of nodes.
  await runVirtually({
    program,
    maxAtOnce,
    onLivelock(found) {
      livelock = found;
      stop.abort(new Error(found.message));
    },
  }, (world) =>
    runUntilHealed(options, world, async (test) => {
      // A listener on `stopSignal` would keep the test alive as long as `signal`, which many tests may share.
      converged = await readUntilComplete(test, options, world.clock, stop.signal);
    }, stopSignal));
  if (livelock !== undefined) return { time: null, lacking: [], exceptions: [{ ...livelock, fatal: true }] };
  return signal?.aborted ? undefined : converged;
}

/** Reads from all nodes until all have everything, or time is up. */
async function readUntilComplete(
  test: HealedTest,
  options: RunOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<Converged | undefined> {
  const nodes = clientNodes(options);
  const { look, isComplete, lacking, isExpensive } = options.workload.convergence!(test.history, options);
  const connection = openConnection(test.network, clock);
  signal.addEventListener("abort", () => connection.close(), { once: true });
  /** The last answer of each node. A node without one is not in the map. */
  const seen = new Map<string, unknown>();
  const errors = new Map<string, string>();
  // A failed read says nothing: the node may answer the next one.
  const lookAt = (node: string) =>
    look(connection, node).then((answer) => void seen.set(node, answer), (error) => {
      errors.set(node, describeFailure(error));
    });
  const last = clock.now() + RECOVERY;
  for (let due = clock.now(); due <= last; due = Math.max(due + LOOK_INTERVAL, clock.now())) {
    await clock.sleep(due - clock.now(), signal);
    await Promise.all(nodes.map(lookAt));
    if (seen.size === nodes.length && isComplete(nodes.map((node) => seen.get(node)))) {
      const since = Math.max(test.healedAt ?? 0, lastWrite(test.history));
      return { time: Math.ceil(clock.now() - since), lacking: [] };
    }
  }
  const [answering, silent] = [nodes.filter((node) => seen.has(node)), nodes.filter((node) => !seen.has(node))];
  const missing = [
    // A node may be unable to answer a read that costs more than a client's. Its silence shows nothing then.
    ...isExpensive ? [] : silent.map((node) => `${node} ${errors.get(node) ?? "answered nothing"}`),
    ...lacking(new Map(answering.map((node) => [node, seen.get(node)]))),
  ];
  return missing.length === 0 ? undefined : { time: null, lacking: missing };
}

/** Describes why a read failed, as the end of a sentence. */
function describeFailure(error: unknown): string {
  if (!(error instanceof RPCError)) return `gave no answer that could be read: ${messageOf(error).split("\n")[0]}`;
  return error.errorName === "timeout" ? "answered nothing" : `answered only errors, the last: ${error.message}`;
}

/** Returns the time of the last write, ms: when it was acknowledged, or begun if it never was. 0 if there is none. */
function lastWrite(history: readonly Operation[]): number {
  const isWrite = ({ f, value }: Operation) =>
    f === "txn" ? (value as [string][]).some(([f]) => f !== "r") : WRITES.includes(f);
  const last = history.findLast((operation) => ["invoke", "ok"].includes(operation.type) && isWrite(operation));
  return (last?.time ?? 0) / 1e6;
}
