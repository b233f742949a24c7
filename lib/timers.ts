/**
 * The timers of a node: once, again and again, and as a promise. They run on the host's clock, so that the same program runs in
 * real and in virtual time.
 *
 * @module
 */

import type { Host } from "./host.ts";

/**
 * How {@linkcode Node.every} repeats.
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { simulate } from "./workbench/engines/simulate.ts";
 *
 * const turns: number[] = [];
 * const world = simulate({
 *   nodes: 1,
 *   program: (node) => void node.every(100, () => void turns.push(node.now()), { jitter: 0.1 }),
 * });
 * await world.run(1050);
 * assertAlmostEquals(turns.length, 10, 1);
 * ```
 */
export interface EveryOptions {
  /**
   * A share of the interval, from 0 (the default) to 1: each wait is drawn from `interval · (1 − jitter)` to
   * `interval · (1 + jitter)`, so that the nodes of a cluster do not all speak at once.
   */
  jitter?: number;
}

/** The timers of one node. */
export class Timers {
  readonly #host: Host;
  readonly #onError: (error: unknown) => void;
  readonly #active = new Set<unknown>();
  /** What was asked for before the node was ready; undefined once it is. */
  #waiting: Set<() => void> | undefined = new Set();
  #stopped = false;

  /**
   * @param host Whose clock it is.
   * @param onError Told of what a callback throws or rejects with.
   */
  constructor(host: Host, onError: (error: unknown) => void) {
    this.#host = host;
    this.#onError = onError;
  }

  /** Starts the timers that were set before the node was ready. */
  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const begin of waiting) begin();
  }

  /** Ends all timers, and sets no more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#active) this.#host.clearTimer(timer);
    this.#active.clear();
    this.#waiting?.clear();
  }

  /** Calls `callback` once, `delay` ms from now (from when the node is ready, if it is not yet). */
  after(delay: number, callback: () => void | Promise<void>): () => void {
    checkDelay("delay", delay);
    let cancel = () => {};
    const cancelWaiting = this.#whenReady(() => cancel = this.set(delay, () => void this.#run(callback)));
    return () => {
      cancelWaiting();
      cancel();
    };
  }

  /** Calls `callback` every `interval` ms, leaving out the turns at which it is still running. */
  every(interval: number, callback: () => void | Promise<void>, { jitter = 0 }: EveryOptions = {}): () => void {
    checkDelay("interval", interval);
    if (interval === 0) throw new RangeError("Cannot set timer: expected interval to be more than 0 ms");
    if (!(jitter >= 0 && jitter <= 1)) {
      throw new RangeError(`Cannot set timer: expected jitter to be from 0 to 1, got ${jitter}`);
    }
    let cancel = () => {};
    let running = false;
    const finished = () => void (running = false);
    const arm = () => {
      const wait = jitter === 0 ? interval : interval * (1 + jitter * (2 * this.#host.random() - 1));
      cancel = this.set(wait, tick);
    };
    const tick = () => {
      arm();
      if (running) return;
      const result = this.#run(callback);
      if (result === undefined) return;
      running = true;
      result.then(finished);
    };
    const cancelWaiting = this.#whenReady(arm);
    return () => {
      cancelWaiting();
      cancel();
    };
  }

  /** A promise that is fulfilled `delay` ms from now, at once even if the node is not ready. */
  sleep(delay: number, signal?: AbortSignal): Promise<void> {
    checkDelay("delay", delay);
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.set(delay, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Sets one timer of the host; returns what calls it off. */
  set(delay: number, callback: () => void): () => void {
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

  /** Calls `begin` now, or when the node is ready; returns what calls it off. */
  #whenReady(begin: () => void): () => void {
    if (this.#waiting === undefined) {
      begin();
      return () => {};
    }
    this.#waiting.add(begin);
    return () => this.#waiting?.delete(begin);
  }

  /** Runs a callback; what goes wrong in it is told, never thrown. */
  #run(callback: () => void | Promise<void>): Promise<void> | undefined {
    try {
      const result = callback();
      if (result instanceof Promise) return result.catch(this.#onError);
    } catch (error) {
      this.#onError(error);
    }
    return undefined;
  }
}

function checkDelay(name: string, value: number): void {
  if (!(value >= 0)) throw new RangeError(`Cannot set timer: expected ${name} to be 0 ms or more, got ${value}`);
}
