/**
 * Virtual time for a unit test: it passes only while the test waits for something, and stands still while the test
 * computes.
 *
 * 1. The test starts to wait: for a duration, or for a promise.
 * 2. In the next turn of the event loop the clock runs until the first wait is over.
 * 3. It pauses, so that rejections that nothing handles are reported, and then the waits that are over settle.
 * 4. When the test has reacted to that, and perhaps started to wait for more, steps 2 and 3 repeat.
 *
 * @module
 */

import type { VirtualClock } from "../world/virtual_clock.ts";
import { guardWait } from "../world/hosts/guard/guard.ts";
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
  /** The first deadline of all waits, ms; Infinity if there is none. */
  deadline: number;
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
    deadline: Infinity,
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
  state.deadline = Math.min(state.deadline, wait.deadline);
  if (!state.isRunning) void runWhileWaited(state);
}

function fail(state: State, error: Error): void {
  state.failure ??= error;
}

/** Steps 2 to 4: lets time pass while there are waits. */
async function runWhileWaited(state: State): Promise<void> {
  state.isRunning = true;
  await state.ready?.catch((error) => fail(state, error));
  const release = guardWait();
  while (state.waits.size > 0) await state.clock.drive(createTurn(state));
  release();
  state.isRunning = false;
}

/** Creates the function that the clock calls in each turn. */
function createTurn(state: State): () => "next" | "pause" | "end" {
  const { clock, waits } = state;
  const isLivelock = createLivelockDetector(clock, state.maxAtOnce);
  let hasPaused = false;
  return () => {
    if (waits.size === 0) return "end";
    const isOver = state.failure !== undefined || state.promiseSettled || clock.next > state.deadline;
    if (isOver && !hasPaused) {
      hasPaused = true;
      return "pause";
    }
    hasPaused = false;
    if (isOver) endWaits(state);
    else if (isLivelock()) fail(state, new Error(describeLivelock(clock).message));
    else runNext(state);
    return "next";
  };
}

function runNext(state: State): void {
  const { clock } = state;
  try {
    if (clock.runNext(Infinity)) return;
    fail(state, new Error(`Cannot continue: nothing is scheduled after ${clock.now()} ms`));
  } catch (error) {
    fail(state, error as Error);
  }
}

/** Settles the waits that are over; after a failure, rejects all. */
function endWaits(state: State): void {
  const { clock, waits, failure, deadline } = state;
  // If a promise has settled, the test may still do something before the deadline.
  const isDeadline = failure === undefined && !state.promiseSettled;
  if (isDeadline) clock.skipTo(deadline);
  state.promiseSettled = false;
  state.deadline = Infinity;
  for (const wait of waits) {
    if (failure !== undefined || wait.isOver || (isDeadline && wait.deadline <= deadline)) {
      waits.delete(wait);
      if (failure === undefined) wait.settle();
      else wait.reject(failure);
    } else state.deadline = Math.min(state.deadline, wait.deadline);
  }
}
