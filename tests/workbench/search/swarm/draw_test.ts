import { assert, assertEquals } from "@std/assert";
import { parseArguments } from "../../../../lib/workbench/request/arguments.ts";
import { type Challenge, CHALLENGES, findChallenge } from "../../../../lib/workbench/request/challenges.ts";
import { createRequest } from "../../../../lib/workbench/request/request.ts";
import { SURVIVES } from "../../../../lib/workbench/run/survives.ts";
import { drawTest } from "../../../../lib/workbench/search/swarm/draw.ts";
import { TOPOLOGIES } from "../../../../lib/workbench/workloads/topology.ts";
import type { TestOptions } from "../../../../lib/workbench/workloads/workload.ts";
import { fakeMachine } from "../../engines/fake_machine.ts";

function optionsOf(challenge: Challenge, flags: string[]): TestOptions {
  return createRequest(challenge, parseArguments(["--sim", ...flags]), fakeMachine())
    .options;
}

/** Draws the first tests of a swarm of one challenge. */
function draws(challenge: Challenge, count: number): TestOptions[] {
  return Array.from({ length: count }, (_, i) => optionsOf(challenge, drawTest("dune", i + 1, [challenge]).flags));
}

Deno.test("drawTest() depends only on seed and number, not on earlier draws", () => {
  const first = [1, 2, 3].map((number) => drawTest("dune", number, CHALLENGES));
  assertEquals(drawTest("dune", 3, CHALLENGES), first[2]);
  assertEquals([1, 2, 3].map((number) => drawTest("dune", number, CHALLENGES)), first);
  assertEquals(new Set(first.map(({ flags }) => flags.join(" "))).size, 3);
  assert(drawTest("arrakis", 1, CHALLENGES).flags.join(" ") !== first[0]!.flags.join(" "));
});

Deno.test("drawTest() draws every challenge once in as many tests, in another order each time, and no other", () => {
  const ids = (round: number, challenges: readonly Challenge[]) =>
    challenges.map((_, place) => drawTest("dune", round * challenges.length + place + 1, challenges).challenge.id);
  const orders = [0, 1, 2, 3].map((round) => ids(round, CHALLENGES));
  for (const order of orders) assertEquals(order.toSorted(), CHALLENGES.map(({ id }) => id).toSorted());
  assertEquals(new Set(orders.map((order) => order.join())).size, orders.length);
  assertEquals(ids(5, [findChallenge("3e")!]), ["3e"]);
});

for (const challenge of CHALLENGES) {
  Deno.test(`drawTest() stays close to the official test of ${challenge.id}`, () => {
    const official = optionsOf(challenge, []);
    const within = (name: string, value: number, figure: number) =>
      assert(value >= figure / 4 && value <= figure * 4, `${name} ${value}, official ${figure}`);
    for (const options of draws(challenge, 300)) {
      const { nodes, rate, concurrency, latency, nemesis, timeLimitSeconds, availability, nemesisIntervalSeconds } =
        options;
      if (official.nodes.length === 1) assertEquals(nodes.length, 1);
      else within("nodes", nodes.length, official.nodes.length);
      within("rate", rate, official.rate);
      within("workers", concurrency, official.concurrency / official.nodes.length * nodes.length);
      if (official.latency.mean > 0) within("latency", latency.mean, official.latency.mean);
      else assert(latency.mean <= 100, `latency ${latency.mean}`);
      assertEquals(nemesis.filter((fault) => !SURVIVES[challenge.id]!.includes(fault)), []);
      const idle = nemesis.includes("pause") || nemesis.includes("kill");
      assertEquals(availability, idle ? undefined : official.availability);
      // The test does not take long.
      assert(timeLimitSeconds >= 1 && timeLimitSeconds <= 4 * official.timeLimitSeconds);
      assert(rate * timeLimitSeconds <= Math.max(4000, rate), `${rate} for ${timeLimitSeconds} s`);
      assert(rate * timeLimitSeconds <= Math.max(rate, 40_000 / nodes.length), `${nodes.length} nodes`);
      assert(rate * timeLimitSeconds <= Math.max(rate, 1_000_000 / nodes.length ** 2), `${nodes.length} nodes`);
      assert(nemesisIntervalSeconds > 0 && nemesisIntervalSeconds < timeLimitSeconds);
    }
  });
}

Deno.test("drawTest() uses the whole range, below and above the official figures", () => {
  const drawn = draws(findChallenge("3e")!, 300);
  const range = (figure: (options: TestOptions) => number) => {
    const figures = drawn.map(figure);
    return [Math.min(...figures), Math.max(...figures)] as const;
  };
  const [fewest, most] = range(({ nodes }) => nodes.length);
  assert(fewest <= 8 && most >= 90, `${fewest} to ${most} nodes`);
  const [slowest, fastest] = range(({ rate }) => rate);
  assert(slowest <= 30 && fastest >= 350, `${slowest} to ${fastest} operations a second`);
  const [least, longest] = range(({ latency }) => latency.mean);
  assert(least <= 30 && longest >= 350, `${least} to ${longest} ms`);
  assertEquals(new Set(drawn.map(({ topology }) => topology)).size, Object.keys(TOPOLOGIES).length);
  assertEquals(new Set(drawn.map(({ latency }) => latency.distribution)).size, 3);
});

Deno.test("drawTest() draws each fault with and without others, all together, and none", () => {
  const sets = draws(findChallenge("4")!, 1000).map(({ nemesis }) => nemesis);
  const survived = SURVIVES["4"]!;
  for (const fault of survived) {
    assert(sets.some((set) => set.includes(fault) && set.length > 1), fault);
    assert(sets.some((set) => !set.includes(fault) && set.length > 1), fault);
  }
  assertEquals(new Set(sets.map(({ length }) => length)).size, survived.length + 1);
});
