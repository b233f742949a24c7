import { assert, assertAlmostEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { gCounterWorkload } from "../../../lib/workbench/workloads/g_counter.ts";
import { testOptions } from "../run/stand_in.ts";

function draw(seed: string, count: number): Invocation[] {
  const generator = gCounterWorkload.generator(testOptions(), seededRandom(seed));
  return Array.from({ length: count }, () => generator.next(0, 0) as Invocation);
}

Deno.test("the negative deltas are dropped, so that reads are two thirds", () => {
  const deltas = draw("g", 10_000).filter(({ f }) => f === "add").map(({ value }) => value as number);
  assertAlmostEquals(deltas.length / 10_000, 1 / 3, 0.03);
  for (let delta = 0; delta <= 4; delta++) {
    assertAlmostEquals(deltas.filter((value) => value === delta).length / deltas.length, 1 / 5, 0.03);
  }
});

Deno.test("no delta is negative", () => {
  fc.assert(fc.property(fc.string(), (seed) => {
    for (const { f, value } of draw(seed, 200)) assert(f === "read" || (value as number) >= 0);
  }));
});
