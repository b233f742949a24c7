/**
 * Network statistics: how many messages an operation costs.
 *
 * @module
 */

import type { Operation } from "../history/operation.ts";
import type { MessageCounts, NetCounts } from "../world/network/journal.ts";

/** Message counts of a test with the cost of an operation; null where there were no operations. */
export interface NetStatistics {
  all: MessageCounts & { msgs_per_op: number | null };
  clients: MessageCounts;
  servers: MessageCounts & { msgs_per_op: number | null };
}

/**
 * Relates the number of messages to the number of operations, as Maelstrom does.
 *
 * @param counts The journal's counts; not changed.
 * @param history The operations. The nemesis' do not count.
 * @returns The counts, with `msgs_per_op` for all messages and for those among servers; null where there are no operations.
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
