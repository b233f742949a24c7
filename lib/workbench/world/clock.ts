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
   * Calls `callback` once, at time `at`, or as soon as may be if that is past: never before `schedule` has returned. Of two
   * callbacks the one due earlier goes first; at the same time, the one scheduled first.
   *
   * @throws {RangeError} The time is not a finite number.
   */
  schedule(at: number, callback: () => void): Timer;
  /** Calls off what `schedule` returned; one that has run is ignored. */
  cancel(timer: Timer): void;
  /** Resolves after `delay` milliseconds, or rejects with the signal's reason. */
  sleep(delay: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The time of the machine, from 0 at the clock's making.
 *
 * `setTimeout` is late by a millisecond or two. The clock therefore sets it early, and passes what is left in turns of the event
 * loop. That may cost up to {@linkcode SPIN_SHARE} of a core; where it would cost more, callbacks are late instead.
 *
 * While nothing is scheduled, the clock keeps no process alive.
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
  readonly #origin = performance.now();
  readonly #agenda = new Agenda();
  #timeout: ReturnType<typeof setTimeout> | undefined;
  /** When the clock wakes; -Infinity while it is awake, or will be in the next turn. */
  #wakes = Infinity;
  /** When the present spin began. */
  #spinSince: number | undefined;
  /** How long all spins have taken. */
  #spun = 0;

  now(): number {
    return performance.now() - this.#origin;
  }

  schedule(at: number, callback: () => void): Timer {
    const event = this.#agenda.add(Math.max(at, this.now()), callback);
    if (event.at < this.#wakes) this.#arm();
    return event;
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer as Event);
    if (this.#agenda.first() === undefined && this.#timeout !== undefined) this.#arm();
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  /** Sees to it that the clock wakes for the first event. */
  #arm(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
    const first = this.#agenda.first();
    this.#wakes = first?.at ?? Infinity;
    if (first === undefined) return;
    const now = this.now();
    const wait = first.at - now;
    const spin = wait > 0 && wait < SPIN && this.#spun < now * SPIN_SHARE;
    if (wait <= 0 || spin) {
      this.#wakes = -Infinity;
      this.#spinSince = spin ? now : undefined;
      setImmediate(() => this.#wake());
    } else {
      this.#timeout = setTimeout(() => this.#wake(), Math.min(Math.max(1, Math.floor(wait) - 1), MAX_TIMEOUT));
    }
  }

  /** Runs what is due. What that schedules is due later, so reading and writing has its turns in between. */
  #wake(): void {
    const now = this.now();
    this.#wakes = -Infinity;
    if (this.#spinSince !== undefined) this.#spun += now - this.#spinSince;
    this.#spinSince = undefined;
    try {
      while ((this.#agenda.first()?.at ?? Infinity) <= now) this.#agenda.take()();
    } finally {
      this.#arm();
    }
  }
}

/** The longest wait that a {@linkcode RealClock} passes in turns of the event loop, ms: setTimeout takes no less. */
const SPIN = 2;
/** The share of its time that a {@linkcode RealClock} may spend so. */
const SPIN_SHARE = 0.05;
/** The longest that setTimeout can wait, ms. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * Time that stands still while anything happens, and jumps to the next event when nothing does: a day takes as long as what happens
 * in it.
 *
 * It passes in {@linkcode VirtualClock.run} and {@linkcode VirtualClock.step}. After each callback all promises that can settle do
 * so before time goes on; whatever runs under this clock must wait for nothing but the clock. Promises that settle each other without end
 * keep it from ever returning.
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
  readonly #onSettled: () => void;
  #now = 0;
  #running = false;

  /** @param onSettled Is told after each event, when all that it has set off has settled. */
  constructor(onSettled: () => void = () => {}) {
    this.#onSettled = onSettled;
  }

  now(): number {
    return this.#now;
  }

  /** When the next event is due; Infinity where nothing is scheduled. */
  get next(): number {
    return this.#agenda.first()?.at ?? Infinity;
  }

  schedule(at: number, callback: () => void): Timer {
    return this.#agenda.add(Math.max(at, this.#now), callback);
  }

  cancel(timer: Timer): void {
    this.#agenda.cancel(timer as Event);
  }

  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    return sleep(this, delay, signal);
  }

  /**
   * Moves to the next event, runs it, and lets promises settle.
   *
   * @returns Whether there was one.
   * @throws What the callback throws.
   */
  step(): Promise<boolean> {
    let steps = 0;
    let ran = false;
    return this.#eachTurn(() => {
      if (steps++ > 0) return true;
      ran = this.#runNext(Infinity);
      return false;
    }).then(() => ran);
  }

  /**
   * Lets time pass.
   *
   * @param until A time to stop at, ms: everything due by then is run, and it is then that time. Or a condition, asked after every
   *   event. Without it, time passes until nothing is scheduled any more.
   * @throws {Error} Nothing is scheduled any more, and the condition does not hold.
   * @throws What a callback throws; the events that are left can still be run.
   */
  run(until?: number | (() => boolean)): Promise<void> {
    if (typeof until === "function") {
      return this.#eachTurn(() => {
        if (until()) return true;
        if (this.#runNext(Infinity)) return false;
        throw new Error(`Cannot go on: nothing is scheduled after ${this.#now} ms`);
      });
    }
    return this.#eachTurn(() => {
      if (this.#runNext(until ?? Infinity)) return false;
      this.#now = Math.max(this.#now, until ?? 0);
      return true;
    });
  }

  /** Runs the next event if it is due by `until`, and says whether it did. */
  #runNext(until: number): boolean {
    const first = this.#agenda.first();
    if (first === undefined || first.at > until) return false;
    this.#now = first.at;
    this.#agenda.take()();
    return true;
  }

  /** Calls `turn` again and again until it says that it was the last, each time when all promises that can settle have. */
  #eachTurn(turn: () => boolean): Promise<void> {
    if (this.#running) return Promise.reject(new Error("Cannot run the clock: it is running already"));
    this.#running = true;
    return new Promise<void>((resolve, reject) => {
      const go = () => {
        const settlePromises = findSettlePromises();
        try {
          this.#onSettled();
          for (let count = 1; !turn(); count++) {
            if (settlePromises === undefined || count === TURNS) return void setImmediate(go);
            settlePromises();
            this.#onSettled();
          }
          // Rejections that nobody handles are told of when the turn of the event loop ends.
          setImmediate(resolve);
        } catch (error) {
          setImmediate(() => reject(error));
        }
      };
      // Microtasks, however long their chain, come before this.
      setImmediate(go);
    }).finally(() => {
      this.#running = false;
      this.#onSettled();
    });
  }
}

