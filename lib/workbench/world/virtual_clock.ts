/**
 * Clock of virtual time.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Agenda, type ScheduledCallback } from "./agenda.ts";
import { type Clock, sleep, type Timer } from "./clock.ts";

/**
 * Clock of a simulation. Time stands still while code runs, and jumps to the next scheduled callback.
 *
 * It advances only in {@linkcode VirtualClock.run}, `step` and `drive`. After each callback, all promises
 * that can settle do so before the next one. Code under this clock must not wait for anything but the clock, and its
 * promises must not settle each other for ever.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VirtualClock } from "./virtual_clock.ts";
 *
 * const clock = new VirtualClock();
 * const times: number[] = [];
 * (async () => {
 *   for (let i = 0; i < 3; i++) {
 *     await clock.sleep(1000);
 *     times.push(clock.now());
 *   }
 * })();
 * await clock.run(60_000);
 * assertEquals(times, [1000, 2000, 3000]);
 * assertEquals(clock.now(), 60_000);
 * ```
 */
export class VirtualClock implements Clock {
  readonly lateness = 0;
  readonly #agenda = new Agenda();
  readonly #onSettled: () => void;
  #now = 0;
  #running = false;

  /** @param onSettled Called after each callback, when the promise callbacks that follow it have run. */
  constructor(onSettled: () => void = () => {}) {
    this.#onSettled = onSettled;
  }

  now(): number {
    return this.#now;
  }

  /** Time of the next callback; Infinity if there is none. */
  get next(): number {
    return this.#agenda.first()?.at ?? Infinity;
  }

  schedule(at: number, callback: () => void): Timer {
    return this.#agenda.add(Math.max(at, this.#now), callback);
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer as ScheduledCallback);
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  /**
   * Jumps to the next callback, runs it, and lets promises settle.
   *
   * @returns False if nothing was scheduled.
   * @throws The error of the callback.
   */
  step(): Promise<boolean> {
    let steps = 0;
    let ran = false;
    return this.#runUntil(() => {
      if (steps++ > 0) return true;
      ran = this.runNext(Infinity);
      return false;
    }).then(() => ran);
  }

  /**
   * Runs callbacks, one after another.
   *
   * @param until Time to stop at, ms: it runs all callbacks up to it, and the clock ends there. Or a condition, checked
   *   before each callback. By default it runs until nothing is scheduled.
   * @throws {Error} The condition does not hold, and nothing is scheduled.
   * @throws The error of a callback; the other callbacks stay scheduled.
   */
  run(until?: number | (() => boolean)): Promise<void> {
    if (typeof until === "function") {
      return this.#runUntil(() => {
        if (until()) return true;
        if (this.runNext(Infinity)) return false;
        throw new Error(`Cannot continue: nothing is scheduled after ${this.#now} ms`);
      });
    }
    return this.#runUntil(() => {
      if (this.runNext(until ?? Infinity)) return false;
      this.#now = Math.max(this.#now, until ?? 0);
      return true;
    });
  }

  /**
   * Runs callbacks until a promise settles.
   *
   * @returns What it is fulfilled with.
   * @throws What it is rejected with, or the error of a callback.
   * @throws {Error} It is pending, and nothing is scheduled.
   */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = () => void (isSettled = true);
    promise.then(note, note);
    await this.run(() => isSettled);
    return await promise;
  }

  /**
   * Calls `turn` until it returns "end", each time after all promises that can settle have done so. A turn moves the
   * clock by {@linkcode VirtualClock.runNext} or {@linkcode VirtualClock.skipTo}, or not at all.
   *
   * @param turn Returns "pause" to be called after a turn of the event loop: unhandled rejections are reported then.
   * @throws The error of a turn.
   */
  drive(turn: () => "next" | "pause" | "end"): Promise<void> {
    if (this.#running) return Promise.reject(new Error("Cannot run the clock: it is running already"));
    this.#running = true;
    return new Promise<void>((resolve, reject) => {
      const runTurns = () => {
        const runMicrotasks = findRunMicrotasks();
        try {
          this.#onSettled();
          for (let count = 1;; count++) {
            const result = turn();
            if (result === "end") return resolve();
            if (result === "pause" || runMicrotasks === undefined || count === CALLBACKS_PER_TURN) {
              setImmediate(runTurns);
              return;
            }
            runMicrotasks();
            this.#onSettled();
          }
        } catch (error) {
          setImmediate(() => reject(error));
        }
      };
      // All microtasks run before this.
      setImmediate(runTurns);
    }).finally(() => {
      this.#running = false;
      this.#onSettled();
    });
  }

  /** Runs the next callback; returns false if there is none up to `until`. Only for {@linkcode VirtualClock.drive}. */
  runNext(until: number): boolean {
    const first = this.#agenda.first();
    if (first === undefined || first.at > until) return false;
    this.#now = first.at;
    this.#agenda.take()();
    return true;
  }

  /**
   * Moves the clock to a time without running anything.
   *
   * @throws {RangeError} The time is past, or something is scheduled before it.
   */
  skipTo(time: number): void {
    if (!(time >= this.#now && time <= this.next)) {
      throw new RangeError(`Cannot skip to ${time} ms: expected ${this.#now} to ${this.next}`);
    }
    this.#now = time;
  }

  /** Drives the clock until a turn returns true and unhandled rejections have been reported. */
  #runUntil(turn: () => boolean): Promise<void> {
    let isDone = false;
    return this.drive(() => {
      if (isDone) return "end";
      isDone = turn();
      return isDone ? "pause" : "next";
    });
  }
}

/** Number of callbacks after which the event loop gets a turn, for signals such as Ctrl-C. */
const CALLBACKS_PER_TURN = 1000;

/**
 * Finds a function that runs all microtasks at once. It takes a tenth of the time of a turn of the event loop. As it is
 * not an official part of Deno, it is tested before use.
 *
 * @returns Undefined if there is none that works.
 */
function findRunMicrotasks(): (() => void) | undefined {
  type Internals = { core?: { runMicrotasks?: () => void } };
  const { Deno: deno } = globalThis as unknown as { Deno?: { internal: symbol } & Record<symbol, Internals> };
  const run = deno?.[deno.internal]?.core?.runMicrotasks;
  if (run === undefined) return undefined;
  let settled = false;
  Promise.resolve().then(() => {}).then(() => settled = true);
  run();
  return settled ? run : undefined;
}
