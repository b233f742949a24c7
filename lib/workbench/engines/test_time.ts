/**
 * A timeline: lets virtual time pass as far as somebody waits for it. Where something that is waited for is over, time stands still
 * until whoever has waited has gone on.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { VirtualClock } from "../world/clock.ts";
import { guard } from "../world/hosts/guard/guard.ts";
import { timeStandsStill, watchTime } from "../world/standstill.ts";

/** Virtual time, for a test. */
export interface Timeline {
  /**
   * Lets time pass; all that is due by then happens.
   *
   * @param duration Milliseconds.
   * @throws {RangeError} It is not 0 or more.
   * @throws {Error} Something has failed: by {@linkcode Timeline.fail}, or by what {@linkcode guard} has found.
   */
  pass(duration: number): Promise<void>;
  /**
   * Begins something now, and lets time pass until it has settled.
   *
   * @throws {Error} Something has failed, as for {@linkcode Timeline.pass}.
   * @throws What it rejects with.
   */
  until<T>(begin: () => Promise<T>): Promise<T>;
  /** From now on, all that is waited for fails with this error; the first one stays. */
  fail(error: Error): void;
}

/** Something that is waited for. */
interface Wait {
  /** When it is over at the latest, ms. */
  deadline: number;
  over: boolean;
  /** Tells whoever waits what has come of it. */
  settle(): void;
  reject(error: Error): void;
}

/**
 * Opens a timeline.
 *
 * @param maxAtOnce So many events without any time passing between them are taken for no end of them; 5 million by default.
 */
export function createTestTime(clock: VirtualClock, maxAtOnce?: number): Timeline {
  const waits = new Set<Wait>();
  let failure: Error | undefined;
  /** Whether something is over that nobody has been told of. */
  let news = false;
  let passing = false;

  function fail(error: unknown): void {
    failure ??= error as Error;
  }

  async function drive(): Promise<void> {
    passing = true;
    // Whoever waits may have more to do before time passes.
    await turn();
    while (waits.size > 0) {
      if (failure === undefined) await advance().catch(fail);
      news = false;
      for (const wait of waits) {
        if (failure === undefined && !wait.over) continue;
        waits.delete(wait);
        if (failure === undefined) wait.settle();
        else wait.reject(failure);
      }
      await turn();
    }
    passing = false;
  }

  /** Lets time pass until something is over, or has failed. */
  async function advance(): Promise<void> {
    const standsStill = watchTime(clock, maxAtOnce);
    const release = guard(({ message }) => fail(new Error(message)));
    try {
      await clock.run(() => {
        if (standsStill()) throw new Error(timeStandsStill(clock).message);
        return failure !== undefined || news || clock.next > firstDeadline(waits);
      });
      if (failure !== undefined || news) return;
      const deadline = firstDeadline(waits);
      await clock.run(deadline);
      for (const wait of waits) wait.over ||= wait.deadline <= deadline;
    } finally {
      release();
    }
  }

  function add(wait: Wait): void {
    waits.add(wait);
    if (!passing) void drive();
  }

  return {
    pass(duration) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (duration >= 0 && duration < Infinity) {
        add({ deadline: clock.now() + duration, over: false, settle: resolve, reject });
      } else reject(new RangeError(`Cannot let ${duration} ms pass: expected 0 or more`));
      return promise;
    },
    until<T>(begin: () => Promise<T>) {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const wait: Wait = { deadline: Infinity, over: false, settle() {}, reject };
      const finish = (settle: () => void) => {
        wait.settle = settle;
        wait.over = true;
        news = true;
      };
      begin().then((value) => finish(() => resolve(value)), (error) => finish(() => reject(error)));
      add(wait);
      // Whoever does not look at it yet may do so later; and a failure is told to all that is waited for, now and later.
      promise.catch(() => {});
      return promise;
    },
    fail,
  };
}

function firstDeadline(waits: Iterable<Wait>): number {
  let first = Infinity;
  for (const { deadline } of waits) first = Math.min(first, deadline);
  return first;
}

/** Fulfilled when all promises that can settle have. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
