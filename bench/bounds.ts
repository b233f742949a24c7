/**
 * Lower bounds: how few messages could do.
 *
 * @module
 */

/**
 * The fewest messages a second by which values can get from where they arise to every node.
 *
 * Take any one node. When a value arises elsewhere, a message must reach the node within the delay, so one must be sent within the delay
 * less the latency. It may carry any number of values, but none that arises after it is sent. So the best one can do is to wait that long,
 * send everything, and begin anew with the next value: between two messages to one node there lie, on average, the delay less the latency,
 * and the time until the next value. Each node gets messages of its own; so it takes as many times that as there are nodes.
 *
 * It is a bound for any program, whoever sends and by whatever way: messages that only bring values to where they are sent on from are not
 * even counted.
 *
 * @param nodes How many nodes there are.
 * @param delay How long it may take until a value is everywhere, ms.
 * @param latency How long a message takes, ms.
 * @param rate Values a second, which arise at random times and nodes.
 *
 * @example With no time to wait, every value takes a message to every other node.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fewestMessages } from "./bounds.ts";
 *
 * assertEquals(fewestMessages({ nodes: 25, delay: 100, latency: 100, rate: 50 }), 24 * 50);
 * ```
 */
export function fewestMessages(
  { nodes, delay, latency, rate }: { nodes: number; delay: number; latency: number; rate: number },
): number {
  const elsewhere = rate * (nodes - 1) / nodes;
  const interval = Math.max(0, delay - latency) / 1000 + 1 / elsewhere;
  return nodes / interval;
}
