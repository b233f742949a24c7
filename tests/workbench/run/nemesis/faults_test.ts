import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { FAULTS, GROUPS } from "../../../../lib/workbench/run/nemesis/faults.ts";
import { createNemesis, type NemesisOperation } from "../../../../lib/workbench/run/nemesis/nemesis.ts";
import { createNetwork } from "../../../../lib/workbench/world/network/network.ts";
import { ONE_WAY_PARTITIONS, PARTITIONS } from "../../../../lib/workbench/run/nemesis/partitions.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";

const NODES = ["n0", "n1", "n2", "n3", "n4"];
const SERVERS = [...NODES, "seq-kv"];

interface TimedOperation extends NemesisOperation {
  /** Time of the operation, ms. */
  at: number;
}

/** Fate of a message: the delays of its arrivals, ms. Empty if it was lost. */
interface Fate {
  link: string;
  sent: number;
  delays: number[];
}

/** Runs a nemesis for a while and heals; meanwhile each participant sends to all others. */
async function watch(faults: string[], seed: string, { intervalSeconds = 0.4, until = 4000, pace = 10 } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const latency = { mean: 20, distribution: "constant" } as const;
  const network = createNetwork({ clock, random: random.stream("network"), latency });
  const fates: Fate[] = [];
  for (const id of [...SERVERS, "c0"]) {
    network.attach(id, ({ body }) => {
      const fate = fates[body.number as number]!;
      fate.delays.push(clock.now() - fate.sent);
    });
  }
  /** Calls on the cluster, with their times. */
  const deeds: { at: number; id: string; deed: string }[] = [];
  const deed = (deed: string) => (id: string) => {
    deeds.push({ at: clock.now(), id, deed });
    return deed;
  };
  const slow = (deed: (id: string) => string) => async (id: string) => {
    const done = deed(id);
    await clock.sleep(3);
    return done;
  };
  const history: TimedOperation[] = [];
  const nemesis = createNemesis({
    faults,
    intervalSeconds,
    nodes: NODES,
    network,
    cluster: {
      pause: deed("paused"),
      resume: deed("resumed"),
      kill: slow(deed("killed")),
      start: slow(deed("started")),
    },
    call: async (_, { type }) => {
      await clock.sleep(1);
      return { type: `${type}_ok` };
    },
    clock,
    random: random.stream("nemesis"),
    record: (operation) => void history.push({ at: clock.now(), ...operation }),
  });
  function sendAll(): void {
    for (const src of [...SERVERS, "c0"]) {
      for (const dest of [...SERVERS, "c0"]) {
        const number = fates.push({ link: `${src} ${dest}`, sent: clock.now(), delays: [] }) - 1;
        network.send({ src, dest, body: { type: "hello", number } });
      }
    }
  }
  nemesis.start();
  let healed = Infinity;
  for (let at = pace / 2; at < until + 500; at += pace) {
    clock.schedule(at, sendAll);
    if (at < until && at + pace >= until) {
      clock.schedule(at + pace / 4, () => void nemesis.heal().then(() => healed = clock.now()));
    }
  }
  await clock.run();
  return { history, fates, deeds, healed };
}

/** Returns the spans in which a fault was active, with its value in the history. */
function spans(history: TimedOperation[], fault: string): { from: number; to: number; value: unknown }[] {
  const { begin, end } = FAULTS[fault]!;
  const completions = history.filter(({ f }) => f === begin.f || f === end.f).filter((_, index) => index % 2 === 1);
  return completions.flatMap(({ at, f, value }, index) =>
    f === begin.f ? [{ from: at, to: completions[index + 1]!.at, value }] : []
  );
}

