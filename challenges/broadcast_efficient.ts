/**
 * Challenges 3d and 3e: broadcast with few messages and little delay. See `docs/broadcast.md`.
 *
 * 1. A client sends a value to a node, which stores it, acknowledges it and appends it to its log.
 * 2. Replication carries the log of every node to all others. It sends batches, acknowledges cumulatively and sends
 *    again what was lost.
 * 3. A node that receives a value stores it. If a value comes twice, it is stored once.
 * 4. A node that starts gets all values from the others. Values that only a killed node had are lost.
 *
 * The profile is the trade between latency and messages: `fast` sends every value at once to all nodes, `efficient`
 * sends batches through a hub.
 *
 * @module
 */
import { formatJSON } from "../lib/json.ts";
import type { BroadcastMessages } from "../lib/messages.ts";
import type { Node } from "../mod.ts";
import { replicate, type ReplicationOptions } from "./replication/mod.ts";
import { readArguments, readChoice, readMilliseconds, serveWithArguments } from "./shared/arguments.ts";
import { BROADCAST, isArrayOf, isPresent, TOPOLOGY } from "./shared/requests.ts";

/** Options of replication that differ between profiles: the topology, and the time between rounds. */
export type BroadcastProfile = Pick<ReplicationOptions<unknown, unknown>, "topology" | "period">;

/** Profiles by their names in the arguments. */
export const BROADCAST_PROFILES = {
  /** One hop: a node sends each value at once to all others. */
  fast: { topology: "mesh", period: 0 },
  /** Two hops: the hub gathers values from all nodes and sends them out, once a period (ms). */
  efficient: { topology: "hub", period: 850 },
} satisfies Record<string, BroadcastProfile>;

/** The broadcast program with replication. Its profile is `efficient` unless another one is given. */
export function broadcastEfficient(
  node: Node<BroadcastMessages<unknown>>,
  profile: BroadcastProfile = BROADCAST_PROFILES.efficient,
): void {
  /** All values. The key is the value as JSON, so that a value that comes twice is stored once. */
  const values = new Map<string, unknown>();

  /** Stores a value. Returns true if it is new. */
  function store(value: unknown): boolean {
    const json = formatJSON(value);
    const isNew = !values.has(json);
    if (isNew) values.set(json, value);
    return isNew;
  }

  const replication = replicate<unknown, unknown[]>(node, {
    ...profile,
    ...(profile.topology === "hub" && hubOptions(profile.period)),
    isEntry: isPresent,
    isSnapshot: isArrayOf(isPresent),
    apply: store,
    snapshot: () => [...values.values()],
    restore: (others) => others.forEach(store),
  });

  // The topology is only a suggestion: every node can reach every other.
  node.on("topology", () => ({}), TOPOLOGY);
  node.on("broadcast", ({ message }) => {
    if (store(message)) replication.append(message);
    return {};
  }, BROADCAST);
  node.on("read", () => ({ messages: [...values.values()] }));
}

/**
 * Options that a hub needs. In a mesh the defaults are fine, because all nodes send all the time.
 *
 * An acknowledgement is held back until there are values to send with it. At the official rate a node gets two values a
 * second from clients, so one comes within 1.5 s in 95 % of all cases.
 *
 * Values that reach the hub just after a round would wait for a whole period. On a busy machine that happens, but they
 * are late by little. So the hub sends on values that are less than an eighth of a period late in an extra round, at
 * most once in five periods.
 */
function hubOptions(period: number): Pick<ReplicationOptions<unknown, unknown>, "ackDelay" | "lateWindow"> {
  return { ackDelay: Math.max(2 * period, 1500), lateWindow: period / 8 };
}

/** The program with the profile that the arguments name. */
export default function main(node: Node<BroadcastMessages<unknown>>, args: readonly string[]): void {
  const given = readArguments(args, ["profile", "period"]);
  const profile = BROADCAST_PROFILES[readChoice(given, "profile", ["efficient", "fast"])];
  broadcastEfficient(node, { ...profile, period: readMilliseconds(given, "period", profile.period) });
}

if (import.meta.main) await serveWithArguments(main);
