/**
 * Clocks. All code of the workbench that reads the time or waits does so through a {@linkcode Clock}, so that it runs
 * in real and in virtual time. Times are milliseconds since the test began.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import TinyQueue from "tinyqueue";

/** Scheduled callback, for {@linkcode Clock.cancel}. */
export type Timer = unknown;

/** Source of time and timers. */
export interface Clock {
  /**
   * Time by which callbacks may be late although the test is not to blame, ms: 0 in virtual time. A machine's timers
   * are coarse, and its processes wait for each other.
   */
  readonly lateness: number;
  /** Returns milliseconds since the test began, with a fraction. Never goes back. */
  now(): number;
  /**
   * Calls `callback` once, at time `at`, or as soon as possible if that is past, but not before `schedule` has
   * returned. Callbacks run in the order of their times; those of the same time, in the order of scheduling.
   *
   * @throws {RangeError} The time is not finite.
   */
  schedule(at: number, callback: () => void): Timer;
  /** Cancels a scheduled callback. Has no effect after it has run. */
  cancel(timer: Timer): void;
  /** Resolves after `delay` milliseconds; rejects with the signal's reason if that is aborted before. */
  sleep(delay: number, signal?: AbortSignal): Promise<void>;
}

/**
 * Clock of the machine. It starts at 0 when it is created.
 *
 * `setTimeout` is late by a millisecond or two. So the clock sets it early, and spins through turns of the event loop
 * for the rest. Spinning takes at most {@linkcode SPIN_SHARE} of a core; beyond that, callbacks are late. But
 * scheduling a callback also wakes the clock for those that are due: under load, that happens all the time. Callbacks
 * that are due when they are scheduled run in the same turn of the event loop, if possible.
 *
 * A clock without scheduled callbacks does not keep the process alive.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { RealClock } from "./clock.ts";
 *
 * const clock = new RealClock();
 * const before = clock.now();
 * await clock.sleep(2);
 * assert(clock.now() - before >= 2);
 * ```
 */
export class RealClock implements Clock {
  readonly lateness = LATENESS;
  readonly #origin = performance.now();
  readonly #agenda = new Agenda();
  /** Time that was read last. */
  #latest = 0;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  /** Time of the timeout; Infinity if there is none. */
  #timeoutAt = Infinity;
  /** Time at which the clock wakes up; -Infinity while it is awake or wakes as soon as possible. */
  #wakesAt = Infinity;
  /** Number of times that it woke up for callbacks that were due at once. */
  #wakes = 0;
  /** Start of the current spin. */
  #spinSince: number | undefined;
  /** Total time of all spins, ms. */
  #spun = 0;

  now(): number {
    return this.#latest = performance.now() - this.#origin;
  }

