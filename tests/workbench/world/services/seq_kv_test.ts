import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import fc from "fast-check";
import type { Body } from "../../../../lib/protocol.ts";
import { type Random, seededRandom } from "../../../../lib/workbench/world/random.ts";
import { createSeqKV, REMEMBERED_STATES } from "../../../../lib/workbench/world/services/seq_kv.ts";
import type { Service } from "../../../../lib/workbench/world/services/service.ts";
import { SEQ_KV, testSimulated } from "./properties.ts";
import { cas, type Model, performOnModel, READ, REQUESTS, SEED, write } from "./reference.ts";

testSimulated(SEQ_KV, (seed) => createSeqKV(seededRandom(seed)));

/** Reference seq-kv, which keeps a copy of each state: simple, but slow. */
function createCopyingSeqKV(random: Random): Service {
  const states: { index: number; model: Model }[] = [{ index: 0, model: new Map() }];
  const seen = new Map<string, number>();
  return (client, request) => {
    const choices = states.filter(({ index }) => index >= (seen.get(client) ?? 0));
    const { index, model } = choices[random.integer(choices.length)]!;
    const tried = new Map(model);
    const reply = performOnModel(tried, request);
    if (JSON.stringify([...tried]) === JSON.stringify([...model])) {
      seen.set(client, index);
      return reply;
    }
    const newest = states.at(-1)!;
    const next = { index: newest.index + 1, model: new Map(newest.model) };
    const newReply = performOnModel(next.model, request);
    states.push(next);
    if (states.length > REMEMBERED_STATES) states.shift();
    seen.set(client, next.index);
    return newReply;
  };
}

/** Reads x as a client; 0 if it does not exist. */
function readX(service: Service, client: string): number {
  return service(client, READ).value as number ?? 0;
}

Deno.test("the log of changes gives the same replies as copies of the states", () => {
  fc.assert(fc.property(REQUESTS, SEED, (requests, seed) => {
    const [service, copying] = [createSeqKV(seededRandom(seed)), createCopyingSeqKV(seededRandom(seed))];
    for (const { client, request } of requests) assertEquals(service(client, request), copying(client, request));
  }));
});

Deno.test("a client reads values of all the last 32 states", () => {
  const read = new Set<number>();
  for (let seed = 0; seed < 500; seed++) {
    const service = createSeqKV(seededRandom(`${seed}`));
    for (let value = 1; value <= 100; value++) service("n0", write(value));
    read.add(readX(service, "n1"));
  }
  const expected = Array.from({ length: REMEMBERED_STATES }, (_, age) => 100 - age);
  assertEquals([...read].sort((a, b) => b - a), expected);
});

Deno.test("a read may miss another client's completed write, so that a key seems not to exist", () => {
  const codes = Array.from({ length: 100 }, (_, seed) => {
    const service = createSeqKV(seededRandom(`${seed}`));
    service("n0", write(1));
    return service("n1", READ).code;
  });
  assert(codes.includes(20));
  assert(codes.includes(undefined));
});

Deno.test("no read is older than the last 32 states", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("write", "n1", "n2"), { maxLength: 300, size: "max" }),
      SEED,
      (steps, seed) => {
        const service = createSeqKV(seededRandom(seed));
        let value = 0;
        for (const step of steps) {
          if (step === "write") service("n0", write(++value));
          else assertGreaterOrEqual(readX(service, step), value - REMEMBERED_STATES + 1);
        }
      },
    ),
  );
});

/** Collects the replies to a client over many seeds, after these requests of others. */
function outcomes(before: [client: string, request: Body][], client: string, request: Body): Set<string> {
  const texts = Array.from({ length: 200 }, (_, seed) => {
    const service = createSeqKV(seededRandom(`${seed}`));
    for (const [other, earlier] of before) service(other, earlier);
    const { type, code } = service(client, request);
    return code === undefined ? type : `${type} ${code}`;
  });
  return new Set(texts);
}

Deno.test("a cas that fails may have been tried on an old state; one that succeeds was performed on the newest", () => {
  const before: [string, Body][] = [["n0", write(1)], ["n0", write(2)], ["n0", write(3)]];
  // It would change a state in which x is 2, so it is performed on the newest, in which x is 3.
  assertEquals(outcomes(before, "n1", cas(2, 4)), new Set(["error 20", "error 22"]));
  assertEquals(outcomes(before, "n1", cas(3, 4)), new Set(["error 20", "error 22", "cas_ok"]));
  assertEquals(outcomes(before, "n0", cas(3, 4)), new Set(["cas_ok"]));
});

Deno.test("a write that changes nothing in an old state may take its place there", () => {
  // The example of Maelstrom's doc/services.md: n1's second write of 1 does not undo n2's cas.
  const reads = new Set(Array.from({ length: 200 }, (_, seed) => {
    const service = createSeqKV(seededRandom(`${seed}`));
    service("n1", write(1));
    service("n2", write("n2 is current", "y"));
    assertEquals(service("n2", cas(1, 2)), { type: "cas_ok" });
    assertEquals(service("n1", write(1)), { type: "write_ok" });
    return readX(service, "n2");
  }));
  assertEquals(reads, new Set([1, 2]));
});

Deno.test("a write that changes an old state but not the newest lets its client see the newest", () => {
  for (let seed = 0; seed < 100; seed++) {
    const service = createSeqKV(seededRandom(`${seed}`));
    for (const value of [1, 2, 1]) service("n0", write(value));
    service("n0", write("last", "y"));
    // It changes a state without x or with 2, so it is performed on the newest; in a state with 1 it stays.
    service("n1", write(1));
    service("n1", write("n1 is current", "z"));
    assertEquals([readX(service, "n1"), service("n1", { type: "read", key: "y" }).value], [1, "last"]);
  }
});

Deno.test("the same seed gives the same replies", () => {
  fc.assert(fc.property(REQUESTS, SEED, (requests, seed) => {
    const [one, other] = [createSeqKV(seededRandom(seed)), createSeqKV(seededRandom(seed))];
    for (const { client, request } of requests) assertEquals(one(client, request), other(client, request));
  }));
});
