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

import type { AnyNode } from "../node.ts";
import { VirtualClock } from "./clock.ts";
import { openConnection } from "./connection.ts";
import { guard } from "./hosts/guard.ts";
import { inProcessWorld } from "./hosts/in_process.ts";
import type { Operation } from "./operation.ts";
import { type HealedTest, RECOVERY, type RunOptions, runUntilHealed } from "./run.ts";
import { watchTime } from "./standstill.ts";

/** How often the nodes are asked, ms. */
export const LOOK_INTERVAL = 50;

/** The functions that write, besides transactions. */
const WRITES: readonly string[] = ["broadcast", "add", "send"];

/**
 * Simulates a test until the nemesis has healed, and then watches the nodes.
 *
 * @param options Those of the test. `runTest` takes what is returned as its `convergence`.
 * @returns Milliseconds until every node answered with everything: from the end of the last fault, or from the last write if that was
 *   later, or if there was no fault. It is too high by {@linkcode LOOK_INTERVAL} and the time that an answer takes, at most. Null where
 *   the workload has nothing to agree on, where the test ends early, and where the nodes do not converge within 10 s.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { measureConvergence } from "./convergence.ts";
 * import type { RunOptions } from "./run.ts";
 * import { WORKLOADS } from "./workloads/mod.ts";
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
 *   timeLimit: 5,
 *   rate: 10,
 *   latency: { mean: 0, distribution: "constant" },
 *   nemesis: [],
 *   nemesisInterval: 10,
 *   consistencyModels: [],
 *   maxTxnLength: 4,
 *   maxWritesPerKey: 16,
 *   topology: "grid",
 * };
 * const forgetful = await measureConvergence(options, (node) => {
 *   node.on("add", () => ({}));
 *   node.on("read", () => ({ value: 0 }));
 * });
 * assertEquals(forgetful, null);
 * ```
 */
export async function measureConvergence(
  options: RunOptions,
  program: (node: AnyNode) => void,
): Promise<number | null> {
  if (options.workload.convergence === undefined) return null;
  const clock = new VirtualClock();
  const world = inProcessWorld({ program, clock });
  const standsStill = watchTime(clock);
  let convergence: number | null = null;
  let over = false;
  // What is wrong with the program besides, the test itself tells.
  const release = guard(() => {});
  try {
    const running = runUntilHealed(options, world, async (test) => {
      const at = await watch(test, options, clock);
      if (at === undefined) return;
      convergence = Math.ceil(at - Math.max(test.healed ?? 0, lastWrite(test.history)));
    }).finally(() => over = true);
    running.catch(() => {});
    await clock.run(() => over || standsStill());
    if (over) await running;
  } finally {
    release();
  }
  return convergence;
}

/** Asks all nodes until all have everything; returns when that was, or nothing where it was too late. */
async function watch(test: HealedTest, options: RunOptions, clock: VirtualClock): Promise<number | undefined> {
  const { look, isComplete } = options.workload.convergence!(test.history, options);
  const connection = openConnection(test.network, clock);
  const last = clock.now() + RECOVERY;
  for (let due = clock.now(); due <= last; due = Math.max(due + LOOK_INTERVAL, clock.now())) {
    await clock.sleep(due - clock.now());
    const looks = await Promise.allSettled(options.nodes.map((node) => look(connection, node)));
    const seen = looks.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
    if (seen.length === looks.length && isComplete(seen)) return clock.now();
  }
  return undefined;
}

/** When the last write was acknowledged, or begun, ms. */
function lastWrite(history: readonly Operation[]): number {
  const isWrite = ({ f, value }: Operation) =>
    f === "txn" ? (value as [string][]).some(([f]) => f !== "r") : WRITES.includes(f);
  const last = history.findLast((operation) => ["invoke", "ok"].includes(operation.type) && isWrite(operation));
  return (last?.time ?? 0) / 1e6;
}