Deno.test("operations are named as in Jepsen where it has them", () => {
  const names = Object.fromEntries(Object.entries(FAULTS).map(([name, { begin, end }]) => [name, [begin.f, end.f]]));
  assertEquals(names, {
    "partition": ["start-partition", "stop-partition"],
    "one-way-partition": ["start-one-way-partition", "stop-one-way-partition"],
    "loss": ["start-loss", "stop-loss"],
    "duplicate": ["start-duplicate", "stop-duplicate"],
    "delay": ["start-delay", "stop-delay"],
    "reorder": ["start-reorder", "stop-reorder"],
    "pause": ["pause", "resume"],
    "kill": ["kill", "start"],
    "membership": ["remove-member", "add-member"],
  });
  assertEquals(FAULTS.partition!.begin.kinds, Object.keys(PARTITIONS));
  assertEquals(FAULTS["one-way-partition"]!.begin.kinds, Object.keys(ONE_WAY_PARTITIONS));
});

Deno.test("a group is one of those that Jepsen draws, in the order of the nodes", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 25 }), fc.string(), (count, seed) => {
    const nodes = Array.from({ length: count }, (_, i) => `n${i}`);
    const drawn = Array.from(GROUPS, ([kind, draw]) => [kind, draw(nodes, seededRandom(seed))] as const);
    for (const [kind, group] of drawn) assertEquals(group, nodes.filter((node) => group.includes(node)), String(kind));
    const { null: any, ...sizes } = Object.fromEntries(drawn.map(([kind, { length }]) => [String(kind), length]));
    const majority = Math.floor(count / 2) + 1;
    const third = Math.ceil(count / 3) - 1;
    assertEquals(sizes, { one: 1, "minority-third": third, minority: majority - 1, majority, all: count });
    assert(any! >= 1 && any! <= count);
  }));
});

Deno.test("each node is in a group as often as the others", () => {
  for (const [kind, draw] of GROUPS) {
    const random = seededRandom("dune");
    const counts = Object.fromEntries(NODES.map((node) => [node, 0]));
    for (let i = 0; i < 5000; i++) {
      for (const node of draw(NODES, random)) counts[node]!++;
    }
    // A random group has 3 of 5 nodes on average.
    const size = { one: 1, "minority-third": 1, minority: 2, majority: 3, all: 5 }[kind ?? "majority"]!;
    for (const node of NODES) assertAlmostEquals(counts[node]! / 5000, size / 5, 0.03, `${kind} ${node}`);
  }
});

/** Asserts that the fate of every message fits the faults that were active when it was sent. */
async function assertFates(fault: string, seed: string, judge: (fate: Fate, strength: Record<string, number>) => void) {
  const { history, fates, healed } = await watch([fault], seed);
  const there = spans(history, fault);
  assertGreater(there.length, 1);
  assert(there.every(({ to }) => to <= healed));
  for (const fate of fates) {
    const span = there.find(({ from, to }) => from < fate.sent && fate.sent < to);
    const strength = span?.value as { nodes: string[] } & Record<string, number> | undefined;
    const hit = strength?.nodes.some((node) => fate.link.split(" ").includes(node)) && !fate.link.includes("c0");
    if (hit) judge(fate, strength!);
    else assertEquals(fate.delays, [fate.link.includes("c0") ? 0 : 20], `${fate.link} at ${fate.sent}`);
  }
  return { history, fates };
}

const SEEDS = ["a", "b", "c", "d", "e", "f"];

Deno.test("loss: messages are lost with the probability and between the nodes in the history", async () => {
  const counts = new Map<number, { sent: number; lost: number }>();
  for (const seed of SEEDS) {
    await assertFates("loss", seed, ({ delays }, { probability }) => {
      const count = counts.get(probability!) ?? { sent: 0, lost: 0 };
      counts.set(probability!, count);
      count.sent++;
      if (delays.length === 0) count.lost++;
      else assertEquals(delays, [20]);
    });
  }
  assertGreater(counts.size, 1);
  for (const [probability, { sent, lost }] of counts) assertAlmostEquals(lost / sent, probability, 0.02);
});

