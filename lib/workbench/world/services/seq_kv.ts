/**
 * seq-kv: a sequentially consistent key-value store. A request may see a stale state, but never one older than its
 * client has seen.
 *
 * All states are numbered, 0 is the empty one. The last {@linkcode REMEMBERED_STATES} can be read. For each request:
 * 1. A state is drawn, from the last one that its client has seen (or the oldest remembered) to the newest. This is the
 *    staleness.
 * 2. If the request would change nothing there (a read, a `cas` that fails, a write of the same value), its reply is
 *    that of this state.
 * 3. Otherwise it is performed on the newest state instead. That makes a new state.
 * 4. The client has seen the state that answered.
 *
 * Source: Maelstrom's `service.clj`, `Sequential` around `PersistentKV`. It has a bug that is not copied: if a client
 * has seen no remembered state, the ring of states wraps around, and the client may go back in time. Here the client
 * gets the oldest remembered state.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { equalValues, type KeyValueRequest, parseKeyValueRequest, performRequest } from "./key_value.ts";
import type { Reply, Service } from "./service.ts";

/** Number of states that can be read, the newest included. */
export const REMEMBERED_STATES = 32;

/** Step from one state to the next: a key, and its value before; `undefined` if the key did not exist. */
interface Change {
  key: string;
  before: unknown;
}

interface VersionedStore {
  readonly random: Random;
  /** Newest state. */
  readonly values: Map<string, unknown>;
  /** Number of the newest state: how many changes there have been. */
  newest: number;
  /** The last changes, oldest first: the last one led to `newest`. At most `REMEMBERED_STATES - 1`. */
  readonly changes: Change[];
  /** Newest state that each client has seen; at most `newest`, and it never goes down. */
  readonly seen: Map<string, number>;
}

/**
 * Creates a seq-kv without keys.
 *
 * @param random Stream that states are drawn from.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { seededRandom } from "../random.ts";
 * import { createSeqKV } from "./seq_kv.ts";
 *
 * const seqKV = createSeqKV(seededRandom("dune"));
 * for (let value = 1; value <= 10; value++) seqKV("n0", { type: "write", key: "x", value });
 * assertEquals(seqKV("n0", { type: "read", key: "x" }), { type: "read_ok", value: 10 }); // its own write
 * const { type, value } = seqKV("n1", { type: "read", key: "x" });
 * assert(type === "error" || value as number <= 10); // a state of any age
 * ```
 */
export function createSeqKV(random: Random): Service {
  const store: VersionedStore = { random, values: new Map(), newest: 0, changes: [], seen: new Map() };
  return (client, body) => answer(store, client, parseKeyValueRequest(body));
}

function answer(store: VersionedStore, client: string, request: KeyValueRequest): Reply {
  const drawn = drawState(store, client);
  const before = valueAt(store, drawn, request.key);
  const stale = performRequest(request, before);
  if (equalValues(before, stale.value)) {
    store.seen.set(client, drawn);
    return stale.reply;
  }
  const reply = performOnNewest(store, request);
  store.seen.set(client, store.newest);
  return reply;
}

/** Draws the number of a state that the client may see. */
function drawState({ random, newest, changes, seen }: VersionedStore, client: string): number {
  const oldest = Math.max(seen.get(client) ?? 0, newest - changes.length);
  return oldest + random.integer(newest - oldest + 1);
}

/** Returns the value of a key in a state: its value before the first change after that state. */
function valueAt({ values, newest, changes }: VersionedStore, number: number, key: string): unknown {
  for (let i = changes.length - (newest - number); i < changes.length; i++) {
    const change = changes[i]!;
    if (change.key === key) return change.before;
  }
  return values.get(key);
}

function performOnNewest(store: VersionedStore, request: KeyValueRequest): Reply {
  const { values, changes } = store;
  const before = values.get(request.key);
  const { reply, value } = performRequest(request, before);
  changes.push({ key: request.key, before });
  if (changes.length === REMEMBERED_STATES) changes.shift();
  values.set(request.key, value);
  store.newest++;
  return reply;
}
