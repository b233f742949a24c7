import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RPCError } from "../../../../lib/protocol.ts";
import { type Random, seededRandom } from "../../../../lib/workbench/world/random.ts";
import { createLWWKV } from "../../../../lib/workbench/world/services/lww_kv.ts";
import type { Service } from "../../../../lib/workbench/world/services/service.ts";
import { cas, type Model, performOnModel, READ, REQUESTS, SEED, write } from "./reference.ts";

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

Deno.test("after the last write, the replicas converge to one of the written values", () => {
  fc.assert(fc.property(REQUESTS, SEED, (requests, seed) => {
    const service = createLWWKV(seededRandom(seed));
    for (const { client, request } of requests) service(client, request);
    for (let i = 0; i < 200; i++) service("n0", READ);
    const replies = new Set(Array.from({ length: 50 }, () => JSON.stringify(service("n0", READ))));
    assertEquals(replies.size, 1);
    const { type, value } = JSON.parse([...replies][0]!);
    const written = requests.map(({ request }) => request).filter(({ key, type }) => key === "x" && type !== "read");
    if (type === "read_ok") {
      assert(written.some((request) => JSON.stringify(request.value ?? request.to ?? null) === JSON.stringify(value)));
    } else {
      assert(written.every(({ type }) => type === "cas"));
    }
  }));
});

Deno.test("cas sets a value or returns it in its error, and never creates a key", () => {
  const service = createLWWKV(seededRandom("dune"));
  const missing = { type: "error", code: 20, text: "key does not exist" };
  assertEquals(service("n0", cas(null, 1, { create_if_not_exists: true })), missing);
  service("n0", write(1));
  for (let i = 0; i < 200; i++) service("n0", READ);
  assertEquals(service("n0", cas(2, 3)), { type: "error", code: 22, text: "current value 1 is not 2" });
  assertEquals(service("n0", cas(1, 3)), { type: "cas_ok" });
  for (let i = 0; i < 200; i++) service("n0", READ);
  assertEquals(service("n0", READ), { type: "read_ok", value: 3 });
});

Deno.test("a request that is refused changes nothing", () => {
  const service = createLWWKV(seededRandom("dune"));
  assertThrows(() => service("n0", { type: "ts" }), RPCError, "ts");
  for (let i = 0; i < 20; i++) assertEquals(service("n0", READ).code, 20);
});
