/**
 * Time as the workbench knows it: milliseconds since the test began. Everything in the workbench that waits or asks the time does
 * so through a {@linkcode Clock}, so that the same code runs in real and in virtual time.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import TinyQueue from "tinyqueue";

/** What {@linkcode Clock.cancel} takes. */
export type Timer = unknown;

/** A source of time and timers. */
export interface Clock {
  /** Milliseconds since the test began, with a fraction. Never goes back. */
  now(): number;
  /**
   * Calls `callback` once, at time `at`, or as soon as may be if that is past: never before `schedule` has returned. Of two callbacks
   * the one due earlier goes first; at the same time, the one scheduled first.
   */
  schedule(at: number, callback: () => void): Timer;
  /** Calls off what `schedule` returned; one that has run is ignored. */
  cancel(timer: Timer): void;
  /** Resolves after `delay` milliseconds, or rejects with the signal's reason. */
  sleep(delay: number, signal?: AbortSignal): Promise<void>;
}

/** A callback that is due at a time. */
interface Event {
  at: number;
  sequence: number;
  /** Undefined once it has run or was called off. */
  callback: (() => void) | undefined;
}

function byTime(a: Event, b: Event): number {
  return a.at - b.at || a.sequence - b.sequence;
}

/** What is due when: a queue by time, and by order of scheduling among what is due at the same time. */
class Agenda {
  #queue = new TinyQueue<Event>([], byTime);
  #sequence = 0;
  #cancelled = 0;

  add(at: number, callback: () => void): Event {
    const event = { at, sequence: this.#sequence++, callback };
    this.#queue.push(event);
    return event;
  }

  /** An event that is called off stays in the queue until its time comes, or until such events are the majority there. */
  cancel(timer: Timer): void {
    const event = timer as Event;
    if (event.callback === undefined) return;
    event.callback = undefined;
    if (++this.#cancelled * 2 > this.#queue.length) this.#sweep();
  }

  /** The time of the next event, `Infinity` where there is none. */
  next(): number {
    for (let head = this.#queue.peek(); head !== undefined; head = this.#queue.peek()) {
      if (head.callback !== undefined) return head.at;
      this.#queue.pop();
      this.#cancelled--;
    }
    return Infinity;
  }

  /** Takes the next event off, to be run; to be called only after {@linkcode Agenda.next} has found one. */
  take(): () => void {
    const event = this.#queue.pop()!;
    const callback = event.callback!;
    event.callback = undefined;
    return callback;
  }

  #sweep(): void {
    const live = this.#queue.data.filter(({ callback }) => callback !== undefined);
    this.#queue = new TinyQueue(live, byTime);
    this.#cancelled = 0;
  }
}

function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clock.cancel(timer);
      reject(signal!.reason);
    };
    const timer = clock.schedule(clock.now() + delay, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** The time of day, counted from when the clock was made. One timer of the runtime serves all that is scheduled. */
export class RealClock implements Clock {
  /** When the clock was made. */
  readonly started: Date = new Date();
  readonly #origin = performance.now();
  readonly #agenda = new Agenda();
  /** When the runtime's timer goes off. */
  #armed = Infinity;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  now(): number {
    return performance.now() - this.#origin;
  }

  schedule(at: number, callback: () => void): Timer {
    const event = this.#agenda.add(at, callback);
    if (at < this.#armed) this.#arm();
    return event;
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer);
    // With nothing left to wait for, the process may end.
    if (this.#agenda.next() === Infinity) this.#arm();
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  #arm(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    this.#armed = this.#agenda.next();
    if (this.#armed === Infinity) return;
    const wait = this.#armed - this.now();
    // Timers of the runtime go in steps of a millisecond; what is due now should not wait for one.
    if (wait <= 0) setImmediate(() => this.#run());
    else this.#timeout = setTimeout(() => this.#run(), wait);
  }

  #run(): void {
    const now = this.now();
    this.#armed = -Infinity;
    try {
      while (this.#agenda.next() <= now) this.#agenda.take()();
    } finally {
      this.#arm();
    }
  }
}

/**
 * Time that stands still while anything happens, and jumps to the next event when nothing does. Twenty seconds pass in as long as
 * the events take.
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
  readonly #agenda = new Agenda();
  #now = 0;

  now(): number {
    return this.#now;
  }

  schedule(at: number, callback: () => void): Timer {
    return this.#agenda.add(Math.max(at, this.#now), callback);
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer);
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  /**
   * Lets time pass.
   *
   * @param until A time to stop at, ms (which is then the time, even if nothing happens then); or a condition, asked after every event.
   *   By default, goes on until nothing is scheduled any more.
   */
  async run(until: number | (() => boolean) = Infinity): Promise<void> {
    const end = typeof until === "number" ? until : Infinity;
    const done = typeof until === "function" ? until : () => false;
    await settle();
    while (!done() && this.#agenda.next() <= end && this.#agenda.next() !== Infinity) await this.step();
    if (end !== Infinity) this.#now = Math.max(this.#now, end);
  }

  /** Moves to the next event, runs it, and lets the promises that it settled run their course. Does nothing where there is none. */
  async step(): Promise<void> {
    const at = this.#agenda.next();
    if (at === Infinity) return;
    this.#now = at;
    this.#agenda.take()();
    await settle();
  }
}

/** Resolves when all microtasks have run, those that they start included: the runtime takes up immediates only then. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
