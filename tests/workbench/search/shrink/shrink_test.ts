import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Configuration } from "../../../../lib/workbench/request/configuration.ts";
import { FAULTS } from "../../../../lib/workbench/run/nemesis/faults.ts";
import { shrink } from "../../../../lib/workbench/search/shrink/shrink.ts";

const LARGE: Configuration = {
  faults: ["partition", "loss", "duplicate", "pause"],
  nodeCount: 25,
  concurrency: 50,
  rate: 100,
  timeLimitSeconds: 20,
  settings: ["latency", "topology"],
};

Deno.test("shrink() finds the smallest configuration that fails", async () => {
  const { smallest } = await shrink(
    LARGE,
    ({ faults, nodeCount, rate, timeLimitSeconds, settings }) =>
      faults.includes("loss") && faults.includes("pause") && nodeCount >= 3 && rate * timeLimitSeconds >= 40 &&
      settings.includes("topology"),
  );
  assertEquals({ ...smallest, rate: 0, timeLimitSeconds: 0 }, {
    faults: ["loss", "pause"],
    nodeCount: 3,
    concurrency: 1,
    rate: 0,
    timeLimitSeconds: 0,
    settings: ["topology"],
  });
  assertEquals([smallest.rate, smallest.timeLimitSeconds], [2, 20]);
});

Deno.test("shrink() tries the smallest first: if everything fails, six tries are enough", async () => {
  const asked: Configuration[] = [];
  const { smallest, tried } = await shrink(LARGE, (smaller) => asked.push(smaller) > 0);
  assertEquals(smallest, { faults: [], nodeCount: 1, concurrency: 1, rate: 1, timeLimitSeconds: 1, settings: [] });
  assertEquals([tried, asked.length], [6, 6]);
});

Deno.test("shrink() returns the original if nothing smaller fails or exists", async () => {
  const { smallest, tried } = await shrink(LARGE, () => false, 1000);
  assert(smallest === LARGE);
  assert(tried > 20 && tried < 60, `${tried} tried`);
  const least = { faults: [], nodeCount: 1, concurrency: 1, rate: 0.5, timeLimitSeconds: 1, settings: [] };
  assertEquals(await shrink(least, () => true), { smallest: least, tried: 0 });
});

Deno.test("shrink() tries every direction again after it has found a smaller one", async () => {
  // Fewer nodes fail only at a low rate, and rates are tried after nodes.
  const { smallest } = await shrink(LARGE, ({ nodeCount, rate }) => nodeCount === 25 || rate === 1);
  assertEquals([smallest.nodeCount, smallest.rate], [1, 1]);
});

Deno.test("shrink() keeps the number of workers per node", async () => {
  const { smallest } = await shrink(LARGE, ({ concurrency, nodeCount }) => concurrency === 2 * nodeCount);
  assertEquals([smallest.nodeCount, smallest.concurrency], [1, 2]);
});

Deno.test("shrink() stops when the budget is used up, with the smallest found so far", async () => {
  for (const budget of [0, 1, 3, 7]) {
    let asked = 0;
    const { smallest, tried } = await shrink(LARGE, ({ nodeCount }) => (asked++, nodeCount >= 2), budget);
    assertEquals([tried, asked], [budget, budget]);
    assertEquals(smallest === LARGE, budget === 0);
  }
});

const configurations = fc.record({
  faults: fc.uniqueArray(fc.constantFrom(...Object.keys(FAULTS))),
  nodeCount: fc.integer({ min: 1, max: 100 }),
  concurrency: fc.integer({ min: 1, max: 100 }),
  rate: fc.double({ min: 0.5, max: 1000, noNaN: true }),
  timeLimitSeconds: fc.integer({ min: 1, max: 60 }),
  settings: fc.uniqueArray(fc.constantFrom("latency", "latency-dist", "topology")),
});

Deno.test("shrink() tries only smaller configurations, none twice, and returns one that failed", async () => {
  await fc.assert(fc.asyncProperty(configurations, fc.infiniteStream(fc.boolean()), async (large, answers) => {
    const failing: Configuration[] = [large];
    const asked = new Set<string>();
    const { smallest } = await shrink(large, (smaller) => {
      const before = failing.at(-1)!;
      assert(!asked.has(JSON.stringify(smaller)));
      asked.add(JSON.stringify(smaller));
      assert(isSmaller(smaller, before), `${JSON.stringify(smaller)} after ${JSON.stringify(before)}`);
      const fails = answers.next().value!;
      if (fails) failing.push(smaller);
      return fails;
    });
    assert(smallest === failing.at(-1));
  }));
});

/** True if nothing in `a` is larger than in `b`, and something is smaller. */
function isSmaller(a: Configuration, b: Configuration): boolean {
  const sizes = ({ nodeCount, concurrency, rate, timeLimitSeconds, faults, settings }: Configuration) => [
    nodeCount,
    concurrency,
    rate,
    timeLimitSeconds,
    faults.length,
    settings.length,
  ];
  const pairs = sizes(a).map((size, index) => [size, sizes(b)[index]!] as const);
  return pairs.every(([a, b]) => a <= b) && pairs.some(([a, b]) => a < b) &&
    a.faults.every((fault) => b.faults.includes(fault)) && a.settings.every((name) => b.settings.includes(name));
}

Deno.test("shrink() gives the same result for the same answers", async () => {
  const fails = ({ nodeCount, rate }: Configuration) => (nodeCount * 7 + rate) % 3 !== 0;
  assertEquals(await shrink(LARGE, fails), await shrink(LARGE, (smaller) => Promise.resolve(fails(smaller))));
});
