import { assert, assertAlmostEquals } from "@std/assert";
import fc from "fast-check";
import { fewestMessages } from "../../bench/bounds.ts";
import { seededRandom } from "../../lib/workbench/world/random.ts";

Deno.test("fewestMessages() matches a sender that waits as long as possible and then sends everything", () => {
  const [nodes, delay, latency, rate] = [5, 700, 100, 10];
  const random = seededRandom("bounds");
  let messages = 0;
  let [time, due] = [0, -1];
  // One node, which receives 20,000 values of the others.
  for (let i = 0; i < 20_000; i++) {
    time += random.exponential(1000 / (rate * (nodes - 1) / nodes));
    if (time <= due) continue;
    messages++;
    due = time + delay - latency;
  }
  const perSecond = nodes * messages / (time / 1000);
  assertAlmostEquals(fewestMessages({ nodes, delay, latency, rate }) / perSecond, 1, 0.02);
});

Deno.test("fewestMessages() falls with the delay, grows with nodes and values, and never exceeds a mesh's's", () => {
  const positive = fc.double({ min: 1, max: 10_000, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1000 }), positive, positive, positive, (nodes, delay, latency, rate) => {
      const fewest = fewestMessages({ nodes, delay, latency, rate });
      assert(fewest <= (nodes - 1) * rate * (1 + 1e-9));
      assert(fewest >= fewestMessages({ nodes, delay: delay + 10, latency, rate }));
      assert(fewest <= fewestMessages({ nodes: nodes + 1, delay, latency, rate }));
      assert(fewest <= fewestMessages({ nodes, delay, latency, rate: rate + 1 }));
    }),
  );
});
