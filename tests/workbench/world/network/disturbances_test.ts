import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  delaying,
  type Disturbance,
  duplicating,
  losing,
  reordering,
} from "../../../../lib/workbench/world/network/disturbances.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

const DRAWS = 20_000;

/** Applies a disturbance to many messages that would arrive after 100 ms. */
function disturb(disturbance: Disturbance): number[][] {
  return Array.from({ length: DRAWS }, () => disturbance([100]));
}

function share(outcomes: number[][], holds: (delays: number[]) => boolean): number {
  return outcomes.filter(holds).length / DRAWS;
}

Deno.test("loss drops its share of messages, and leaves the others unchanged", () => {
  for (const probability of [0, 0.05, 0.5, 1]) {
    const outcomes = disturb(losing(probability, seededRandom("dune")));
    assertAlmostEquals(share(outcomes, ({ length }) => length === 0), probability, 0.01);
    assert(outcomes.every((delays) => delays.length === 0 || delays.join() === "100"));
  }
});

Deno.test("duplication repeats its share of messages, up to a bound after the first arrival", () => {
  for (const probability of [0, 0.2, 1]) {
    const outcomes = disturb(duplicating(probability, 40, seededRandom("dune")));
    assertAlmostEquals(share(outcomes, ({ length }) => length === 2), probability, 0.01);
    assert(outcomes.every(([first, second = 100]) => first === 100 && second >= 100 && second < 140));
    const behind = outcomes.flatMap(([, second]) => second === undefined ? [] : [second - 100]);
    if (probability === 1) assertAlmostEquals(behind.reduce((sum, each) => sum + each) / behind.length, 20, 0.5);
  }
});

Deno.test("delay adds the same time to every message", () => {
  assertEquals(delaying(250)([100]), [350]);
  assertEquals(delaying(250)([0, 10]), [250, 260]);
});

Deno.test("reordering delays its share of messages, up to a bound, so that others overtake them", () => {
  for (const probability of [0, 0.5, 1]) {
    const outcomes = disturb(reordering(probability, 40, seededRandom("dune")));
    assertAlmostEquals(share(outcomes, ([delay]) => delay! > 100), probability, 0.01);
    assert(outcomes.every(([delay]) => delay! >= 100 && delay! < 140));
    const overtaken = outcomes.slice(1).filter(([delay], i) => delay! < outcomes[i]![0]!).length;
    assertEquals(overtaken > 0, probability > 0);
  }
});

Deno.test("a lost message is neither duplicated nor delayed", () => {
  const draws = seededRandom("dune");
  for (const disturbance of [losing(0, draws), duplicating(1, 40, draws), delaying(250), reordering(1, 40, draws)]) {
    assertEquals(disturbance([]), []);
  }
});

Deno.test("a disturbance returns a new array, and does not change its argument", () => {
  const draws = seededRandom("dune");
  const delays = Object.freeze([100, 200]) as readonly number[];
  for (const probability of [0, 1]) {
    const random = [
      losing(probability, draws),
      duplicating(probability, 40, draws),
      reordering(probability, 40, draws),
    ];
    for (const disturbance of [...random, delaying(0)]) disturbance(delays).push(300);
  }
  assertEquals(delays, [100, 200]);
});

/** Creates all four, each with its own stream, as a nemesis does. */
function all(seed: string): Disturbance[] {
  const stream = (name: string) => seededRandom(seed).stream(name);
  return [
    losing(0.3, stream("loss")),
    duplicating(0.3, 1024, stream("duplicate")),
    delaying(256),
    reordering(0.3, 1024, stream("reorder")),
  ];
}

/** Returns the arrivals of some messages in order of time, rounded to 1 ns: a sum depends on its order. */
function deliveries(disturbances: Disturbance[], messages: number): number[][] {
  return Array.from({ length: messages }, () => {
    const delays = disturbances.reduce<number[]>((delays, disturb) => disturb(delays), [100]);
    return delays.map((delay) => Math.round(delay * 1e6)).sort((a, b) => a - b);
  });
}

Deno.test("disturbances commute", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  fc.assert(fc.property(fc.string(), order, (seed, order) => {
    const [straight, shuffled] = [all(seed), all(seed)];
    assertEquals(deliveries(straight, 30), deliveries(order.map((index) => shuffled[index]!), 30));
  }));
});

Deno.test("the draws of a disturbance do not depend on the others", () => {
  fc.assert(fc.property(fc.string(), (seed) => {
    const alone = deliveries([all(seed)[0]!], 50).map(({ length }) => length === 0);
    const together = deliveries(all(seed), 50).map(({ length }) => length === 0);
    assertEquals(together, alone);
    const copied = deliveries([all(seed)[1]!], 50).map(({ length }) => length);
    const later = deliveries(all(seed).slice(1), 50).map(({ length }) => length);
    assertEquals(later, copied);
  }));
});
