/**
 * Simulations: whole tests in this process, under virtual time. All that happens follows from the seed: the same seed gives the same
 * history, messages and results, on any machine.
 *
 * @module
 */

import type { LogLevel } from "../../host.ts";
import type { AnyNode } from "../../node.ts";
import { VirtualClock } from "../world/clock.ts";
import { measureConvergence } from "./convergence.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { inProcessWorld } from "../world/hosts/in_process/in_process.ts";
import { endTurn } from "../base/watchdog.ts";
import type { TestRecord } from "../run/judge.ts";
import type { Results } from "../run/results.ts";
import type { TestException } from "../base/test_exception.ts";
import { concludeTest, performTest, type RunHooks, type RunOptions } from "../run/run.ts";
import { timeStandsStill, watchTime } from "../world/standstill.ts";

/** How a simulation speaks to the outside. */
export interface VirtualTestHooks extends RunHooks {
  /** Takes one entry of a node's log: `12.345 warn …`, with the seconds since the test began. */
  nodeLog?(node: string, entry: string, level: LogLevel): void;
  /** So many events without any time passing between them are taken for no end of them; 5 million by default. */
  maxAtOnce?: number;
  /** How long the nodes take to converge is measured by this; by {@linkcode measureConvergence} without. */
  measure?: typeof measureConvergence;
}

/**
 * Runs a test in simulation.
 *
 * Besides what ends any test, a program ends it that reaches for the real clock, real timers or real randomness, and nodes that answer
 * each other without end while no time passes. And what it has to show for it, if the workload has that, is how long the nodes take to
 * converge; if they do not, it is not valid.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runVirtualTest } from "./virtual_run.ts";
 * import { WORKLOADS } from "../workloads/mod.ts";
 *
 * const results = await runVirtualTest({
 *   challenge: null,
 *   workload: WORKLOADS.echo!,
 *   seed: "dune",
 *   targets: [],
 *   logNetSend: false,
 *   logNetRecv: false,
 *   nodes: ["n0", "n1"],
 *   concurrency: 2,
 *   timeLimitSeconds: 10,
 *   rate: 100,
 *   latency: { mean: 0, distribution: "constant" },
 *   nemesis: [],
 *   nemesisIntervalSeconds: 10,
 *   consistencyModels: [],
 *   maxTxnLength: 4,
 *   maxWritesPerKey: 16,
 *   topology: "grid",
 * }, (node) => node.on("echo", ({ echo }) => ({ echo })));
 * assertEquals([results.valid, results.mode, results.seed], [true, "simulation", "dune"]);
 * ```
 */
export async function runVirtualTest(
  options: RunOptions,
  program: (node: AnyNode) => void,
  hooks: VirtualTestHooks = {},
): Promise<Results> {
  const record = await simulate(options, program, hooks);
  // Of a test that was ended early nobody knows what would have become of it.
  const whole = !record.interrupted && !record.exceptions.some(({ fatal }) => fatal);
  const { measure = measureConvergence } = hooks;
  if (whole) record.convergence = await measure(options, program, hooks);
  record.exceptions = [...record.exceptions, ...record.convergence?.exceptions ?? []];
  return concludeTest(record, hooks);
}

/** Lets everything happen. */
async function simulate(
  options: RunOptions,
  program: (node: AnyNode) => void,
  hooks: VirtualTestHooks,
): Promise<TestRecord> {
  const clock = new VirtualClock(endTurn);
  const log = (node: string, level: LogLevel, text: string) =>
    hooks.nodeLog?.(node, `${(clock.now() / 1000).toFixed(3)} ${level} ${text}`, level);
  const world = inProcessWorld({ program, clock, log });
  let fail: (failure: TestException) => void = () => {};
  const release = guard((trouble) => {
    if (trouble.type === "unhandled-rejection") hooks.log?.(trouble.message);
    else fail(trouble);
  }, { onStderr: log });
  try {
    let over = false;
    const begun = (failTest: typeof fail) => void (fail = failTest);
    const test = performTest(options, world, { ...hooks, begun }).finally(() => over = true);
    test.catch(() => {});
    const standsStill = watchTime(clock, hooks.maxAtOnce);
    await clock.run(() => over || standsStill());
    if (!over) {
      fail(timeStandsStill(clock));
      await clock.run(() => over);
    }
    return await test;
  } finally {
    release();
  }
}
