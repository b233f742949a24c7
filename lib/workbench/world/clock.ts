/**
 * The interface of clocks. All code of the workbench that reads the time or waits does so through a {@linkcode Clock},
 * so that it runs in real time (`real_clock.ts`) and in virtual time (`virtual_clock.ts`).
 *
 * @module
 */

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

/** {@linkcode Clock.sleep} of any clock. */
export function sleep(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
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
