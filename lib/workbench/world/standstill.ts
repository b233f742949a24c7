/**
 * Standstill: nodes that answer each other without end while no time passes. Where a message takes no time that can be, and a simulation
 * would never end.
 *
 * @module
 */

import type { VirtualClock } from "./clock.ts";
import type { TestException } from "../base/test_exception.ts";

/** So many events without any time passing between them are taken for no end of them. */
const MAX_AT_ONCE = 5_000_000;

/** Returns a function that is to be called at each event, and says whether time does not pass any more. */
export function watchTime(clock: Pick<VirtualClock, "now">, limit: number = MAX_AT_ONCE): () => boolean {
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

/** What is wrong when {@linkcode watchTime} says so. */
export function timeStandsStill(clock: VirtualClock): TestException {
  const message =
    `Time stands still at ${clock.now()} ms: there is no end of messages and timers, expected nodes that ` +
    "do not always answer each other at once; a latency above 0 would let time pass";
  return { type: "time-stands-still", message, count: 1 };
}
