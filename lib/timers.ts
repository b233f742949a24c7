/**
 * The timers of a node. They run on the host's clock, so the same program runs in real and in virtual time.
 *
 * @module
 */

import type { Host } from "./host.ts";

/**
 * Options for {@linkcode Node.every}.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const times: number[] = [];
 * const world = simulate({
 *   nodes: 1,
 *   program: (node) => void node.every(100, () => void times.push(node.now()), { jitter: 0.1 }),
 * });
 * await world.run(1050);
 * assertAlmostEquals(times.length, 10, 1);
 * ```
 */
export interface EveryOptions {
  /**
   * Share of the interval that is random, from 0 to 1, so that the nodes of a cluster do not all send at the same time.
   * Each wait is drawn from `interval · (1 − jitter)` to `interval · (1 + jitter)`.
   *
   * @default 0
   */
  jitter?: number;
}

/** The timers of one node. Those of `after` and `every` wait for {@linkcode Timers.start}; `sleep` does not. */
export class Timers {
  readonly #host: Host;
  readonly #onError: (thrown: unknown) => void;
  /** The host's timers that have not fired. */
  readonly #active = new Set<unknown>();
  /** Functions that {@linkcode Timers.start} calls. Undefined once it has. */
  #waiting: Set<() => void> | undefined = new Set();
  #stopped = false;

  /** @param onError Called with what a callback throws or rejects with. */
  constructor(host: Host, onError: (thrown: unknown) => void) {
    this.#host = host;
    this.#onError = onError;
  }

  /** Starts the timers that were set so far; later ones start at once. */
  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const begin of waiting) begin();
  }

  /** Cancels all timers; later ones never fire. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#active) this.#host.clearTimer(timer);
    this.#active.clear();
    this.#waiting?.clear();
  }

  /**
   * Calls `callback` once, `delay` ms after now or the start, whichever is later. Returns a function that cancels it.
   */
  after(delay: number, callback: () => void | Promise<void>): () => void {
    checkDelay(delay);
    let cancel = () => {};
    const cancelStart = this.#whenStarted(() => {
      cancel = this.#set(delay, () => void this.#run(callback));
    });
    return () => {
      cancelStart();
      cancel();
    };
  }

  /** Calls `callback` every `interval` ms unless its last promise is pending. Returns a function that cancels it. */
  every(interval: number, callback: () => void | Promise<void>, { jitter = 0 }: EveryOptions = {}): () => void {
    checkInterval(interval, jitter);
    let cancel = () => {};
    let pending = false;
    const setNext = () => {
      const wait = jitter === 0 ? interval : interval * (1 + jitter * (2 * this.#host.random() - 1));
      cancel = this.#set(wait, fire);
    };
    const fire = () => {
      setNext();
      if (pending) return;
      const result = this.#run(callback);
      if (result === undefined) return;
      pending = true;
      result.then(() => {
        pending = false;
      });
    };
    const cancelStart = this.#whenStarted(setNext);
    return () => {
      cancelStart();
      cancel();
    };
  }

  /** Resolves `delay` ms from now, started or not. Rejects with the signal's reason when it aborts. */
  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    checkDelay(delay);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.#set(delay, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Sets one timer of the host. Returns a function that cancels it. */
  #set(delay: number, callback: () => void): () => void {
    if (this.#stopped) return () => {};
    const timer = this.#host.setTimer(delay, () => {
      this.#active.delete(timer);
      callback();
    });
    this.#active.add(timer);
    return () => {
      if (this.#active.delete(timer)) this.#host.clearTimer(timer);
    };
  }

  /** Calls `begin` when the timers start, or now if they have started. Returns a function that cancels it. */
  #whenStarted(begin: () => void): () => void {
    if (this.#waiting === undefined) {
      begin();
      return () => {};
    }
    this.#waiting.add(begin);
    return () => this.#waiting?.delete(begin);
  }

  /** Runs a callback. Returns its promise, which never rejects, or undefined if it is done. */
  #run(callback: () => void | Promise<void>): Promise<void> | undefined {
    try {
      const result = callback();
      if (result instanceof Promise) return result.catch(this.#onError);
    } catch (thrown) {
      this.#onError(thrown);
    }
    return undefined;
  }
}

function checkDelay(delay: number): void {
  if (!(delay >= 0)) throw new RangeError(`Cannot set timer: expected delay to be 0 ms or more, got ${delay}`);
}

function checkInterval(interval: number, jitter: number): void {
  if (!(interval > 0)) {
    throw new RangeError(`Cannot set timer: expected interval to be more than 0 ms, got ${interval}`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot set timer: expected jitter to be from 0 to 1, got ${jitter}`);
  }
}
