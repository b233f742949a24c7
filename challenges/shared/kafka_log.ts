/**
 * What the three logs of challenge 5 share: messages by offset, and the offsets that clients have committed.
 *
 * @module
 */

/** The messages of one key, by offset; offsets may be sparse. */
export type Log = [offset: number, message: unknown][];

/** Committed offsets: for each key, the highest offset that is done with. */
export type Offsets = Record<string, number>;

/** How many messages of a key one poll gives at most: the client comes again for the rest. */
const POLL_LIMIT = 500;

/** Puts a message at its offset; returns whether it was not there yet. */
export function insert(log: Log, offset: number, message: unknown): boolean {
  const index = indexOf(log, offset);
  if (log[index]?.[0] === offset) return false;
  log.splice(index, 0, [offset, message]);
  return true;
}

/** The messages from offset `from` on and below offset `end`, as many as a poll may give. */
export function readFrom(log: Log, from: number, end = Infinity): Log {
  const first = indexOf(log, from);
  return log.slice(first, Math.min(first + POLL_LIMIT, indexOf(log, end)));
}

/**
 * The reply to a poll.
 *
 * @param read Reads a log from an offset on. A key without messages is left out: an empty list would say no more, and some
 *   clients choke on it.
 */
export function poll(offsets: Offsets, read: (key: string, from: number) => Log): { msgs: Record<string, Log> } {
  const msgs: Record<string, Log> = {};
  for (const [key, from] of Object.entries(offsets)) {
    const messages = read(key, from);
    if (messages.length > 0) msgs[key] = messages;
  }
  return { msgs };
}

/** Moves committed offsets forward, never back; returns those that have moved. */
export function commit(committed: Map<string, number>, offsets: Offsets): Offsets {
  const moved: Offsets = {};
  for (const [key, offset] of Object.entries(offsets)) {
    if (offset <= (committed.get(key) ?? -1)) continue;
    committed.set(key, offset);
    moved[key] = offset;
  }
  return moved;
}

/** The reply to list_committed_offsets: keys for which nothing is committed are left out. */
export function listCommitted(committed: ReadonlyMap<string, number>, keys: readonly string[]): { offsets: Offsets } {
  const offsets: Offsets = {};
  for (const key of keys) if (committed.has(key)) offsets[key] = committed.get(key)!;
  return { offsets };
}

/** Where an offset stands, or would stand. Most of the time that is the end. */
function indexOf(log: Log, offset: number): number {
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
