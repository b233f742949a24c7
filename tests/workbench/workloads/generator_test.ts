import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  concat,
  filter,
  independentKeys,
  mix,
  perWorker,
  repeat,
  type RequestedMicroOperation,
  sequence,
  transactions,
} from "../../../lib/workbench/workloads/generator.ts";
import type { Operation } from "../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation, OperationGenerator } from "../../../lib/workbench/workloads/workload.ts";

const SEEDS = fc.string({ minLength: 1 });

/** Draws `count` operations as worker and process 0. */
function take(generator: OperationGenerator, count: number): (Invocation | "pending" | undefined)[] {
  return Array.from({ length: count }, () => generator.next(0, 0));
}

/** Creates a generator that keeps the operations it is updated with. */
function listener(): OperationGenerator & { seen: unknown[] } {
  const seen: unknown[] = [];
  return { seen, next: () => ({ f: "x" }), update: ({ value }, worker) => void seen.push([worker, value]) };
}

function operation(value: unknown): Operation {
  return { index: 0, time: 0, type: "ok", process: 0, f: "x", value };
}

Deno.test("sequence gives each invocation once", () => {
  assertEquals(take(sequence([{ f: "a" }, { f: "b" }]), 4), [{ f: "a" }, { f: "b" }, undefined, undefined]);
});

Deno.test("concat continues with the next when one is exhausted, and passes pending and updates on", () => {
  const last = listener();
  const generator = concat(sequence([]), sequence([{ f: "a" }, { f: "b" }]), last);
  generator.update!(operation(1), 3);
  assertEquals(take(generator, 3), [{ f: "a" }, { f: "b" }, { f: "x" }]);
  generator.update!(operation(2), 3);
  assertEquals(last.seen, [[3, 2]]);
  assertEquals(take(concat({ next: () => "pending" }, last), 2), ["pending", "pending"]);
  assertEquals(take(concat(sequence([])), 2), [undefined, undefined]);
});

Deno.test("mix draws from all with equal probability", () => {
  const parts = ["a", "b", "c"].map((f) => repeat(() => ({ f })));
  const drawn = take(mix(seededRandom("mix"), parts), 9000).map((next) => (next as Invocation).f);
  for (const f of ["a", "b", "c"]) assertAlmostEquals(drawn.filter((name) => name === f).length / 9000, 1 / 3, 0.03);
});

Deno.test("mix drops exhausted generators, and ends with the last", () => {
  fc.assert(fc.property(SEEDS, fc.nat(5), fc.nat(5), (seed, a, b) => {
    const times = (count: number, f: string) => sequence(Array.from({ length: count }, () => ({ f })));
    const drawn = take(mix(seededRandom(seed), [times(a, "a"), times(b, "b")]), a + b + 2);
    assertEquals(drawn.filter((next) => next !== undefined).length, a + b);
    assertEquals(drawn.slice(-2), [undefined, undefined]);
  }));
});

Deno.test("mix passes updates on", () => {
  const parts = [listener(), listener()];
  mix(seededRandom("updates"), parts).update!(operation(1), 2);
  assertEquals(parts.map(({ seen }) => seen), [[[2, 1]], [[2, 1]]]);
});

Deno.test("filter skips what does not pass, and passes pending and the end on", () => {
  const inner = listener();
  const odd = ({ value }: Invocation) => (value as number) % 2 === 1;
  const generator = filter(odd, sequence([1, 2, 4, 5].map((value) => ({ f: "a", value }))));
  assertEquals(take(generator, 3), [{ f: "a", value: 1 }, { f: "a", value: 5 }, undefined]);
  assertEquals(filter(odd, { next: () => "pending" }).next(0, 0), "pending");
  filter(odd, inner).update!(operation(7), 1);
  assertEquals(inner.seen, [[1, 7]]);
});

Deno.test("perWorker gives each worker its own generator, and ends with the last", () => {
  const generator = perWorker(2, (worker) => sequence([{ f: "read", value: worker }]));
  assertEquals(generator.next(1, 1), { f: "read", value: 1 });
  assertEquals(generator.next(1, 1), "pending");
  assertEquals(generator.next(1, 1), "pending");
  assertEquals(generator.next(0, 0), { f: "read", value: 0 });
  assertEquals(generator.next(1, 1), "pending");
  assertEquals(generator.next(0, 2), undefined);
  assertEquals(generator.next(1, 1), undefined);
});

Deno.test("perWorker does not ask an exhausted generator again", () => {
  let asked = 0;
  const generator = perWorker(2, () => ({ next: () => void asked++ }));
  for (let i = 0; i < 5; i++) assertEquals(generator.next(0, 0), "pending");
  assertEquals(asked, 1);
});

Deno.test("perWorker updates a worker's generator with that worker's operations only", () => {
  const listeners = [listener(), listener()];
  perWorker(2, (worker) => listeners[worker]!).update!(operation(1), 1);
  assertEquals(listeners.map(({ seen }) => seen), [[], [[1, 1]]]);
});

Deno.test("independentKeys gives each group of workers its own keys, and pairs values with them", () => {
  const generator = independentKeys({
    concurrency: 5,
    groupSize: 2,
    processLimit: 20,
    create: ({ size, position }) => ({ next: (worker) => ({ f: "x", value: [size, position(worker)] }) }),
  });
  const values = [0, 1, 2, 3, 4].map((worker) => (generator.next(worker, worker) as Invocation).value);
  assertEquals(values, [[0, [2, 0]], [0, [2, 1]], [1, [2, 0]], [1, [2, 1]], [2, [1, 0]]]);
});

