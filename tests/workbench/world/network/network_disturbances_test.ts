import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { delaying, duplicating, losing } from "../../../../lib/workbench/world/network/disturbances.ts";
import { formatJSON, parseExactJSON } from "../../../../lib/workbench/base/json.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { createRig, type NetworkRig, values } from "./network_rig.ts";

const always = seededRandom("any");

/** Sends one message over each link; returns the times of arrival by "source destination". */
async function eachLink(rig: NetworkRig): Promise<Record<string, number[]>> {
  const began = rig.clock.now();
  rig.arrived.length = 0;
  const times: Record<string, number[]> = {};
  for (const src of ["n0", "n1", "n2", "c0", "seq-kv"]) {
    for (const dest of ["n0", "n1", "n2", "c0", "seq-kv"]) {
      times[`${src} ${dest}`] = [];
      rig.send(src, dest);
    }
  }
  await rig.clock.run();
  for (const { at, message: { src, dest } } of rig.arrived) times[`${src} ${dest}`]!.push(at - began);
  return times;
}

Deno.test("a disturbance applies to all messages from and to its nodes, except those of clients", async () => {
  const groups = fc.subarray(["n0", "n1", "n2"]);
  await fc.assert(fc.asyncProperty(groups, fc.constantFrom(0, 1, 2, 3), async (group, kind) => {
    const rig = createRig();
    const calm = await eachLink(rig);
    const [disturbance, outcome] = [
      [losing(1, always), []] as const,
      [duplicating(1, 0, always), [100, 100]] as const,
      [delaying(250), [350]] as const,
      [losing(0, always), [100]] as const,
    ][kind]!;
    rig.network.disturb("trouble", group, disturbance);
    for (const [link, times] of Object.entries(await eachLink(rig))) {
      const hit = group.some((node) => link.split(" ").includes(node)) && !link.includes("c0");
      assertEquals(times, hit ? [...outcome] : calm[link], link);
    }
    rig.network.calm("trouble");
    assertEquals(await eachLink(rig), calm);
  }));
});

Deno.test("a duplicate keeps numbers as they were written", async () => {
  const rig = createRig();
  rig.network.disturb("duplicate", ["n1"], duplicating(1, 0, always));
  rig.send("n0", "n1", parseExactJSON("[1.0, 9007199254740993, 1]"));
  await rig.clock.run();
  assertEquals(values(rig).map((value) => formatJSON(value)), Array(2).fill("[1.0,9007199254740993,1]"));
});

Deno.test("several disturbances add up, and end independently", async () => {
  const rig = createRig();
  rig.network.disturb("delay", ["n0"], delaying(250));
  rig.network.disturb("duplicate", ["n1"], duplicating(1, 0, always));
  assertEquals((await eachLink(rig))["n0 n1"], [350, 350]);
  rig.network.disturb("loss", ["n0"], losing(1, always));
  assertEquals((await eachLink(rig))["n0 n1"], []);
  rig.network.calm("loss");
  rig.network.calm("delay");
  rig.network.calm("gremlins");
  assertEquals((await eachLink(rig))["n0 n1"], [100, 100]);
  rig.network.calm("duplicate");
  assertEquals((await eachLink(rig))["n0 n1"], [100]);
});

Deno.test("another disturbance of the same name replaces the first", async () => {
  const rig = createRig();
  rig.network.disturb("delay", ["n0"], delaying(250));
  rig.network.disturb("delay", ["n1"], delaying(50));
  const times = await eachLink(rig);
  assertEquals([times["n0 n2"], times["n1 n2"], times["n0 n1"]], [[100], [150], [150]]);
});

Deno.test("a disturbance applies at sending, and leaves messages under way unchanged", async () => {
  const rig = createRig();
  rig.send("n0", "n1", "before");
  rig.network.disturb("delay", ["n0"], delaying(250));
  rig.send("n0", "n1", "during");
  rig.network.calm("delay");
  rig.send("n0", "n1", "after");
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at, message }) => [message.body.value, at]), [
    ["before", 100],
    ["after", 100],
    ["during", 350],
  ]);
});

Deno.test("a partition drops duplicates too", async () => {
  const rig = createRig();
  rig.network.disturb("duplicate", ["n0"], duplicating(1, 10, always));
  rig.network.drop("n0", "n1");
  rig.send("n0", "n1");
  await rig.clock.run();
  assertEquals(rig.arrived, []);
});

Deno.test("a message that arrives twice is sent once and received twice; a lost one is sent", async () => {
  const rig = createRig();
  rig.network.disturb("duplicate", ["n0"], duplicating(1, 10, always));
  rig.network.disturb("loss", ["n2"], losing(1, always));
  rig.send("n0", "n1", "twice");
  rig.send("n2", "n1", "lost");
  await rig.clock.run();
  assertEquals(rig.network.journal.counts.servers, { send_count: 2, recv_count: 2, msg_count: 2 });
  assertEquals(rig.entries.map(({ type, message }) => [type, message.id]), [
    ["send", 0],
    ["send", 1],
    ["recv", 0],
    ["recv", 0],
  ]);
});

Deno.test("a receiver may change one arrival of a message without changing the other", async () => {
  const rig = createRig();
  const seen: unknown[] = [];
  rig.network.attach("n3", ({ body }) => {
    seen.push(body.value);
    body.value = "changed";
  });
  rig.network.disturb("duplicate", ["n3"], duplicating(1, 0, always));
  rig.send("n0", "n3", 2n ** 60n);
  await rig.clock.run();
  assertEquals(seen, [2n ** 60n, 2n ** 60n]);
});

Deno.test("a participant that filters its sources receives nothing from others", async () => {
  const rig = createRig({ mean: 0, distribution: "constant" });
  rig.network.filterSources("n1", (src) => src === "n0");
  for (const src of ["n0", "n2", "c0", "seq-kv"]) rig.send(src, "n1", src);
  rig.send("n1", "n2", "out");
  await rig.clock.run();
  assertEquals(values(rig), ["n0", "out"]);
  assertEquals(rig.network.journal.counts.all, { send_count: 5, recv_count: 2, msg_count: 5 });
  rig.network.filterSources("n1", () => true);
  rig.network.filterSources("nobody", () => true);
  rig.send("n2", "n1", "now");
  await rig.clock.run();
  assertEquals(values(rig), ["n0", "out", "now"]);
});
