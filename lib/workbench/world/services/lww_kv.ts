/**
 * lww-kv: an eventually consistent key-value store with two replicas, in which the last writer wins. It loses writes,
 * and reads may go back in time.
 *
 * For each request, with random draws:
 * 1. A source and a destination are drawn, and the source is merged into the destination: for each key, the write with
 *    the later Lamport timestamp stays. If both are the same replica, there is no merge.
 * 2. A replica is drawn to perform the request on its own state.
 *
 * Source: Maelstrom's `service.clj`, `Eventual` around `LWWKV`. As there, `create_if_not_exists` has no effect.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { parseKeyValueRequest, performRequest } from "./key_value.ts";
import type { Service } from "./service.ts";

/** Last write to a key. */
interface Write {
  /** Lamport timestamp. Two replicas may use the same one. */
  time: number;
  value: unknown;
}

interface Replica {
  /** Lamport clock: above the timestamp of each write in `writes`. */
  clock: number;
  /** Last write to each key. */
  writes: Map<string, Write>;
  /**
   * Keys written here since the last merge into the other replica. The other replica's write to any other key is as
   * late or later.
   */
  unmerged: Set<string>;
}

/**
 * Creates an lww-kv without keys.
 *
 * @param random Stream that the replicas are drawn from.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { seededRandom } from "../random.ts";
 * import { createLWWKV } from "./lww_kv.ts";
 *
 * const lwwKV = createLWWKV(seededRandom("dune"));
 * lwwKV("n0", { type: "write", key: "x", value: 1 });
 * const replies = Array.from({ length: 100 }, () => lwwKV("n0", { type: "read", key: "x" }));
 * assert(["error", "read_ok"].includes(replies[0]!.type)); // the other replica may not have the write yet
 * assertEquals(replies[99], { type: "read_ok", value: 1 });
 * ```
 */
export function createLWWKV(random: Random): Service {
  const replicas: [Replica, Replica] = [createReplica(), createReplica()];
  return (_client, body) => {
    const request = parseKeyValueRequest({ ...body, create_if_not_exists: false });
    const [source, dest, replica] = [random.pick(replicas), random.pick(replicas), random.pick(replicas)];
    if (source !== dest) merge(source, dest);
    const { reply, value } = performRequest(request, replica.writes.get(request.key)?.value);
    if (reply.type === "write_ok" || reply.type === "cas_ok") {
      replica.writes.set(request.key, { time: replica.clock++, value });
      replica.unmerged.add(request.key);
    }
    return reply;
  };
}

function createReplica(): Replica {
  return { clock: 0, writes: new Map(), unmerged: new Set() };
}

/** Merges the writes of `source` into `dest`. Of two writes with the same timestamp, that of `source` wins. */
function merge(source: Replica, dest: Replica): void {
  dest.clock = Math.max(source.clock, dest.clock);
  for (const key of source.unmerged) {
    const write = source.writes.get(key)!;
    if (write.time >= (dest.writes.get(key)?.time ?? 0)) dest.writes.set(key, write);
  }
  source.unmerged.clear();
}
