import { assert, assertAlmostEquals, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { FAULTS } from "../../../../lib/workbench/run/nemesis/faults.ts";
import { ALL_FAULTS } from "../../../../lib/workbench/run/nemesis/server_faults.ts";
import { createNemesis, type NemesisOperation } from "../../../../lib/workbench/run/nemesis/nemesis.ts";
import { createNetwork } from "../../../../lib/workbench/world/network/network.ts";
import { type Grudge, PARTITIONS } from "../../../../lib/workbench/run/nemesis/partitions.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { testRecorded } from "../../recorded.ts";

interface TimedOperation extends NemesisOperation {
  /** Time of the operation, ms. */
  at: number;
}

const NODES = ["n0", "n1", "n2", "n3", "n4"];

function refuse(): never {
  throw new Error("No node is to be touched");
}

/** Creates a nemesis and its network in virtual time. */
function rig({ seed = "dune", faults = ["partition"], intervalSeconds = 10, nodes = NODES } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const latency = { mean: 0, distribution: "constant" } as const;
  const network = createNetwork({ clock, random: random.stream("network"), latency });
  const arrived: string[] = [];
  for (const node of nodes) network.attach(node, ({ src, dest }) => void arrived.push(`${src} ${dest}`));
  const history: TimedOperation[] = [];
  const nemesis = createNemesis({
    faults,
    intervalSeconds,
    nodes,
    network,
    cluster: { kill: refuse, start: refuse, pause: refuse, resume: refuse },
    call: refuse,
    clock,
    random: random.stream("nemesis"),
    record: (operation) => void history.push({ at: clock.now(), ...operation }),
  });

  /** Lets each node send to all others, and returns for each node the nodes that it did not hear. */
  async function deaf(): Promise<Grudge> {
    arrived.length = 0;
    for (const src of nodes) {
      for (const dest of nodes) network.send({ src, dest, body: { type: "hello" } });
    }
    await clock.run(clock.now());
    return Object.fromEntries(
      nodes.map((dest) => [dest, nodes.filter((src) => !arrived.includes(`${src} ${dest}`))]),
    );
  }
  return { clock, network, history, nemesis, deaf };
}

/** Returns the grudge of a whole network. */
function wholeNetwork(nodes: readonly string[]): Grudge {
  return Object.fromEntries(nodes.map((node) => [node, []]));
}

Deno.test("the nemesis begins a partition at once, and records its begin and its completion", async () => {
  const { clock, history, nemesis } = rig();
  nemesis.start();
  await clock.run(0);
  assertEquals(history.length, 2);
  const [invocation, completion] = history as [TimedOperation, TimedOperation];
  const common = { at: 0, process: "nemesis", type: "info", f: "start-partition" };
  assertEquals({ ...invocation, value: null }, { ...common, value: null } as TimedOperation);
  assertEquals({ ...completion, value: null }, { ...common, value: null } as TimedOperation);
  assert(Object.keys(PARTITIONS).includes(invocation.value as string));
  assertEquals((completion.value as unknown[])[0], "isolated");
});

Deno.test("messages are lost exactly on the links in the history, and on none after healing", async () => {
  // A majorities-ring of three cuts links one way only, so directions are tested too.
  const nodes = fc.constantFrom(NODES, NODES.slice(0, 3));
  await fc.assert(fc.asyncProperty(fc.string({ minLength: 1 }), nodes, async (seed, nodes) => {
    const { clock, history, nemesis, deaf } = rig({ seed, nodes });
    nemesis.start();
    for (let round = 1; round <= 4; round++) {
      await clock.run(() => history.length === 4 * round - 2);
      assertEquals(await deaf(), (history.at(-1)!.value as [string, Grudge])[1]);
      await clock.run(() => history.length === 4 * round);
      assertEquals(await deaf(), wholeNetwork(nodes));
    }
  }));
});

Deno.test("start-partition and stop-partition alternate, at intervals uniform on 0 to twice the mean", async () => {
  const { clock, history, nemesis } = rig({ intervalSeconds: 0.5 });
  nemesis.start();
  await clock.run(() => history.length === 8000);
  const invocations = history.filter((_, index) => index % 2 === 0);
  const completions = history.filter((_, index) => index % 2 === 1);
  invocations.forEach(({ at, f, value }, index) => {
    assertEquals(f, index % 2 === 0 ? "start-partition" : "stop-partition");
    if (index % 2 === 1) assertEquals(value, null);
    assertEquals(completions[index]!.f, f);
    assertEquals(completions[index]!.at, at);
    if (index % 2 === 1) assertEquals(completions[index]!.value, "network-healed");
  });
  const gaps = invocations.slice(1).map(({ at }, index) => at - invocations[index]!.at);
  assertLessOrEqual(Math.max(...gaps), 1000);
  assertGreater(Math.max(...gaps), 990);
  assertAlmostEquals(gaps.reduce((sum, gap) => sum + gap) / gaps.length, 500, 10);
  assertAlmostEquals(gaps.filter((gap) => gap < 250).length / gaps.length, 1 / 4, 0.02);
});

Deno.test("each kind of partition is drawn as often as the others", async () => {
  const { clock, history, nemesis } = rig();
  nemesis.start();
  await clock.run(() => history.length === 16_000);
  for (const kind of Object.keys(PARTITIONS)) {
    assertAlmostEquals(history.filter(({ value }) => value === kind).length / 4000, 1 / 4, 0.02);
  }
});

Deno.test("a stopped nemesis does nothing more, and active faults stay active", async () => {
  const { clock, history, nemesis, deaf } = rig({ seed: "7" });
  nemesis.start();
  await clock.run(() => history.length === 2);
  const [, grudge] = history[1]!.value as [string, Grudge];
  nemesis.stop();
  nemesis.stop();
  await clock.run(1e6);
  assertEquals(history.length, 2);
  assertEquals(await deaf(), grudge);
  assert(Object.values(grudge).some(({ length }) => length > 0), "choose a seed whose first partition cuts something");
});

Deno.test("heal ends the partition, records that, and stops the nemesis", async () => {
  const { clock, history, nemesis, deaf } = rig({ seed: "7" });
  nemesis.start();
  await clock.run(() => history.length === 2);
  nemesis.heal();
  assertEquals(history.slice(2).map(({ f, value }) => ({ f, value })), [
    { f: "stop-partition", value: null },
    { f: "stop-partition", value: "network-healed" },
  ]);
  assertEquals(await deaf(), wholeNetwork(NODES));
  await clock.run(1e6);
  assertEquals(history.length, 4);
});

Deno.test("heal records the end of a partition even if none is active, as Jepsen does", async () => {
  const { clock, history, nemesis } = rig();
  nemesis.start();
  await clock.run(() => history.length === 4);
  nemesis.heal();
  assertEquals(history.slice(4).map(({ f }) => f), ["stop-partition", "stop-partition"]);
});

Deno.test("a nemesis that is stopped before time passes does nothing", async () => {
  const { clock, history, nemesis } = rig();
  nemesis.start();
  nemesis.stop();
  await clock.run();
  assertEquals(history, []);
  rig().nemesis.stop();
});

Deno.test("without faults nothing happens", async () => {
  const { clock, history, nemesis, deaf } = rig({ faults: [] });
  nemesis.start();
  await clock.run(1e6);
  nemesis.stop();
  nemesis.heal();
  assertEquals(history, []);
  assertEquals(await deaf(), wholeNetwork(NODES));
});

Deno.test("the same seed gives the same history, another seed another one", async () => {
  async function run(seed: string): Promise<TimedOperation[]> {
    const { clock, history, nemesis } = rig({ seed });
    nemesis.start();
    await clock.run(1e6);
    return history;
  }
  assertEquals(await run("a"), await run("a"));
  assert(JSON.stringify(await run("a")) !== JSON.stringify(await run("b")));
});

/** Creates a nemesis that takes 30 ms to kill nodes and 50 s to start them. Nodes agree to change their members. */
function slowRig(faults = ["kill"]) {
  const clock = new VirtualClock();
  const history: TimedOperation[] = [];
  const take = (delay: number, word: string) => () => clock.sleep(delay).then(() => word);
  const nemesis = createNemesis({
    faults,
    intervalSeconds: 1,
    nodes: NODES,
    network: { drop: refuse, heal: refuse, disturb: refuse, calm: refuse },
    cluster: { kill: take(30, "killed"), start: take(50_000, "started"), pause: refuse, resume: refuse },
    call: (_, { type }) => clock.sleep(5).then(() => ({ type: `${type}_ok` })),
    clock,
    random: seededRandom("dune").stream("nemesis"),
    record: (operation) => void history.push({ at: clock.now(), ...operation }),
  });
  return { clock, history, nemesis, fs: () => history.map(({ f, at }) => `${f} ${at}`) };
}

Deno.test("a slow operation is recorded at its begin and its completion, and the next one waits for it", async () => {
  const { clock, history, nemesis } = slowRig();
  nemesis.start();
  await clock.run(() => history.length === 8);
  assertEquals(history.map(({ f }) => f), ["kill", "kill", "start", "start", "kill", "kill", "start", "start"]);
  const [kill, killed, start, started, again] = history.map(({ at }) => at) as [number, number, number, number, number];
  assertEquals([kill, killed - kill, started - start, again - started], [0, 30, 50_000, 0]);
  assertEquals(history[3]!.value, Object.fromEntries(NODES.map((node) => [node, "started"])));
});

Deno.test("stop does not wait: of an operation under way only the begin is recorded", async () => {
  const { clock, nemesis, fs } = slowRig();
  nemesis.start();
  await clock.run(10);
  nemesis.stop();
  await clock.run(1e6);
  assertEquals(fs(), ["kill 0"]);
});

Deno.test("heal waits for the operation under way, ends the fault, and then resolves", async () => {
  const { clock, nemesis, fs } = slowRig();
  nemesis.start();
  await clock.run(10);
  let healed = -1;
  nemesis.heal().then(() => healed = clock.now());
  await clock.run(1e6);
  assertEquals([healed, fs()], [50_030, ["kill 0", "kill 30", "start 30", "start 50030"]]);
});

Deno.test("nodes join again only after the other faults have ended, which may keep members from agreeing", async () => {
  const { clock, nemesis, fs } = slowRig(["membership", "kill"]);
  nemesis.start();
  await clock.run(40);
  nemesis.heal();
  await clock.run(1e6);
  const joining = fs().filter((line) => line.startsWith("add-member") || line.startsWith("start"));
  assertEquals(joining.slice(0, 3), ["start 40", "start 50040", "add-member 50040"]);
});

Deno.test("active() returns the names of the active faults", async () => {
  const { clock, history, nemesis } = rig({ faults: ["partition", "loss", "delay"], intervalSeconds: 1 });
  assertEquals(nemesis.active(), []);
  nemesis.start();
  await clock.run(0);
  assertEquals(nemesis.active(), ["partition", "loss", "delay"]);
  for (let at = 1; at < 20_000; at += 500) {
    await clock.run(at);
    const last = (name: string) => history.findLast(({ f }) => f.endsWith(`-${name}`))!.f;
    assertEquals(nemesis.active(), ["partition", "loss", "delay"].filter((name) => last(name) === `start-${name}`));
  }
  nemesis.heal();
  assertEquals(nemesis.active(), []);
});

Deno.test("a fault is active until its end is done", async () => {
  const { clock, nemesis } = slowRig();
  nemesis.start();
  await clock.run(10);
  nemesis.heal();
  await clock.run(40);
  assertEquals(nemesis.active(), ["kill"]);
  await clock.run(1e6);
  assertEquals(nemesis.active(), []);
});

Deno.test("an unknown fault or an interval that is not positive throws", () => {
  const names = Object.keys(ALL_FAULTS).join(", ");
  assertThrows(
    () => rig({ faults: ["partition", "gremlins"] }),
    RangeError,
    `Cannot inject fault gremlins: expected one of ${names}`,
  );
  for (const intervalSeconds of [0, -1, NaN]) {
    assertThrows(() => rig({ intervalSeconds }), RangeError, `expected an interval above 0 s, got ${intervalSeconds}`);
  }
});

testRecorded("operations have the names, the order and the kinds of values of Jepsen's", undefined, (recorded) => {
  const { begin, end } = FAULTS.partition!;
  const operations = recorded.history.filter(({ process }) => process === "nemesis");
  for (let i = 0; i < operations.length; i += 2) {
    const [invocation, completion] = [operations[i]!, operations[i + 1]!];
    assertEquals(completion.f, invocation.f);
    assertEquals([invocation.type, completion.type], ["info", "info"]);
    if (invocation.f === begin.f) {
      assert(begin.kinds.includes(invocation.value as string));
      assertEquals((completion.value as unknown[])[0], "isolated");
    } else {
      assertEquals(invocation.f, end.f);
      assertEquals([invocation.value, completion.value], [null, "network-healed"]);
    }
  }
  // The first comes at once.
  if (operations.length > 0) assertLessOrEqual(operations[0]!.time, 200e6);
});
