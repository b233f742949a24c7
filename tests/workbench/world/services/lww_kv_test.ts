import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Random, seededRandom } from "../../../../lib/workbench/world/random.ts";
import { createLWWKV } from "../../../../lib/workbench/world/services/lww_kv.ts";
import type { Service } from "../../../../lib/workbench/world/services/service.ts";
import { LWW_KV, testSimulated } from "./properties.ts";
import { type Model, performOnModel, READ, REQUESTS, SEED, write } from "./reference.ts";

testSimulated(LWW_KV, (seed) => createLWWKV(seededRandom(seed)));

/** Reference lww-kv, which merges all keys each time: simple, but slow. */
function createMergingLWWKV(random: Random): Service {
  const replicas = [0, 1].map(() => ({ clock: 0, times: new Map<string, number>(), values: new Map() as Model }));
  return (_client, request) => {
    const [source, dest, replica] = [random.pick(replicas), random.pick(replicas), random.pick(replicas)];
    dest.clock = Math.max(dest.clock, source.clock);
    for (const [key, time] of source.times) {
      if (time < (dest.times.get(key) ?? 0)) continue;
      dest.times.set(key, time);
      dest.values.set(key, source.values.get(key)!);
    }
    const reply = performOnModel(replica.values, { ...request, create_if_not_exists: false });
    if (reply.type === "write_ok" || reply.type === "cas_ok") {
      replica.times.set(JSON.stringify(request.key), replica.clock++);
    }
    return reply;
  };
}

Deno.test("merging only unmerged keys gives the same replies as merging all", () => {
  fc.assert(fc.property(REQUESTS, SEED, (requests, seed) => {
    const [service, merging] = [createLWWKV(seededRandom(seed)), createMergingLWWKV(seededRandom(seed))];
    for (const { client, request } of requests) assertEquals(service(client, request), merging(client, request));
  }));
});

/** Reads after some writes of 1, 2, … by one client, for many seeds. */
function readsAfter(writes: number, wait: number): Set<unknown> {
  return new Set(Array.from({ length: 300 }, (_, seed) => {
    const service = createLWWKV(seededRandom(`${seed}`));
    for (let value = 1; value <= writes; value++) service("n0", write(value));
    for (let i = 0; i < wait; i++) service("n0", READ);
    const { value, code } = service("n0", READ);
    return value ?? code;
  }));
}

Deno.test("a read may miss even its own client's write, at first", () => {
  assertEquals(readsAfter(1, 0), new Set([1, 20]));
  assertEquals(readsAfter(1, 200), new Set([1]));
});

Deno.test("an acknowledged write may lose against an earlier one, for ever", () => {
  assertEquals(readsAfter(2, 200), new Set([1, 2]));
});