Deno.test("duplicate: messages arrive twice with the probability and delay in the history", async () => {
  const counts = new Map<number, { sent: number; twice: number }>();
  for (const seed of SEEDS) {
    await assertFates("duplicate", seed, ({ delays }, { probability, up_to_ms }) => {
      const count = counts.get(probability!) ?? { sent: 0, twice: 0 };
      counts.set(probability!, count);
      count.sent++;
      if (delays.length === 2) count.twice++;
      assertEquals(delays[0], 20);
      assert(delays.length <= 2 && delays.every((delay) => delay <= 20 + up_to_ms!));
    });
  }
  assertGreater(counts.size, 1);
  for (const [probability, { sent, twice }] of counts) assertAlmostEquals(twice / sent, probability, 0.02);
});

Deno.test("delay: messages take longer by the delay in the history, and stay in order", async () => {
  const added = new Set<number>();
  for (const seed of SEEDS) {
    await assertFates("delay", seed, ({ delays }, { added_ms }) => {
      assertEquals(delays, [20 + added_ms!]);
      added.add(added_ms!);
    });
  }
  assertGreater(added.size, 1);
});

Deno.test("reorder: messages are delayed with the probability and delay in the history", async () => {
  const counts = new Map<number, { sent: number; held: number }>();
  for (const seed of SEEDS) {
    await assertFates("reorder", seed, ({ delays }, { probability, up_to_ms }) => {
      const count = counts.get(probability!) ?? { sent: 0, held: 0 };
      counts.set(probability!, count);
      count.sent++;
      if (delays[0]! > 20) count.held++;
      assert(delays.length === 1 && delays[0]! >= 20 && delays[0]! < 20 + up_to_ms!);
    });
  }
  assertGreater(counts.size, 1);
  for (const [probability, { sent, held }] of counts) assertAlmostEquals(held / sent, probability, 0.02);
});

for (const faults of [["partition"], ["one-way-partition"], ["partition", "one-way-partition"]]) {
  Deno.test(`${faults.join(" and ")}: messages are lost as the history says, for each fault alone`, async () => {
    for (const seed of SEEDS) {
      const { history, fates } = await watch(faults, seed);
      const cuts = faults.flatMap((fault) => spans(history, fault));
      for (const { link, sent, delays } of fates) {
        const [src, dest] = link.split(" ") as [string, string];
        const arrives = sent + (link.includes("c0") ? 0 : 20);
        const cut = cuts.some(({ from, to, value }) => {
          const [, grudge] = value as [string, Record<string, string[]>];
          return from < arrives && arrives < to && grudge[dest]?.includes(src);
        });
        assertEquals(delays.length, cut ? 0 : 1, `${link} at ${sent}`);
      }
    }
  });
}

for (const [fault, [begun, ended]] of Object.entries({ pause: ["paused", "resumed"], kill: ["killed", "started"] })) {
  Deno.test(`${fault}: the nodes in the history are hit at the same time, and all nodes are restored`, async () => {
    for (const seed of SEEDS) {
      const { history, deeds } = await watch([fault], seed);
      const { begin, end } = FAULTS[fault]!;
      assertGreater(history.length, 7);
      for (let i = 0; i < history.length; i += 2) {
        const [invocation, completion] = [history[i]!, history[i + 1]!];
        const done = deeds.filter(({ at }) => at === invocation.at);
        const outcome = invocation.f === begin.f ? begun : ended;
        // The last one is the heal, which ends a fault even if it is not active.
        if (i < history.length - 2) assertEquals(invocation.f, i % 4 === 0 ? begin.f : end.f);
        assertEquals(completion.f, invocation.f);
        assertEquals(completion.value, Object.fromEntries(done.map(({ id, deed }) => [id, deed])));
        assert(done.every(({ deed }) => deed === outcome));
        if (invocation.f === begin.f) assert(GROUPS.has(invocation.value as string | null));
        else assertEquals([invocation.value, done.map(({ id }) => id)], ["all", NODES]);
        // Killing and starting takes 3 ms here.
        assertEquals(completion.at - invocation.at, fault === "kill" && done.length > 0 ? 3 : 0);
      }
      assertEquals(
        deeds.length,
        history.filter((_, i) => i % 2 === 1).flatMap(({ value }) => Object.keys(value!)).length,
      );
      assertEquals(history.at(-1)!.f, end.f);
    }
  });
}

