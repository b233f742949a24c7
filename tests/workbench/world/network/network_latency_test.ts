import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Latency } from "../../../../lib/workbench/world/network/latency.ts";
import { createRig, values } from "./network_rig.ts";

const DRAWS = 20_000;

/** Draws many latencies. */
async function latencies(latency: Latency): Promise<number[]> {
  const rig = createRig(latency);
  for (let i = 0; i < DRAWS; i++) rig.send("n0", "n1");
  await rig.clock.run();
  return rig.arrived.map(({ at }) => at);
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

Deno.test("constant latency is always the mean", async () => {
  assertEquals(new Set(await latencies({ mean: 30, distribution: "constant" })), new Set([30]));
});

Deno.test("uniform latency lies between 0 and twice the mean", async () => {
  const drawn = await latencies({ mean: 30, distribution: "uniform" });
  assert(drawn.every((latency) => latency >= 0 && latency < 60));
  assertAlmostEquals(mean(drawn), 30, 0.6);
  assertAlmostEquals(drawn.filter((latency) => latency < 15).length / DRAWS, 1 / 4, 0.02);
});

Deno.test("exponential latency has the mean, and a long tail", async () => {
  const drawn = await latencies({ mean: 30, distribution: "exponential" });
  assert(drawn.every((latency) => latency >= 0));
  assertAlmostEquals(mean(drawn), 30, 1);
  assertAlmostEquals(drawn.filter((latency) => latency > 90).length / DRAWS, Math.exp(-3), 0.01);
});

Deno.test("every distribution with mean 0 gives no latency", async () => {
  for (const distribution of ["constant", "uniform", "exponential"] as const) {
    assert((await latencies({ mean: 0, distribution })).every((latency) => latency === 0), distribution);
  }
});

Deno.test("messages that are due at the same time arrive in the order of sending", async () => {
  const rig = createRig();
  for (let i = 0; i < 100; i++) rig.send(`n${i % 2}`, "n2", i);
  await rig.clock.run();
  assertEquals(values(rig), Array.from({ length: 100 }, (_, i) => i));
});

Deno.test("messages arrive in the order in which they are due, not in the order of sending", async () => {
  const rig = createRig({ mean: 100, distribution: "uniform" });
  for (let i = 0; i < 100; i++) rig.send("n0", "n1", i);
  await rig.clock.run();
  const times = rig.arrived.map(({ at }) => at);
  assertEquals(times, [...times].sort((a, b) => a - b));
  assert(values(rig).some((value, i) => value !== i), "nothing has overtaken anything");
  assertEquals(new Set(values(rig)).size, 100);
});

Deno.test("a slow message does not hold up the next one", async () => {
  const rig = createRig();
  rig.send("n0", "n1", "slow");
  rig.send("c0", "n1", "fast");
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at, message }) => [message.body.value, at]), [["fast", 0], ["slow", 100]]);
});

Deno.test("one at a time, a message under way to a node holds up later ones, those of clients too", async () => {
  const rig = createRig(undefined, undefined, true);
  rig.send("n0", "n1", "slow");
  rig.send("c0", "n1", "behind it");
  rig.send("c0", "n2", "elsewhere");
  await rig.clock.run(50);
  rig.send("n1", "c0", "to a client");
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at, message }) => [message.body.value, at]), [
    ["elsewhere", 0],
    ["to a client", 50],
    ["slow", 100],
    ["behind it", 100],
  ]);
});

Deno.test("one at a time, a message that is cut off or delayed holds up no other", async () => {
  const rig = createRig(undefined, undefined, true);
  rig.network.drop("n0", "n1");
  rig.send("n0", "n1", "lost");
  rig.network.disturb("delay", ["n2"], (delays) => delays.map((delay) => delay + 1000));
  rig.send("n2", "n1", "late");
  rig.send("c0", "n1", "at once");
  await rig.clock.run(50);
  assertEquals(values(rig), ["at once"]);
  await rig.clock.run(1050);
  rig.send("c0", "n1", "behind what is late");
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at }) => at), [0, 1100, 1100]);
});