Deno.test("independentKeys moves on to a new key only when a key's generator is exhausted", () => {
  const generator = independentKeys({
    concurrency: 2,
    groupSize: 1,
    processLimit: 20,
    create: ({ key }) => key === 3 ? { next: () => "pending" } : sequence([{ f: "x" }]),
  });
  assertEquals(generator.next(0, 0), { f: "x", value: [0, null] });
  assertEquals(generator.next(1, 1), { f: "x", value: [1, null] });
  assertEquals(generator.next(1, 1), { f: "x", value: [2, null] });
  assertEquals(generator.next(1, 1), "pending");
  assertEquals(generator.next(0, 0), { f: "x", value: [4, null] });
});

Deno.test("independentKeys never lets more processes than allowed use a key", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { minLength: 200, maxLength: 400 }),
      fc.integer({ min: 1, max: 9 }),
      (order, limit) => {
        const generator = independentKeys({
          concurrency: 6,
          groupSize: 3,
          processLimit: limit,
          create: () => repeat(() => ({ f: "x" })),
        });
        const processes = [0, 1, 2, 3, 4, 5];
        const byKey = new Map<number, Set<number>>();
        for (const [index, worker] of order.entries()) {
          const process = processes[worker]!;
          const [key] = (generator.next(worker, process) as Invocation).value as [number, null];
          byKey.set(key, (byKey.get(key) ?? new Set()).add(process));
          // Every third operation is info.
          if (index % 3 === 0) processes[worker] = process + 6;
        }
        assert(byKey.size > 2);
        for (const members of byKey.values()) assert(members.size <= Math.max(limit, 3));
      },
    ),
  );
});

Deno.test("independentKeys updates a key's generator with its own operations, without the key", () => {
  const made: (OperationGenerator & { seen: unknown[] })[] = [];
  const generator = independentKeys({
    concurrency: 2,
    groupSize: 2,
    processLimit: 2,
    create: () => made[made.push(listener()) - 1]!,
  });
  generator.next(0, 0);
  generator.next(1, 1);
  generator.update!(operation([0, "mine"]), 0);
  generator.next(0, 2);
  generator.update!(operation([0, "late"]), 1);
  generator.update!(operation([1, "next"]), 1);
  assertEquals(made.map(({ seen }) => seen), [[[0, "mine"]], [[1, "next"]]]);
});

const OPTIONS = { write: "w", keyCount: 10, minLength: 1, maxLength: 4, maxWritesPerKey: 16 };

function draw(seed: string, count: number, options: Partial<typeof OPTIONS> = {}): RequestedMicroOperation[][] {
  const next = transactions(seededRandom(seed), { ...OPTIONS, ...options });
  return Array.from({ length: count }, next);
}

Deno.test("transactions: lengths within limits, values 1, 2, 3 …, and full keys are replaced", () => {
  const options = fc.record({
    keyCount: fc.integer({ min: 1, max: 20 }),
    minLength: fc.integer({ min: 1, max: 3 }),
    maxLength: fc.integer({ min: 3, max: 9 }),
    maxWritesPerKey: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(fc.property(SEEDS, options, (seed, options) => {
    const drawn = draw(seed, 300, options);
    const writes = new Map<number, number>();
    for (const transaction of drawn) {
      assert(transaction.length >= options.minLength && transaction.length <= options.maxLength);
      for (const [f, key, value] of transaction) {
        if (f === "r") assertEquals(value, null);
        else {
          assertEquals(f, "w");
          assertEquals(value, (writes.get(key) ?? 0) + 1);
          writes.set(key, value!);
        }
      }
    }
    for (const count of writes.values()) assert(count <= options.maxWritesPerKey);
    // Keys come into use in order, so the first one that is not full bounds those in use.
    const keys = new Set(drawn.flat().map(([, key]) => key));
    const full = [...writes.values()].filter((count) => count === options.maxWritesPerKey).length;
    for (const key of keys) assert(key >= 0 && key < options.keyCount + full);
  }));
});

Deno.test("transactions: lengths and functions have equal probability", () => {
  const drawn = draw("lengths", 8000);
  for (const length of [1, 2, 3, 4]) {
    assertAlmostEquals(drawn.filter((transaction) => transaction.length === length).length / 8000, 1 / 4, 0.03);
  }
  const operations = drawn.flat();
  // A write to a full key is drawn again, so reads are slightly more than half.
  assertAlmostEquals(operations.filter(([f]) => f === "r").length / operations.length, 0.5, 0.03);
});

Deno.test("transactions: each key in use is drawn twice as often as the one before it", () => {
  const counts = new Map<number, number>();
  const operations = draw("keys", 20_000, { keyCount: 4, maxWritesPerKey: Infinity }).flat();
  for (const [, key] of operations) counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const [key, share] of [1, 2, 4, 8].entries()) {
    assertAlmostEquals(counts.get(key)! / operations.length, share / 15, 0.01);
  }
});

Deno.test("transactions: any number of keys", () => {
  for (const keyCount of [1, 2, 1100]) {
    for (const [, key] of draw("many", 500, { keyCount, maxWritesPerKey: Infinity }).flat()) {
      assert(Number.isInteger(key) && key >= 0 && key < keyCount);
    }
  }
  for (const extreme of [0, 1 - 2 ** -53]) {
    const random = { ...seededRandom(""), float: () => extreme, integer: () => 0 };
    const [[, key]] = transactions(random, OPTIONS)() as [RequestedMicroOperation];
    assertEquals(key, extreme === 0 ? 0 : 9);
  }
});

Deno.test("transactions: the same seed gives the same", () => {
  assertEquals(draw("same", 100), draw("same", 100));
  assert(JSON.stringify(draw("same", 100)) !== JSON.stringify(draw("other", 100)));
});
