/**
 * A whole test in virtual time: the counterpart of `runTest` for programs in this process. The seed determines
 * everything: the same seed gives the same history, messages and results on any machine.
 *
 * 1. Runs the test.
 * 2. Runs it a second time to measure how long the nodes take to converge (`convergence.ts`).
 * 3. Judges both, and stores the results.
 *
 * @module
 */

import type { LogLevel } from "../../host.ts";
import type { AnyNode } from "../../node.ts";
import type { TestException } from "../base/test_exception.ts";
import type { TestRecord } from "../run/judge.ts";
import type { Results } from "../run/results.ts";
import { concludeTest, performTest, type RunHooks, type RunOptions } from "../run/run.ts";
import { measureConvergence } from "./convergence.ts";
import { runVirtually } from "./virtual_time.ts";

/** Hooks for {@linkcode runVirtualTest}: those of any run, and these. */
export interface VirtualTestHooks extends RunHooks {
  /** Receives one entry of a node's log, such as `12.345 warn …`: seconds since the start, level, text. */
  nodeLog?(node: string, entry: string, level: LogLevel): void;
  /** Number of events at one instant that ends the test as `time-stands-still`. `@default 5_000_000` */
  maxAtOnce?: number;
  /** Measures convergence. `@default measureConvergence` */
  measure?: typeof measureConvergence;
}

/**
 * Runs one test in virtual time.
 *
 * Besides what ends any test, two things end this one: a program that uses the real clock, timers or randomness, and
 * nodes that answer each other without end while no time passes. If the workload defines convergence, a test whose
 * nodes do not converge is invalid.
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
 *   limits: [],
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
  const record = await performVirtualTest(options, program, hooks);
  // A test that was cut short says nothing about how its nodes would have converged.
  const cutShort = record.interrupted || record.exceptions.some(({ fatal }) => fatal);
  const { measure = measureConvergence } = hooks;
  const convergence = cutShort ? undefined : await measure(options, program, hooks);
  const exceptions = [...record.exceptions, ...convergence?.exceptions ?? []];
  return concludeTest({ ...record, convergence, exceptions }, hooks);
}

function performVirtualTest(
  options: RunOptions,
  program: (node: AnyNode) => void,
  hooks: VirtualTestHooks,
): Promise<TestRecord> {
  let fail: (failure: TestException) => void = () => {};
  const onCreated = (failTest: typeof fail) => {
    fail = failTest;
  };
  return runVirtually({
    program,
    maxAtOnce: hooks.maxAtOnce,
    log: (time, node, level, text) => hooks.nodeLog?.(node, `${(time / 1000).toFixed(3)} ${level} ${text}`, level),
    onLivelock: (livelock) => fail(livelock),
  }, (world) => performTest(options, world, { ...hooks, onCreated }));
}
