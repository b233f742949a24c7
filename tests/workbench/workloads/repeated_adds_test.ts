import { assert, assertAlmostEquals, assertEquals, unreachable } from "@std/assert";
import { runVirtualTest } from "../../../lib/workbench/engines/virtual_run.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import { adds } from "../../../lib/workbench/workloads/repeated_adds.ts";
import type { Invocation } from "../../../lib/workbench/workloads/workload.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import type { AnyNode } from "../../../mod.ts";
import { runOptions, testOptions } from "../run/stand_in.ts";

function draw(repeatAdds: number | undefined, count: number): unknown[] {
  const { next } = adds("add", testOptions({ repeatAdds }), seededRandom("dune"));
  return Array.from({ length: count }, () => (next(0, 0) as Invocation).value);
}

Deno.test("the share of adds that repeat an earlier value is as asked for; without it each is added once", () => {
  const once = Array.from({ length: 100 }, (_, index) => index);
  assertEquals([draw(undefined, 100), draw(0, 100)], [once, once]);
  // Nothing is drawn then: a test of a seed stays as it was before there were repetitions.
  const random = { ...seededRandom("dune"), float: () => unreachable(), integer: () => unreachable() };
  const undrawn = adds("add", testOptions(), random);
  assertEquals([undrawn.next(0, 0), undrawn.next(0, 0)].map((next) => (next as Invocation).value), [0, 1]);
  const values = draw(0.25, 4000);
  assertAlmostEquals(1 - new Set(values).size / 4000, 0.25, 0.02);
  values.forEach((value, index) => assert(value === 0 || values.slice(0, index).includes(value as number - 1)));
  assertEquals(draw(1, 5), [0, 0, 0, 0, 0]);
});

for (
  const [workload, fields] of [["g-set", ["add", "element", "value"]], ["broadcast", [
    "broadcast",
    "message",
    "messages",
  ]]] as const
) {
  Deno.test(`${workload}: a list instead of a set is found by repeated adds only`, async () => {
    const [add, element, values] = fields;
    const program = (remember: (values: unknown[], value: unknown) => void) => (node: AnyNode) => {
      const known: unknown[] = [];
      node.on("topology", () => ({}));
      node.on(add, (body) => {
        remember(known, body[element]);
        return {};
      });
      node.on("read", () => ({ [values]: known }));
    };
    const list = program((known, value) => known.push(value));
    const set = program((known, value) => known.includes(value) || known.push(value));
    const run = async (node: (node: AnyNode) => void, repeatAdds: number) => {
      const options = { workload: WORKLOADS[workload]!, nodes: ["n0"], timeLimitSeconds: 5, rate: 40, repeatAdds };
      return (await runVirtualTest(runOptions(options), node)).valid;
    };
    assertEquals([await run(list, 0), await run(list, 0.2), await run(set, 0.2)], [true, false, true]);
  });
}
