/**
 * Results of a swarm over many machines: counts each test once, however often its result arrives.
 *
 * @module
 */

import { findChallenge } from "../../../request/challenges.ts";
import { addResult, createTally, type Tally } from "../tally.ts";
import type { SwarmDefinition } from "./definition.ts";

/** Result of one test, as it is stored on the server. */
export interface SeedResult {
  /** Id of the challenge. */
  challenge: string;
  /** `no-results` is a test that ended without results, `stuck` one that used the processor too long. */
  outcome: "valid" | "no-verdict" | "failed" | "no-results" | "stuck";
  operations: number;
  /** Virtual time that the test took, ms. */
  duration: number;
  /** Real time that it took, ms. */
  elapsed: number;
  /** Types of the anomalies and exceptions of a test that failed. */
  findings?: readonly string[];
  /** Error of a test without results. */
  problem?: string;
  /** Name of the worker that ran it. */
  worker: string;
}

/** Work of one worker. */
export interface WorkerCount {
  tests: number;
  failed: number;
  /** Real time that its tests took, ms. Several may run at once. */
  busy: number;
  /** Time of its last result, ms since 1970. */
  lastAt: number;
}

/** A test that did not survive. */
export interface FailedTest {
  number: number;
  result: SeedResult;
}

/** The results so far. */
export interface SwarmResults {
  readonly definition: SwarmDefinition;
  /** Numbers of the tests that are counted. Everything else is the sum over these. */
  readonly numbers: Set<number>;
  readonly tally: Tally;
  readonly workers: Map<string, WorkerCount>;
  readonly failures: FailedTest[];
  /** Time of the last result, ms since 1970. */
  lastAt: number;
}

/** Creates the results of a swarm of which nothing has been counted. */
export function createSwarmResults(definition: SwarmDefinition): SwarmResults {
  const tally = createTally(definition.challenges.map((id) => findChallenge(id)!));
  return { definition, numbers: new Set(), tally, workers: new Map(), failures: [], lastAt: definition.createdAt };
}

/**
 * Counts the result of a test, unless it is counted already.
 *
 * @param at Time at which it was stored, ms since 1970.
 */
export function countResult(results: SwarmResults, number: number, result: SeedResult, at: number): void {
  const { numbers, tally, workers, failures, definition: { seeds } } = results;
  if (numbers.has(number) || !(number >= 1 && number <= seeds)) return;
  numbers.add(number);
  const { challenge, outcome, operations, duration, elapsed, worker } = result;
  const survived = outcome === "valid" || outcome === "no-verdict";
  addResult(tally, challenge, { survived, hasVerdict: outcome === "valid", operations, duration });
  if (!survived) failures.push({ number, result });
  const before = workers.get(worker) ?? { tests: 0, failed: 0, busy: 0, lastAt: at };
  workers.set(worker, {
    tests: before.tests + 1,
    failed: before.failed + (survived ? 0 : 1),
    busy: before.busy + elapsed,
    lastAt: Math.max(before.lastAt, at),
  });
  results.lastAt = Math.max(results.lastAt, at);
}

/** True if every test is counted. */
export function isComplete({ numbers, definition }: Pick<SwarmResults, "numbers" | "definition">): boolean {
  return numbers.size === definition.seeds;
}
