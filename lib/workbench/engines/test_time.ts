/**
 * Virtual time for a unit test: it passes only while the test waits for something, and stands still while the test
 * computes.
 *
 * 1. The test starts to wait: for a duration, or for a promise.
 * 2. In the next turn of the event loop the clock runs until the first wait is over.
 * 3. The waits that are over settle, and the clock stops for a turn, so that the test can start more.
 * 4. Steps 2 and 3 repeat while there are waits.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { VirtualClock } from "../world/clock.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { createLivelockDetector, describeLivelock } from "../world/livelock.ts";

/** Virtual time, as a test controls it. */
export interface TestTime {
  /**
   * Lets time pass. Every event that is due by the end of the duration happens.
   *
   * @param duration Milliseconds.
   * @throws {RangeError} The duration is negative or not finite.
   * @throws {Error} A failure: see {@linkcode TestTime.fail}.
   */
  pass(duration: number): Promise<void>;
  /**
   * Calls `start` now, or when the time is ready, and lets time pass until its promise has settled.
   *
   * @throws {Error} A failure: see {@linkcode TestTime.fail}.
   * @throws What the promise rejects with.
   */
  until<T>(start: () => Promise<T>): Promise<T>;
  /**
   * Makes every present and future wait reject with this error. Only the first failure counts. A livelock is a failure
   * too.
   */
  fail(error: Error): void;
}

/** One thing that the test waits for. */
interface Wait {
  /** Time at which it is over, ms; Infinity if only a promise ends it. */
  deadline: number;
  isOver: boolean;
  /** Settles the test's promise; called once, after `isOver` has become true. */
  settle(): void;
  reject(error: Error): void;
}

interface State {
  clock: VirtualClock;
  maxAtOnce: number | undefined;
  /** Waits that have not settled. */
  waits: Set<Wait>;
  /** The first failure. Once set, it stays. */
  failure: Error | undefined;
  /** True if a promise that the test waits for has settled since the clock last stopped. */
  promiseSettled: boolean;
  /** True while {@linkcode runWhileWaited} runs; it never runs twice at once. */
  isRunning: boolean;
  /** No time passes before this has settled. Undefined if there is nothing to wait for. */
  ready: Promise<void> | undefined;
}

/**
 * Creates the time of one test.
 *
 * @param ready No time passes before this has settled. If it rejects, that is a failure.
 * @param maxAtOnce Number of events at one instant that counts as a livelock; 5 million by default.
 */
export function createTestTime(
  clock: VirtualClock,
  { ready, maxAtOnce }: { ready?: Promise<void>; maxAtOnce?: number } = {},
): TestTime {
  const state: State = {
    clock,
    maxAtOnce,
    waits: new Set(),
    failure: undefined,
    promiseSettled: false,
    isRunning: false,
    ready,
  };
  // It is a failure, not an unhandled rejection.
  ready?.catch(() => {});
  return {
    pass: (duration) => waitForDuration(state, duration),
    until: (start) => waitForPromise(state, ready === undefined ? start() : ready.then(start)),
    fail: (error) => fail(state, error),
  };
}

function waitForDuration(state: State, duration: number): Promise<void> {
  if (!(duration >= 0 && duration < Infinity)) {
    return Promise.reject(new RangeError(`Cannot let ${duration} ms pass: expected 0 or more`));
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  addWait(state, { deadline: state.clock.now() + duration, isOver: false, settle: resolve, reject });
  return promise;
}

function waitForPromise<T>(state: State, started: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const wait: Wait = { deadline: Infinity, isOver: false, settle() {}, reject };
  const end = (settle: () => void) => {
    wait.settle = settle;
    wait.isOver = true;
    state.promiseSettled = true;
  };
  started.then((value) => end(() => resolve(value)), (error) => end(() => reject(error)));
  addWait(state, wait);
  // The test may await it later. A failure is not lost: every later wait rejects with it.
  promise.catch(() => {});
  return promise;
}

function addWait(state: State, wait: Wait): void {
  state.waits.add(wait);
  if (!state.isRunning) void runWhileWaited(state);
}

function fail(state: State, error: Error): void {
  state.failure ??= error;
}

/** Steps 2 to 4: lets time pass while there are waits. */
async function runWhileWaited(state: State): Promise<void> {
  state.isRunning = true;
  await state.ready?.catch((error) => fail(state, error));
  await nextTurn();
  while (state.waits.size > 0) {
    if (state.failure === undefined) await runToFirstEnd(state).catch((error) => fail(state, error));
    state.promiseSettled = false;
    settleWaits(state);
    // After the last wait a test may end: nothing may be pending then, or Deno counts it as a leak.
    if (state.waits.size > 0) await nextTurn();
  }
  state.isRunning = false;
}

/** Runs the clock until a wait is over, or something has failed. */
async function runToFirstEnd(state: State): Promise<void> {
  const { clock, waits } = state;
  const isLivelock = createLivelockDetector(clock, state.maxAtOnce);
  const release = guard();
  const mustStop = () => state.failure !== undefined || state.promiseSettled;
  try {
    await clock.run(() => {
      if (isLivelock()) throw new Error(describeLivelock(clock).message);
      return mustStop() || clock.next > firstDeadline(waits);
    });
    if (mustStop()) return;
    // Nothing more happens by the first deadline: this moves the clock there.
    const deadline = firstDeadline(waits);
    await clock.run(deadline);
    for (const wait of waits) wait.isOver ||= wait.deadline <= deadline;
  } finally {
    release();
  }
}

/** Settles the waits that are over; after a failure, rejects all. */
function settleWaits({ waits, failure }: State): void {
  for (const wait of waits) {
    if (failure === undefined && !wait.isOver) continue;
    waits.delete(wait);
    if (failure === undefined) wait.settle();
    else wait.reject(failure);
  }
}

function firstDeadline(waits: Iterable<Wait>): number {
  let first = Infinity;
  for (const { deadline } of waits) first = Math.min(first, deadline);
  return first;
}

/** Resolves in the next turn of the event loop, when all promises that can settle have settled. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
