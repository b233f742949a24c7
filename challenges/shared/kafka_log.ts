/**
 * Shared by the three log programs of challenge 5: the messages of a key by offset, and consumer offsets.
 *
 * @module
 */

/** Messages of one key in the order of their offsets. Offsets may have gaps. */
export type KeyLog = [offset: number, message: unknown][];

/** Offsets by key. A committed consumer offset is that of the last message processed. */
export type Offsets = Record<string, number>;

/** Limit on the messages of a key that one poll returns. The client polls again for the rest. */
const POLL_LIMIT = 500;

/** Inserts a message at its offset. Returns false if the log has that offset already. */
export function insert(log: KeyLog, offset: number, message: unknown): boolean {
  const index = indexOf(log, offset);
  if (log[index]?.[0] === offset) return false;
  log.splice(index, 0, [offset, message]);
  return true;
}

/** Returns the messages from offset `from` on and below offset `end`, but no more than a poll may return. */
export function readFrom(log: KeyLog, from: number, end = Infinity): KeyLog {
  const first = indexOf(log, from);
  return log.slice(first, Math.min(first + POLL_LIMIT, indexOf(log, end)));
}

/**
 * Builds the reply to `poll`. Keys without messages are left out, because some clients cannot handle an empty list.
 *
 * @param read Reads the log of a key from an offset.
 */
export function poll(offsets: Offsets, read: (key: string, from: number) => KeyLog): { msgs: Record<string, KeyLog> } {
  const logs = Object.entries(offsets).map(([key, from]): [string, KeyLog] => [key, read(key, from)]);
  return { msgs: Object.fromEntries(logs.filter(([, log]) => log.length > 0)) };
}

/** Moves consumer offsets forward, never back. Returns those that moved. */
export function commit(committed: Map<string, number>, offsets: Offsets): Offsets {
  const moved = Object.entries(offsets).filter(([key, offset]) => offset > (committed.get(key) ?? -1));
  for (const [key, offset] of moved) committed.set(key, offset);
  return Object.fromEntries(moved);
}

/** Builds the reply to `list_committed_offsets`. Keys without a committed offset are left out. */
export function listCommitted(committed: ReadonlyMap<string, number>, keys: readonly string[]): { offsets: Offsets } {
  const known = keys.filter((key) => committed.has(key));
  return { offsets: Object.fromEntries(known.map((key) => [key, committed.get(key)!])) };
}

/** Index of the first message at or above an offset, by binary search; `log.length` (the usual case) if none is. */
function indexOf(log: KeyLog, offset: number): number {
  let low = 0;
  let high = log.length;
  if (high === 0 || log[high - 1]![0] < offset) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log[middle]![0] < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
