/**
 * Detects a livelock: without latency, nodes can answer each other for ever while no virtual time passes, and the
 * simulation would not end.
 *
 * @module
 */

import type { VirtualClock } from "./virtual_clock.ts";
import type { TestException } from "../base/test_exception.ts";

/** Number of callbacks at the same virtual time that counts as a livelock. */
const MAX_AT_ONCE = 5_000_000;

/**
 * Creates a detector: a function to call before each callback of the clock. It returns true once more than `limit`
 * callbacks have run at the same virtual time.
 */
export function createLivelockDetector(clock: Pick<VirtualClock, "now">, limit: number = MAX_AT_ONCE): () => boolean {
  let time = -1;
  let count = 0;
  return () => {
    if (clock.now() !== time) {
      time = clock.now();
      count = 0;
    }
    return ++count > limit;
  };
}

/** Describes the livelock that {@linkcode createLivelockDetector} has found. */
export function describeLivelock(clock: VirtualClock): TestException {
  const message = `Time stands still at ${clock.now()} ms: messages and timers follow each other without end. ` +
    "Let nodes wait before they answer each other, or use a latency above 0 (--latency 1)";
  return { type: "time-stands-still", message, count: 1 };
}
