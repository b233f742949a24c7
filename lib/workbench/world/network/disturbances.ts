/**
 * Disturbances: what befalls a single message on a troubled network.
 *
 * Each takes the deliveries that a message would have without it, and gives those that it has with it. They commute: in whatever
 * order they are applied, the deliveries are the same. And each draws equally often for every message, whatever the others have
 * made of it: so that one more fault does not change what the others do.
 *
 * @module
 */

import type { Random } from "../random.ts";

/**
 * From deliveries to deliveries: how long after its sending each comes, ms. None means that the message is lost. It is called once for
 * each message that it may befall.
 */
export type Disturbance = (delays: readonly number[]) => number[];

/**
 * Loses messages.
 *
 * @param probability From 0 (none) to 1 (all).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { delaying, duplicating, losing } from "./disturbances.ts";
 * import { seededRandom } from "../random.ts";
 *
 * const draws = seededRandom("dune");
 * assertEquals(losing(1, draws)([100]), []);
 * assertEquals(delaying(250)([100]), [350]);
 * assertEquals(duplicating(1, 0, draws)([100]), [100, 100]);
 * ```
 */
export function losing(probability: number, draws: Random): Disturbance {
  return (delays) => draws.float() < probability ? [] : [...delays];
}

/**
 * Has messages arrive twice.
 *
 * @param probability From 0 (none) to 1 (all).
 * @param upTo How long after the message its copy comes at most, ms; it is uniform on 0 to that.
 */
export function duplicating(probability: number, upTo: number, draws: Random): Disturbance {
  return (delays) => {
    const twice = draws.float() < probability;
    const behind = upTo * draws.float();
    return twice ? delays.flatMap((delay) => [delay, delay + behind]) : [...delays];
  };
}

/**
 * Has all messages take longer, and by the same time, so that they keep their order.
 *
 * @param added Milliseconds.
 */
export function delaying(added: number): Disturbance {
  return (delays) => delays.map((delay) => delay + added);
}

/**
 * Has messages overtake each other: holds up some of them.
 *
 * @param probability The share of messages that are held up, from 0 to 1.
 * @param upTo How long they are held up at most, ms; it is uniform on 0 to that.
 */
export function reordering(probability: number, upTo: number, draws: Random): Disturbance {
  return (delays) => {
    const held = draws.float() < probability;
    const behind = upTo * draws.float();
    return held ? delays.map((delay) => delay + behind) : [...delays];
  };
}
