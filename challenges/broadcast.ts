/**
 * Challenges 3a to 3e: every value that any node is told reaches every node. See `docs/broadcast.md`.
 *
 * @module
 */
import type { Node, Program } from "../mod.ts";
import type { BroadcastMessages } from "../lib/messages.ts";
import { replicate, type ReplicationOptions } from "../lib/replication.ts";
import { readChoice, readMilliseconds, serveWithArguments } from "./shared/arguments.ts";

/** How values travel. */
export type BroadcastProfile = Pick<ReplicationOptions<unknown, unknown>, "topology" | "period">;

/** What to spend messages on. */
export const BROADCAST_PROFILES = {
  /** One hop: whoever is told a value tells everybody at once. */
  fast: { topology: "mesh", period: 0 },
  /** Two hops through a hub, which gathers what is new and sends it out every so many ms. */
  efficient: { topology: "hub", period: 850 },
} satisfies Record<string, BroadcastProfile>;

/** The broadcast program. */
export function broadcast(profile: BroadcastProfile = BROADCAST_PROFILES.fast): Program<BroadcastMessages<unknown>> {
  return (node: Node<BroadcastMessages<unknown>>) => {
    const values: unknown[] = [];
    const known = new Set<string>();

    /** Adds a value; returns whether it was new. */
    function add(value: unknown): boolean {
      const size = known.size;
      if (known.add(JSON.stringify(value)).size === size) return false;
      values.push(value);
      return true;
    }

    const replication = replicate<unknown, unknown[]>(node, {
      ...profile,
      // An acknowledgement that finds nothing to go with is worth a message only where it might be missed.
      ...(profile.topology === "hub" && { acknowledge: Math.max(2 * profile.period, 1500), late: profile.period / 8 }),
      apply: add,
      snapshot: () => values,
      restore: (others) => others.forEach(add),
    });

    // Who may talk to whom is only a suggestion: every node can reach every other.
    node.on("topology", () => ({}));
    node.on("broadcast", ({ message }) => {
      if (add(message)) replication.append(message);
      return {};
    });
    node.on("read", () => ({ messages: values }));
  };
}

/** The program with the options that the arguments name. */
export default function main(node: Node<BroadcastMessages<unknown>>, args: readonly string[]): void {
  const profile = BROADCAST_PROFILES[readChoice(args, "profile", ["fast", "efficient"])];
  broadcast({ ...profile, period: readMilliseconds(args, "period", profile.period) })(node);
}

if (import.meta.main) await serveWithArguments(main);
