/**
 * Clock of real time.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Agenda, type ScheduledCallback } from "./agenda.ts";
import { type Clock, sleep, type Timer } from "./clock.ts";

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
 * import { RealClock } from "./real_clock.ts";
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
const SPIN_SHARE = 0.8;
/** Longest delay of `setTimeout`, ms. */
const MAX_TIMEOUT = 2 ** 31 - 1;
