/**
 * Limits on the time of a test. A simulation has virtual time: the real time that it takes says how busy the machine
 * is, and nothing about the program. So a test has failed only if it has used the processor for too long. One that has
 * not had it for long, and has not ended either, is given up without a verdict.
 *
 * @module
 */

import process from "node:process";
import { RealClock } from "../../world/real_clock.ts";

/** Processor time that a test may take, ms. Most take less than a second; one that takes longer may never end. */
export const PROCESSOR_LIMIT = 120_000;
/** Real time that a test may take without having that much of the processor, ms. */
export const REAL_LIMIT = 1_800_000;

/** Clock of the tests of one process. Times are ms since any moment. */
export interface TestClock {
  /** Real time. */
  now(): number;
  /** Processor time that this process has taken, all threads together. */
  processorTime(): number;
}

/** State of a test that has exceeded a limit: it has failed, or the machine was too slow to judge it. */
export type Overdue = "stuck" | "starved";

/** Creates the clock of this process. */
export function createTestClock(): TestClock {
  const clock = new RealClock();
  return {
    now: () => clock.now(),
    processorTime() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
  };
}

/**
 * Starts to measure the time of a test. Each thread of a process counts with an equal share of its processor time.
 *
 * @param jobs Number of tests that run at once.
 * @returns Function that says if the test has exceeded a limit by now.
 */
export function measureTest(clock: TestClock, jobs: number): () => Overdue | undefined {
  const [startedAt, taken] = [clock.now(), clock.processorTime()];
  return () => {
    if ((clock.processorTime() - taken) / jobs > PROCESSOR_LIMIT) return "stuck";
    return clock.now() - startedAt > REAL_LIMIT ? "starved" : undefined;
  };
}

/** Words on a test that has exceeded a limit. */
export const OVERDUE: Readonly<Record<Overdue, string>> = {
  stuck: `has not ended after ${PROCESSOR_LIMIT / 1000} s of processor time`,
  starved: `was not judged: it has not ended after ${REAL_LIMIT / 60_000} min, but had less than ` +
    `${PROCESSOR_LIMIT / 1000} s of processor time; the machine was too slow`,
};