/** After so many events the event loop has its turn, for a Ctrl-C and the like. */
const TURNS = 1000;

/**
 * What has all promises settle that can, within a turn of the event loop and in a tenth of its time. It is no official part of Deno: so
 * it is tried first, and where it does not do what it should, there is undefined.
 */
function findSettlePromises(): (() => void) | undefined {
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

/** One callback, and when it is due. */
interface Event {
  at: number;
  sequence: number;
  /** Undefined once it has run or was called off. */
  callback: (() => void) | undefined;
}

/** What is due when: a queue by time, and by order of scheduling among what is due at the same time. */
class Agenda {
  #queue = new TinyQueue<Event>([], inOrder);
  #cancelled = 0;
  #sequence = 0;

  add(at: number, callback: () => void): Event {
    if (!Number.isFinite(at)) throw new RangeError(`Cannot schedule: expected a time in ms, got ${at}`);
    const event = { at, sequence: this.#sequence++, callback };
    this.#queue.push(event);
    return event;
  }

  /** The next event. */
  first(): Event | undefined {
    let first = this.#queue.peek();
    while (first !== undefined && first.callback === undefined) {
      this.#queue.pop();
      this.#cancelled--;
      first = this.#queue.peek();
    }
    return first;
  }

  /** Takes off the event that {@linkcode Agenda.first} has found. */
  take(): () => void {
    const event = this.#queue.pop()!;
    const callback = event.callback!;
    event.callback = undefined;
    return callback;
  }

  /** An event that is called off stays in the queue until its time comes, or until such events are the majority there. */
  cancel(event: Event): void {
    if (event.callback === undefined) return;
    event.callback = undefined;
    if (++this.#cancelled * 2 > this.#queue.length) this.#sweep();
  }

  #sweep(): void {
    const live = this.#queue.data.filter(({ callback }) => callback !== undefined);
    this.#queue = new TinyQueue(live, inOrder);
    this.#cancelled = 0;
  }
}

function inOrder(a: Event, b: Event): number {
  return a.at - b.at || a.sequence - b.sequence;
}
