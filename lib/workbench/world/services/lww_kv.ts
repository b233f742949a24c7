/**
 * lww-kv: an eventually consistent key-value store, in which the last write wins. It loses writes and goes back in time, and is there to
 * show what that does to a program.
 *
 * Two replicas each answer on their own. Each counts its writes with a Lamport clock. With every request one replica, drawn at random, is
 * merged into one drawn at random: of each key, the later write stays. Then a replica drawn at random answers.
 *
 * Source: Maelstrom's `service.clj`, `Eventual` around `LWWKV`. As there, `create_if_not_exists` does nothing.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { parseKeyValueRequest, performRequest } from "./key_value.ts";
import type { Service } from "./service.ts";

/** One write: its time by the Lamport clock, and the value. */
interface Write {
  time: number;
  value: unknown;
}

/** One of the two. */
interface Replica {
  clock: number;
  /** The last write to each key that it knows of. */
  writes: Map<string, Write>;
  /** The keys written here since it was last merged into the other one: only in these can it know more. */
  news: Set<string>;
}

/**
 * Makes an lww-kv with no keys.
 *
 * @param random Draws the replicas.
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
 * assert(["error", "read_ok"].includes(replies[0]!.type)); // the other replica may not know of it yet
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
      replica.news.add(request.key);
    }
    return reply;
  };
}

function createReplica(): Replica {
  return { clock: 0, writes: new Map(), news: new Set() };
}

/** Tells `dest` what `source` knows. Of two writes at the same time, that of `source` stays. */
function merge(source: Replica, dest: Replica): void {
  dest.clock = Math.max(source.clock, dest.clock);
  for (const key of source.news) {
    const write = source.writes.get(key)!;
    if (write.time >= (dest.writes.get(key)?.time ?? 0)) dest.writes.set(key, write);
  }
  source.news.clear();
}
