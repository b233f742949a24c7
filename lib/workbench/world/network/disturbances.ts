/**
 * Disturbances of a network: messages are lost, duplicated, delayed or reordered.
 *
 * Several may apply to one message, one after another. Two properties keep faults independent of each other:
 * - Disturbances commute: the order in which they apply does not matter.
 * - Each draws the same number of times for every message, whatever the others do. So one more fault does not change
 *   the others' draws.
 *
 * @module
 */

import type { Random } from "../random.ts";

/**
 * Changes the arrivals of a message. Each arrival is a delay in ms, added to the latency; an empty array loses the
 * message. Called once for each message that is disturbed.
 */
export type Disturbance = (delays: readonly number[]) => number[];

/**
 * Loses messages.
 *
 * @param probability Share of messages that are lost, 0 to 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { delaying, duplicating, losing } from "./disturbances.ts";
 * import { seededRandom } from "../random.ts";
 *
 * const random = seededRandom("dune");
 * assertEquals(losing(1, random)([100]), []);
 * assertEquals(delaying(250)([100]), [350]);
 * assertEquals(duplicating(1, 0, random)([100]), [100, 100]);
 * ```
 */
export function losing(probability: number, random: Random): Disturbance {
  return (delays) => random.float() < probability ? [] : [...delays];
}

/**
 * Duplicates messages.
 *
 * @param probability Share of messages that arrive twice, 0 to 1.
 * @param maxDelay The copy follows the message after 0 to this many ms, uniformly.
 */
export function duplicating(probability: number, maxDelay: number, random: Random): Disturbance {
  return (delays) => {
    const isTwice = random.float() < probability;
    const added = maxDelay * random.float();
    return isTwice ? delays.flatMap((delay) => [delay, delay + added]) : [...delays];
  };
}

/**
 * Delays all messages by the same time, so that they keep their order.
 *
 * @param added Milliseconds.
 */
export function delaying(added: number): Disturbance {
  return (delays) => delays.map((delay) => delay + added);
}

/**
 * Delays some messages, so that others overtake them.
 *
 * @param probability Share of messages that are delayed, 0 to 1.
 * @param maxDelay They are delayed by 0 to this many ms, uniformly.
 */
export function reordering(probability: number, maxDelay: number, random: Random): Disturbance {
  return (delays) => {
    const isHeld = random.float() < probability;
    const added = maxDelay * random.float();
    return isHeld ? delays.map((delay) => delay + added) : [...delays];
  };
}
