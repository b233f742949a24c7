/**
 * Lower bound on the number of messages that any broadcast needs.
 *
 * @module
 */

/**
 * Computes the fewest messages a second that bring every value from the node where it arises to all others.
 *
 * Take any one node. When a value arises elsewhere, a message must reach the node within the delay, so it must be sent
 * within the delay minus the latency. It may carry any number of values, but none that arises after it is sent. So the
 * best strategy is to wait that long, send everything, and start again with the next value. The time between two
 * messages to one node is then, on average, the delay minus the latency plus the time until the next value. Each node
 * needs messages of its own, so the rate for one node is multiplied by the number of nodes.
 *
 * The bound holds for any program and any topology. Messages that only bring values to a node that forwards them are
 * not counted at all.
 *
 * @param nodes Number of nodes.
 * @param delay Longest time until a value is on every node, ms.
 * @param latency Latency of one message, ms.
 * @param rate Values a second. They arise at random times on random nodes.
 *
 * @example Without time to wait, every value needs a message to every other node.
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
