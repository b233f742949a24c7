import { assert, assertAlmostEquals, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { newSeed, type Random, seededRandom } from "../../../lib/workbench/world/random.ts";

/** Calls a function `count` times. */
function draws<T>(count: number, draw: () => T): T[] {
  return Array.from({ length: count }, draw);
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Draws once with each method. */
function sample(random: Random): unknown[] {
  return [
    random.float(),
    random.integer(1e9),
    random.exponential(3),
    random.pick(["a", "b", "c", "d"]),
    random.shuffle([1, 2, 3, 4, 5, 6, 7]),
    random.fill(new Uint8Array(8)),
    random.fill(new Uint32Array(4)),
    random.stream("s").float(),
  ];
}

Deno.test("seededRandom draws the same for the same seed", () => {
  fc.assert(fc.property(fc.string(), (seed) => assertEquals(sample(seededRandom(seed)), sample(seededRandom(seed)))));
});

Deno.test("seededRandom draws other numbers for another seed", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 }), ([a, b]) => {
    assertNotEquals(draws(4, seededRandom(a!).float), draws(4, seededRandom(b!).float));
  }));
});

Deno.test("seededRandom never changes, so that an old seed still repeats its test", () => {
  const random = seededRandom("dune");
  assertEquals(draws(5, () => random.integer(1000)), [836, 918, 278, 294, 925]);
  assertEquals(random.stream("network").integer(1000), 7);
});

Deno.test("the first draws of seeds that look alike are independent", () => {
  const numbers = Array.from({ length: 10_000 }, (_, i) => seededRandom(`seed-${i}`).float());
  assertAlmostEquals(mean(numbers), 1 / 2, 0.015);
  assertAlmostEquals(mean(numbers.slice(1).map((number, i) => number * numbers[i]!)), 1 / 4, 0.015);
});

Deno.test("a stream does not depend on draws from others", () => {
  const names = fc.string();
  fc.assert(fc.property(names, names, fc.nat(50), (seed, name, before) => {
    const random = seededRandom(seed);
    draws(before, random.float);
    draws(before, random.stream("other").float);
    assertEquals(sample(random.stream(name)), sample(seededRandom(seed).stream(name)));
  }));
});

Deno.test("streams of different names, and of different parents, are different", () => {
  const paths = fc.uniqueArray(
    fc.array(fc.constantFrom("", "a", "b", "/", "a/b", "1", "/1/", "ab"), { maxLength: 3 }),
    {
      minLength: 2,
      maxLength: 2,
      selector: (path) => JSON.stringify(path),
    },
  );
  const walk = (path: string[]) => path.reduce((random, name) => random.stream(name), seededRandom("seed"));
  fc.assert(fc.property(paths, ([a, b]) => {
    assertNotEquals(draws(4, walk(a!).float), draws(4, walk(b!).float));
  }));
});

Deno.test("float is uniform from 0 to below 1, in fine steps", () => {
  const numbers = draws(20_000, seededRandom("float").float);
  assert(numbers.every((number) => number >= 0 && number < 1));
  assertAlmostEquals(mean(numbers), 1 / 2, 0.01);
  assertAlmostEquals(mean(numbers.map((number) => number ** 2)), 1 / 3, 0.01);
  assertEquals(new Set(numbers).size, 20_000);
});

Deno.test("integer draws each number equally often, and none out of range", () => {
  const random = seededRandom("integer");
  const counts = new Map<number, number>();
  for (const number of draws(70_000, () => random.integer(7))) counts.set(number, (counts.get(number) ?? 0) + 1);
  assertEquals([...counts.keys()].sort(), [0, 1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) assertAlmostEquals(count, 10_000, 400);
  assertEquals(random.integer(1), 0);
});

Deno.test("integer refuses a bound below 1", () => {
  for (const bound of [0, -1, NaN]) {
    assertThrows(() => seededRandom("").integer(bound), RangeError, `from 0 to below ${bound}`);
  }
});

Deno.test("exponential has its mean, and its share above it", () => {
  const random = seededRandom("exponential");
  const numbers = draws(50_000, () => random.exponential(20));
  assert(numbers.every((number) => number >= 0 && Number.isFinite(number)));
  assertAlmostEquals(mean(numbers), 20, 0.5);
  assertAlmostEquals(numbers.filter((number) => number > 20).length / numbers.length, Math.exp(-1), 0.01);
  assertAlmostEquals(random.exponential(0), 0);
});

Deno.test("pick draws each element, and refuses an empty array", () => {
  const random = seededRandom("pick");
  assertEquals(new Set(draws(100, () => random.pick(["a", "b", "c"]))).size, 3);
  assertThrows(() => random.pick([]), RangeError, "there are no elements");
});

Deno.test("shuffle keeps the elements, and does not change its argument", () => {
  fc.assert(fc.property(fc.string(), fc.array(fc.integer()), (seed, elements) => {
    const before = [...elements];
    const shuffled = seededRandom(seed).shuffle(elements);
    assertEquals(elements, before);
    assertEquals([...shuffled].sort((a, b) => a - b), [...elements].sort((a, b) => a - b));
  }));
});

Deno.test("shuffle draws each order equally often", () => {
  const random = seededRandom("shuffle");
  const counts = new Map<string, number>();
  for (const order of draws(24_000, () => random.shuffle(["a", "b", "c", "d"]).join(""))) {
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assertEquals(counts.size, 24);
  for (const count of counts.values()) assertAlmostEquals(count, 1000, 150);
});

Deno.test("fill draws every bit", () => {
  const random = seededRandom("fill");
  for (const [array, bits] of [[new Uint8Array(4000), 8], [new Uint32Array(4000), 32]] as const) {
    random.fill(array);
    for (let bit = 0; bit < bits; bit++) {
      const set = Array.from(array).filter((word) => word >>> bit & 1).length;
      assertAlmostEquals(set, 2000, 200);
    }
  }
});

Deno.test("newSeed is short, easy to type, and new", () => {
  const seeds = draws(1000, newSeed);
  for (const seed of seeds) assertMatch(seed, /^[a-hjkmnp-z2-9]{8}$/);
  assertEquals(new Set(seeds).size, 1000);
});