  schedule(at: number, callback: () => void): Timer {
    // The latest time that anyone has read will do: reading it again takes a large part of what a message costs.
    const entry = this.#agenda.add(Math.max(at, this.#latest), callback);
    if (entry.at < this.#wakesAt || (this.#wakesAt > -Infinity && this.#isDue())) this.#arm();
    return entry;
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer as ScheduledCallback);
    if (this.#timeoutAt < Infinity && this.#agenda.first() === undefined) this.#arm();
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  /** True if a callback is due. */
  #isDue(): boolean {
    return this.#agenda.first()!.at <= this.#latest;
  }

  /** Makes the clock wake up for the next callback. */
  #arm(): void {
    const first = this.#agenda.first();
    this.#wakesAt = first?.at ?? Infinity;
    if (first === undefined) return this.#setTimeout(Infinity);
    const now = this.now();
    const wait = first.at - now;
    const spin = wait > 0 && wait < SPIN && this.#spun < now * SPIN_SHARE;
    if (wait <= 0 || spin) {
      this.#wakesAt = -Infinity;
      this.#spinSince = spin ? now : undefined;
      // A microtask is soonest. But the event loop must get its turns, too, whatever the callbacks schedule.
      const isTurn = spin || ++this.#wakes % WAKES_PER_TURN === 0;
      (isTurn ? setImmediate : queueMicrotask)(() => this.#wake());
    } else {
      this.#setTimeout(now + Math.min(Math.max(1, Math.floor(wait) - 1), MAX_TIMEOUT));
    }
  }

  /**
   * Sets the timeout to a time; Infinity for none. If it is set for an earlier time, it stays so: waking up once too
   * often costs less than setting it anew for each request.
   */
  #setTimeout(at: number): void {
    if (at < Infinity && this.#timeoutAt <= at) return;
    clearTimeout(this.#timeout);
    this.#timeoutAt = at;
    if (at < Infinity) this.#timeout = setTimeout(() => this.#onTimeout(), at - this.#latest);
  }

  #onTimeout(): void {
    this.#timeoutAt = Infinity;
    // Otherwise it is about to wake anyway.
    if (this.#wakesAt > -Infinity) this.#wake();
  }

  /** Runs all callbacks that are due. Those they schedule run later, in order with the promise callbacks. */
  #wake(): void {
    const now = this.now();
    this.#wakesAt = -Infinity;
    if (this.#spinSince !== undefined) this.#spun += now - this.#spinSince;
    this.#spinSince = undefined;
    const { scheduled } = this.#agenda;
    try {
      for (let next = this.#agenda.first(); next !== undefined && next.at <= now; next = this.#agenda.first()) {
        if (next.sequence >= scheduled) break;
        this.#agenda.take()();
      }
    } finally {
      this.#arm();
    }
  }
}

/** {@linkcode Clock.lateness} of a machine: a timer, a collection of garbage, the turns of other processes. */
const LATENESS = 50;
/** Largest number of times that a {@linkcode RealClock} wakes up in one turn of the event loop. */
const WAKES_PER_TURN = 100;
/** Longest spin of a {@linkcode RealClock}, ms. `setTimeout` is not accurate enough for less. */
const SPIN = 2;
/** Share of a {@linkcode RealClock}'s time that it may spin. */
const SPIN_SHARE = 0.25;
/** Longest delay of `setTimeout`, ms. */
const MAX_TIMEOUT = 2 ** 31 - 1;

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
 * import { VirtualClock } from "./clock.ts";
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

function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clock.cancel(timer);
      reject(signal!.reason);
    };
    const timer = clock.schedule(clock.now() + delay, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Scheduled callback. */
interface ScheduledCallback {
  at: number;
  /** Order of scheduling. */
  sequence: number;
  /** Undefined after it has run or was cancelled. */
  callback: (() => void) | undefined;
}

/** Scheduled callbacks, by time and then by order of scheduling. */
class Agenda {
  /** Heap. Cancelled entries stay in it until they are the first, or more than half. */
  #queue = new TinyQueue<ScheduledCallback>([], inOrder);
  /** Number of cancelled entries in the queue. */
  #cancelled = 0;
  #nextSequence = 0;

  add(at: number, callback: () => void): ScheduledCallback {
    if (!Number.isFinite(at)) throw new RangeError(`Cannot schedule: expected a time in ms, got ${at}`);
    const entry = { at, sequence: this.#nextSequence++, callback };
    this.#queue.push(entry);
    return entry;
  }

  /** Number of entries so far: the sequence of the next one. */
  get scheduled(): number {
    return this.#nextSequence;
  }

  /** Returns the next entry, and removes the cancelled ones before it. */
  first(): ScheduledCallback | undefined {
    let first = this.#queue.peek();
    while (first !== undefined && first.callback === undefined) {
      this.#queue.pop();
      this.#cancelled--;
      first = this.#queue.peek();
    }
    return first;
  }

  /** Removes the entry that {@linkcode Agenda.first} has returned; returns its callback. */
  take(): () => void {
    const entry = this.#queue.pop()!;
    const callback = entry.callback!;
    entry.callback = undefined;
    return callback;
  }

  cancel(entry: ScheduledCallback): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    if (++this.#cancelled * 2 > this.#queue.length) this.#sweep();
  }

  /** Removes all cancelled entries from the queue. */
  #sweep(): void {
    const live = this.#queue.data.filter(({ callback }) => callback !== undefined);
    this.#queue = new TinyQueue(live, inOrder);
    this.#cancelled = 0;
  }
}

function inOrder(a: ScheduledCallback, b: ScheduledCallback): number {
  return a.at - b.at || a.sequence - b.sequence;
}
