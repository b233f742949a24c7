/**
 * Network statistics: messages per operation.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import type { MessageCounts, NetCounts } from "../world/network/journal.ts";

/** Message counts of a test, with the messages per operation; null if there were no operations. */
export interface NetStatistics {
  all: MessageCounts & { msgs_per_op: number | null };
  clients: MessageCounts;
  servers: MessageCounts & { msgs_per_op: number | null };
}

/**
 * Computes messages per operation, as Maelstrom does: of all messages, and of those between servers.
 *
 * @param counts Counts of the journal.
 * @param history Operations of the nemesis do not count.
 */
export function netStatistics(
  { all, clients, servers }: NetCounts,
  history: readonly Operation[],
): NetStatistics {
  const operations = history.filter(({ type, process }) => type === "invoke" && process !== "nemesis").length;
  const perOperation = (messages: number) => operations === 0 ? null : messages / operations;
  return {
    all: { ...all, msgs_per_op: perOperation(all.msg_count) },
    clients: { ...clients },
    servers: { ...servers, msgs_per_op: perOperation(servers.msg_count) },
  };
}
