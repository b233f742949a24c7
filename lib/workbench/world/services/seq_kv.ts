/**
 * seq-kv: a sequentially consistent key-value store. A request may meet an old state, but never one older than its client has seen.
 *
 * There is one order of states, and the service remembers the last 32. A request is tried on one of them, drawn from those that are not
 * older than what its client saw last. If it would change nothing there, that is its answer: a read, a `cas` that fails, a write of the
 * value that is there. If it would, it is performed on the newest state instead, which makes a new one. Either way the client has now
 * seen the state that answered it.
 *
 * Source: Maelstrom's `service.clj`, `Sequential` around `PersistentKV`. Where a client has seen nothing that is still remembered,
 * Maelstrom's ring of states wraps around, and the client may go back in time; here it goes on with the oldest state there is.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { equalValues, parseKeyValueRequest, performRequest } from "./key_value.ts";
import type { Service } from "./service.ts";

/** How many states are remembered, the newest included. */
export const REMEMBERED_STATES = 32;

/** What led from one state to the next: one key, and its value before; `undefined` where the key did not exist. */
interface Change {
  key: string;
  before: unknown;
}

/**
 * Makes a seq-kv with no keys.
 *
 * @param random Draws the state that a request is tried on.
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
 * assert(type === "error" || value as number <= 10); // from any time
 * ```
 */
export function createSeqKV(random: Random): Service {
  const newest = new Map<string, unknown>();
  /** What led to the newest state, the last change last: states are told apart by how many changes made them. */
  const changes: Change[] = [];
  let newestIndex = 0;
  const seen = new Map<string, number>();

  /** The value of a key in a state: what it was before the first change after that state. */
  function valueAt(index: number, key: string): unknown {
    for (let i = changes.length - (newestIndex - index); i < changes.length; i++) {
      const change = changes[i]!;
      if (change.key === key) return change.before;
    }
    return newest.get(key);
  }

  function drawIndex(client: string): number {
    const oldest = Math.max(seen.get(client) ?? 0, newestIndex - changes.length);
    return oldest + random.integer(newestIndex - oldest + 1);
  }

  return (client, body) => {
    const request = parseKeyValueRequest(body);
    const index = drawIndex(client);
    const before = valueAt(index, request.key);
    const tried = performRequest(request, before);
    if (equalValues(before, tried.value)) {
      seen.set(client, index);
      return tried.reply;
    }
    const current = newest.get(request.key);
    const { reply, value } = performRequest(request, current);
    changes.push({ key: request.key, before: current });
    if (changes.length === REMEMBERED_STATES) changes.shift();
    newest.set(request.key, value);
    seen.set(client, ++newestIndex);
    return reply;
  };
}
