/**
 * One test at one rate.
 *
 * 1. The test begins as any other: nodes start, clients perform the workload's operations.
 * 2. The first seconds do not count: until then, programs are compiled.
 * 3. At the beginning and the end of those that do, the CPU time of each process is read. Then the test ends early: its
 *    last phase, which reads everything once more, is not part of the load.
 * 4. The checkers judge what was recorded.
 *
 * @module
 */

import { ROOT } from "../../lib/workbench/cli/root.ts";
import { createMachine } from "../../lib/workbench/engines/real_machine.ts";
import { runOptionsOf } from "../../lib/workbench/engines/workbench_run.ts";
import { parseArguments } from "../../lib/workbench/request/arguments.ts";
import { findChallenge } from "../../lib/workbench/request/challenges.ts";
import { createRequest } from "../../lib/workbench/request/request.ts";
import { concludeTest, performTest, type RunOptions } from "../../lib/workbench/run/run.ts";
import type { Progress } from "../../lib/workbench/run/progress.ts";
import { RealClock } from "../../lib/workbench/world/real_clock.ts";
import { cpuSeconds, cpuShares } from "./cpu.ts";
import { type Latencies, latenciesOf } from "./latencies.ts";
import type { Attempt } from "./search.ts";
import type { OpenWorld, System } from "./systems.ts";

/** Figures of a test. */
export interface LoadAttempt extends Attempt {
  /** Operations a second that were invoked. */
  given: number;
  latencies: Latencies;
  /** Messages between nodes and services for an operation; null where there are none. */
  messages: number | null;
  /** Share of a core that each part has used, percent. */
  cpu: Map<string, number>;
  /** False if the checker has found an anomaly. Operations that the end cuts short are none. */
  isValid: boolean;
}

/** Test that is repeated at several rates. */
export interface LoadTest {
  challenge: string;
  nodes: number;
  /** Number of clients. */
  clients: number;
  /** Seconds that count. */
  seconds: number;
  /** Largest p99 that a system may have, ms. */
  mostP99: number;
}

/** Seconds before those that count. */
const WARM_UP = 2;
/** Time that the last operations have to end, ms. */
const GRACE = 500;
/** Share of the rate that must be given. */
const GIVEN_SHARE = 0.9;

/** Runs a test at a rate. */
export async function attempt(system: System, test: LoadTest, rate: number): Promise<LoadAttempt> {
  const clock = new RealClock();
  const open = await system.open(clock);
  const ending = new AbortController();
  let watching: Promise<Window> | undefined;
  try {
    const record = await performTest(optionsFor(test, rate), open.world, {
      signal: ending.signal,
      progress: (ask) => watching = watch(ask, open, test.seconds, () => ending.abort()),
    });
    const { cpu, from, to } = await watching!;
    const results = concludeTest(record);
    const latencies = latenciesOf(record.history, from, to);
    const given = latencies.count / test.seconds;
    const holds = latencies.p99 <= test.mostP99 && given >= GIVEN_SHARE * rate;
    const messages = open.world.mode === "cluster" ? results.net?.servers.msgs_per_op ?? null : null;
    return { rate, holds, given, latencies, messages, cpu, isValid: results.result.valid !== false };
  } finally {
    await open.close();
  }
}

function optionsFor({ challenge, nodes, clients, seconds }: LoadTest, rate: number): RunOptions {
  const flags = {
    "node-count": nodes,
    "concurrency": clients,
    "rate": rate,
    // Never reached: the watch ends the test.
    "time-limit": WARM_UP + seconds + 60,
    "nemesis": "none",
  };
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return runOptionsOf(createRequest(findChallenge(challenge)!, parseArguments(words), createMachine(ROOT)));
}

/** Seconds of a test that count. */
interface Window {
  /** Begin and end, ms of the history. */
  from: number;
  to: number;
  cpu: Map<string, number>;
}

async function watch(ask: () => Progress, open: OpenWorld, seconds: number, end: () => void): Promise<Window> {
  while (ask().phase === "starting") await delay(5);
  const parts = new Map([...await open.parts(), ["workbench", Deno.pid]]);
  await delay(WARM_UP * 1000 - ask().elapsed);
  const before = cpuSeconds(parts);
  const from = open.world.clock.now();
  await delay(seconds * 1000);
  const to = open.world.clock.now();
  const cpu = cpuShares(before, cpuSeconds(parts), (to - from) / 1000);
  await delay(GRACE);
  end();
  return { from, to, cpu };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