Deno.test("every strength and every group of a fault is drawn", async () => {
  const drawn: Record<string, Set<string | null>> = {};
  for (const seed of SEEDS) {
    const { history } = await watch(Object.keys(FAULTS), seed, { intervalSeconds: 0.02, until: 8000, pace: 1000 });
    for (const { f, value } of history) {
      if (typeof value === "string" || value === null) (drawn[f] ??= new Set()).add(value);
      for (const [name, part] of Object.entries(value ?? {})) {
        if (typeof part === "number") (drawn[`${f} ${name}`] ??= new Set()).add(String(part));
      }
    }
  }
  for (const { begin } of Object.values(FAULTS)) assertEquals([...drawn[begin.f]!].sort(), [...begin.kinds].sort());
  const strengths = Object.entries(drawn).filter(([name]) => name.includes(" "));
  assertEquals(Object.fromEntries(strengths.map(([name, values]) => [name, values.size])), {
    "start-loss probability": 3,
    "start-duplicate probability": 3,
    "start-duplicate up_to_ms": 3,
    "start-delay added_ms": 3,
    "start-reorder probability": 2,
    "start-reorder up_to_ms": 3,
  });
});

Deno.test("a fault acts the same, at the same times, whatever other faults are active", async () => {
  // A fault that is healed after the others has to wait for them.
  const alike = Object.keys(FAULTS).filter((fault) => !FAULTS[fault]!.healsLast);
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.subarray(alike, { minLength: 1 }), async (seed, others) => {
      const options = { until: 2000, pace: 500 };
      const { history } = await watch(others, seed, options);
      for (const fault of others) {
        const { begin, end } = FAULTS[fault]!;
        const ofFault = history.filter(({ f }) => f === begin.f || f === end.f);
        assertEquals(ofFault, (await watch([fault], seed, options)).history);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("all faults together lose, duplicate and delay the same messages as each alone", async () => {
  for (const seed of SEEDS) {
    const together = await watch(["loss", "duplicate", "delay", "reorder"], seed);
    const alone = {
      loss: await watch(["loss"], seed),
      duplicate: await watch(["duplicate"], seed),
      delay: await watch(["delay"], seed),
      reorder: await watch(["reorder"], seed),
    };
    together.fates.forEach(({ delays }, i) => {
      const { loss, duplicate, delay, reorder } = alone;
      const lost = loss.fates[i]!.delays.length === 0;
      const [first, second] = duplicate.fates[i]!.delays as [number, number?];
      const added = delay.fates[i]!.delays[0]! + reorder.fates[i]!.delays[0]! - 2 * first;
      const expected = lost ? [] : [first, ...second === undefined ? [] : [second]].map((each) => each + added);
      assertEquals(delays.length, expected.length);
      expected.forEach((each, i) => assertAlmostEquals(delays[i]!, each, 1e-6));
    });
  }
});

Deno.test("after healing no fault acts any more", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.subarray(Object.keys(FAULTS)), async (seed, faults) => {
      const { history, fates, healed, deeds } = await watch(faults, seed, { until: 1000, intervalSeconds: 0.1 });
      const after = fates.filter(({ sent }) => sent > healed);
      assertGreater(after.length, 1000);
      for (const { link, delays } of after) assertEquals(delays, [link.includes("c0") ? 0 : 20]);
      assert(history.every(({ at }) => at <= healed) && deeds.every(({ at }) => at <= healed));
      const last = faults.map((fault) =>
        history.findLast(({ f }) => [FAULTS[fault]!.begin.f, FAULTS[fault]!.end.f].includes(f))
      );
      assertEquals(last.map((operation) => operation!.f), faults.map((fault) => FAULTS[fault]!.end.f));
    }),
    { numRuns: 30 },
  );
});
