import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Operation } from "../../../../lib/workbench/history/operation.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import type { Invocation, OperationGenerator } from "../../../../lib/workbench/workloads/workload.ts";
import { kafkaWorkload } from "../../../../lib/workbench/workloads/kafka/mod.ts";
import { kafkaFinalPolls, kafkaOperations } from "../../../../lib/workbench/workloads/kafka/generator.ts";
import { testOptions } from "../../run/stand_in.ts";
import { CORRECT_NODES } from "../correct_nodes.ts";
import { drive } from "../drive.ts";

function ok(f: string, value: unknown, time = 0): Operation {
  return { index: 0, time, type: "ok", process: 0, f, value };
}

/** Draws operations that never complete, `interval` ns apart. */
function draw(seed: string, count: number, interval = 0, options = {}): Invocation[] {
  const generator = kafkaOperations(testOptions(options), seededRandom(seed));
  return Array.from({ length: count }, (_, index) => {
    const next = generator.next(0, 0) as Invocation;
    generator.update!({ ...ok(next.f, next.value ?? null, index * interval), type: "invoke" }, 0);
    return next;
  });
}

Deno.test("sends and polls in equal parts, one assign in 64 operations", () => {
  const drawn = draw("shares", 64_000, 0, { maxWritesPerKey: 1e9 });
  const share = (f: string) => drawn.filter((next) => next.f === f).length / drawn.length;
  assertAlmostEquals(share("assign"), 1 / 64, 0.002);
  assertAlmostEquals(share("send"), share("poll"), 0.02);
  assertEquals(drawn.filter(({ f }) => f === "crash").length, 1);
});

Deno.test("each transaction has one micro-operation, and keys are strings", () => {
  for (const { f, value } of draw("shape", 2000)) {
    if (f === "poll") assertEquals(value, [["poll"]]);
    else if (f === "send") {
      const [[name, key, message], ...more] = value as [string, string, number][] as [[string, string, number]];
      assertEquals([name, typeof key, Number.isInteger(message), more], ["send", "string", true, []]);
    } else if (f === "assign") assertEquals((value as string[]).map((key) => typeof key), ["string"]);
    else assertEquals([f, value], ["crash", undefined]);
  }
});

