/**
 * Convergence: how long it takes, once nothing is broken any more, until every node has everything.
 *
 * Nobody can tell that from the history of a test: from the end of the faults to the final phase nobody asks. And to ask would change
 * the test, for a read may well do something, such as bring a node's view of seq-kv up to date. So it is measured in a second run with
 * the same seed: up to the end of the faults it is the same, and from there on the nodes are asked again and again. That takes a
 * simulation; of a test with processes nobody can know.
 *
 * @module
 */

import type { AnyNode } from "../../node.ts";
import { VirtualClock } from "../world/clock.ts";
import { openConnection } from "../world/connection.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { inProcessWorld } from "../world/hosts/in_process/in_process.ts";
import { endTurn } from "../base/watchdog.ts";
import type { Operation } from "../history/operation.ts";
import { type HealedTest, type RunOptions, runUntilHealed } from "../run/run.ts";
import { timeStandsStill, watchTime } from "../world/standstill.ts";
import { RECOVERY } from "../workloads/workload.ts";
import type { Converged } from "../run/results.ts";

/** How often the nodes are asked, ms. */
export const LOOK_INTERVAL = 50;

/** The functions that write, besides transactions. */
const WRITES: readonly string[] = ["broadcast", "add", "send"];

/**
 * Simulates a test until the nemesis has healed, and then watches the nodes.
 *
 * @param options Those of the test.
 * @param signal Ends it early.
 * @param maxAtOnce So many events without any time passing between them are taken for no end of them.
 * @returns Nothing where nothing can be said: the workload has nothing to agree on, or the test ends early.
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
 *   targets: [],
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
 * assertEquals(forgetful, { time: null, lacking: ["the counter was 0, which is no sum of the adds, on n0, n1"] });
 * ```
 */
export async function measureConvergence(
  options: RunOptions,
  program: (node: AnyNode) => void,
  { signal, maxAtOnce }: { signal?: AbortSignal; maxAtOnce?: number } = {},
): Promise<Converged | undefined> {
  if (options.workload.convergence === undefined) return undefined;
  const clock = new VirtualClock(endTurn);
  const world = inProcessWorld({ program, clock });
  const standsStill = watchTime(clock, maxAtOnce);
  let converged: Converged | undefined;
  let over = false;
  // What is wrong with the program besides, the test itself tells.
  const release = guard(() => {}, { onStderr() {} });
  try {
    const watching = async (test: HealedTest) => void (converged = await watch(test, options, clock));
    const running = runUntilHealed(options, world, watching, signal).finally(() => over = true);
    running.catch(() => {});
    await clock.run(() => over || standsStill());
    if (over) await running;
    else return { time: null, lacking: [], exceptions: [{ ...timeStandsStill(clock), fatal: true }] };
  } finally {
    release();
  }
  return signal?.aborted ? undefined : converged;
}

/** Asks all nodes until all have everything, or it is too late. */
async function watch(test: HealedTest, options: RunOptions, clock: VirtualClock): Promise<Converged | undefined> {
  const { nodes } = options;
  const { look, isComplete, lacking, asksMuch } = options.workload.convergence!(test.history, options);
  const connection = openConnection(test.network, clock);
  /** What each node has answered last: whatever it had, it still has. */
  const seen = new Map<string, unknown>();
  const lookAt = async (node: string) => {
    // No answer, too, is something that may have changed by the next time.
    await look(connection, node).then((answer) => seen.set(node, answer), () => {});
  };
  const last = clock.now() + RECOVERY;
  for (let due = clock.now(); due <= last; due = Math.max(due + LOOK_INTERVAL, clock.now())) {
    await clock.sleep(due - clock.now());
    await Promise.all(nodes.map(lookAt));
    if (seen.size === nodes.length && isComplete(nodes.map((node) => seen.get(node)))) {
      const since = Math.max(test.healed ?? 0, lastWrite(test.history));
      return { time: Math.ceil(clock.now() - since), lacking: [] };
    }
  }
  const [answering, silent] = [nodes.filter((node) => seen.has(node)), nodes.filter((node) => !seen.has(node))];
  const lacks = [
    ...asksMuch ? [] : silent.map((node) => `${node} answered nothing`),
    ...lacking(new Map(answering.map((node) => [node, seen.get(node)]))),
  ];
  return lacks.length === 0 ? undefined : { time: null, lacking: lacks };
}

/** When the last write was acknowledged, or begun, ms. */
function lastWrite(history: readonly Operation[]): number {
  const isWrite = ({ f, value }: Operation) =>
    f === "txn" ? (value as [string][]).some(([f]) => f !== "r") : WRITES.includes(f);
  const last = history.findLast((operation) => ["invoke", "ok"].includes(operation.type) && isWrite(operation));
  return (last?.time ?? 0) / 1e6;
}