Deno.test("each key receives 1, 2, 3 … up to the limit, and half of the sends go to the hottest key", () => {
  const options = fc.record({
    maxWritesPerKey: fc.integer({ min: 1, max: 30 }),
    keyCount: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(fc.property(fc.string(), options, (seed, options) => {
    const sends = draw(seed, 500, 0, options).filter(({ f }) => f === "send");
    const last = new Map<string, number>();
    for (const { value } of sends) {
      const [[, key, message]] = value as [[string, string, number]];
      assertEquals(message, (last.get(key) ?? 0) + 1);
      assert(message <= options.maxWritesPerKey);
      last.set(key, message);
    }
  }));
  const keys = draw("hot", 4000, 0, { maxWritesPerKey: 1e9 }).filter(({ f }) => f === "send")
    .map(({ value }) => (value as [[string, string, number]])[0][1]);
  assertAlmostEquals(keys.filter((key) => key === "9").length / keys.length, 512 / 1023, 0.03);
});

Deno.test("the first crash is due at once, and then each client's every 30 s on average", () => {
  // 4 clients, 1000 operations a second, one hour.
  const drawn = draw("crash", 400_000, 9e6, { concurrency: 4 });
  const crashes = drawn.flatMap(({ f }, index) => f === "crash" ? [index] : []);
  assert(crashes[0]! < 20);
  assertAlmostEquals(crashes.length, 3600 / 30 * 4, 60);
});

/** Returns the assigns of a generator that was updated with these operations. */
function assigns(operations: Operation[], count: number): string[][] {
  // Only keys 0 to 9 are drawn.
  const generator = kafkaOperations(testOptions({ maxWritesPerKey: 1e9 }), seededRandom("assigns"));
  for (const operation of operations) generator.update!(operation, 0);
  const found: string[][] = [];
  while (found.length < count) {
    const { f, value } = generator.next(0, 0) as Invocation;
    if (f === "assign") found.push(value as string[]);
  }
  return found;
}

Deno.test("one assign in three adds the keys with unseen messages", () => {
  const sent = [ok("send", [["send", "100", [0, 1]]]), ok("send", [["send", "101", [5, 1]]])];
  const found = assigns(sent, 600);
  const catchUps = found.filter((keys) => keys.includes("100"));
  assertAlmostEquals(catchUps.length / 600, 1 / 3, 0.06);
  for (const keys of found) {
    if (keys.length === 1) continue;
    assertEquals(keys.slice(0, 2), ["100", "101"]);
    assertEquals(keys.length, 3);
  }
});

Deno.test("a key polled to its last acknowledged offset is not unseen", () => {
  const operations = [
    ok("send", [["send", "100", [0, 1]]]),
    ok("send", [["send", "100", [3, 2]]]),
    ok("poll", [["poll", { "100": [[0, 1], [3, 2]] }]]),
    ok("send", [["send", "101", [3, 1]]]),
    ok("poll", [["poll", { "101": [[0, 1]], "102": [[0, 1]] }]]),
    { ...ok("send", [["send", "103", 1]]), type: "info" as const },
    { ...ok("send", [["send", "104", 1]]), type: "fail" as const },
    ok("poll", [["poll", {}]]),
    ok("assign", ["105"]),
  ];
  const keys = new Set(assigns(operations, 100).flat().filter((key) => Number(key) >= 100));
  assertEquals(keys, new Set(["101"]));
});

Deno.test("an assign names its key once, even if it has unseen messages", () => {
  const hot = ok("send", [["send", "9", [0, 1]]]);
  for (const keys of assigns([hot], 50)) assertEquals(new Set(keys).size, keys.length);
});

const SEEN = [
  ok("send", [["send", "10", [2, 1]]]),
  ok("send", [["send", "9", [0, 1]]]),
  ok("poll", [["poll", { "9": [[0, 1], [4, 2]], "7": [[1, 1]] }]]),
  { ...ok("send", [["send", "6", 1]]), type: "info" as const },
];

function next(generator: OperationGenerator, worker: number): Invocation | "pending" | undefined {
  return generator.next(worker, worker);
}

Deno.test("finally: a crash, an assign of all keys from the beginning, and polls until all offsets are seen", () => {
  const generator = kafkaFinalPolls(testOptions(), SEEN);
  assertEquals(next(generator, 0), { f: "crash" });
  assertEquals(next(generator, 0), { f: "assign", value: ["7", "9", "10"], seek_to_beginning: true });
  const poll = { f: "poll", value: [["poll"]] };
  assertEquals(next(generator, 0), poll);
  const saw = (messages: Record<string, number[][]>) => generator.update!(ok("poll", [["poll", messages]]), 0);
  saw({ "9": [[0, 1], [4, 2]], "7": [[0, 1]] });
  assertEquals(next(generator, 0), poll);
  generator.update!({ ...ok("poll", [["poll", { "10": [[2, 1]] }]]), type: "fail" }, 0);
  saw({ "12": [[0, 1]], "7": [] });
  assertEquals(next(generator, 0), poll);
  saw({ "10": [[2, 1]] });
  assertEquals(next(generator, 0), poll);
  // An offset above the highest known one is enough too.
  saw({ "7": [[8, 1]] });
  assertEquals(next(generator, 0), undefined);
});

Deno.test("finally: every worker polls until it has seen all itself", () => {
  const generator = kafkaFinalPolls(testOptions({ concurrency: 2 }), [SEEN[0]!]);
  for (const worker of [0, 1]) {
    assertEquals((next(generator, worker) as Invocation).f, "crash");
    assertEquals((next(generator, worker) as Invocation).f, "assign");
  }
  generator.update!(ok("poll", [["poll", { "10": [[2, 1]] }]]), 0);
  assertEquals(next(generator, 0), "pending");
  assertEquals((next(generator, 1) as Invocation).f, "poll");
  generator.update!(ok("poll", [["poll", { "10": [[2, 1]] }]]), 1);
  assertEquals(next(generator, 1), undefined);
});

Deno.test("finally: an empty history needs no polls", () => {
  const generator = kafkaFinalPolls(testOptions({ concurrency: 2 }), []);
  assertEquals([next(generator, 0), next(generator, 1)], ["pending", undefined]);
});

Deno.test("the final polls of a correct node end", async () => {
  const options = { concurrency: 3 };
  const { history, main } = await drive({ workload: kafkaWorkload, node: CORRECT_NODES.kafka!(), options, count: 900 });
  const final = history.slice(main).filter(({ type }) => type === "invoke").map(({ f }) => f);
  const count = (f: string) => final.filter((name) => name === f).length;
  assertEquals([count("crash"), count("assign"), count("poll"), final.length], [3, 3, 3, 9]);
});
