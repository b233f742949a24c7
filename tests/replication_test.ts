import { assert, assertEquals, assertThrows } from "@std/assert";
import type { AnyNode } from "../lib/node.ts";
import { startNode } from "../lib/start_node.ts";
import type { Message } from "../lib/protocol.ts";
import { replicate, type ReplicationOptions } from "../lib/replication.ts";
import { badNetwork, type Cluster, load, shake, startCluster, timeUntil } from "./cluster.ts";

/** An entry: whose it is and its how-manieth, and what its author had taken in when it made it: how many of each. */
interface Entry {
  from: string;
  number: number;
  after: Record<string, number>;
}

type Style = Pick<ReplicationOptions<Entry, Record<string, number>>, "topology" | "period" | "keep" | "acknowledge">;

const MESH: Style = { topology: "mesh", period: 0 };
const HUB: Style = { topology: "hub", period: 100 };
const STYLES = { mesh: MESH, "mesh with a period": { ...MESH, period: 100 }, hub: HUB };

/** A world in which nothing happens. */
const HOST = {
  send: () => {},
  now: () => 0,
  setTimer: () => 0,
  clearTimer: () => {},
  getRandomValues: <T extends Uint8Array | Uint32Array>(array: T) => array,
  random: () => 0,
  log: () => {},
};

/** What a test may see of a node from outside. */
interface Watch {
  /** Is told of an entry that is stable at a node. */
  onStable(node: string, entry: Entry): void;
  /** What each node has. */
  counts: Map<string, Record<string, number>>;
}

/** Counts what it has of each node. Answers `add`, and `state` with its counts, what was wrong, and what replication has done. */
function counting(style: Style, watch?: Watch) {
  return (node: AnyNode) => {
    const counts: Record<string, number> = {};
    node.onInit(() => void watch?.counts.set(node.id, counts));
    const faults: string[] = [];
    const life = node.getRandomValues(new Uint32Array(1))[0]!;
    const replication = replicate<Entry, Record<string, number>>(node, {
      ...style,
      apply({ from, number, after }) {
        if (number !== (counts[from] ?? 0) + 1) faults.push(`${number} of ${from} after ${counts[from] ?? 0}`);
        counts[from] = number;
        // What comes together may come in any order.
        queueMicrotask(() => {
          for (const other in after) {
            const count = counts[other] ?? 0;
            if (after[other]! > count) faults.push(`${number} of ${from} before ${after[other]} of ${other}`);
          }
        });
      },
      snapshot: () => counts,
      restore(others) {
        for (const from in others) counts[from] = Math.max(counts[from] ?? 0, others[from]!);
      },
      onStable: watch && ((entry) => watch.onStable(node.id, entry)),
    });
    node.on("add", () => {
      const from = `${node.id}.${life}`;
      const entry = { from, number: (counts[from] ?? 0) + 1, after: { ...counts } };
      counts[from] = entry.number;
      replication.append(entry);
      return {};
    });
    node.on("state", () => ({ counts, faults, stats: replication.stats, suspects: replication.suspects }));
  };
}

interface State {
  counts: Record<string, number>;
  faults: string[];
  stats: { messages: number; entries: number; probes: number; snapshots: number; suspicions: number };
  suspects: string[];
}

async function states(cluster: Cluster): Promise<State[]> {
  return await cluster.ask({ type: "state" }) as unknown as State[];
}

/** Counts without the zeroes and in a fixed order, to compare them. */
function text({ counts }: State): string {
  return JSON.stringify(Object.entries(counts).sort());
}

function allEqual(cluster: Cluster): () => Promise<boolean> {
  return async () => new Set((await states(cluster)).map(text)).size === 1;
}

function total({ counts }: State): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const add = (cluster: Cluster) => async (node: string) => void await cluster.rpc(node, { type: "add" });

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: entries come once and in order, on bad networks, and nothing is said once all is known`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const cluster = await startCluster({ program: counting(style), ...badNetwork(seed) });
      load(cluster, 20, 9000, add(cluster));
      await shake(cluster, 10_000);
      await timeUntil(cluster, 4000, allEqual(cluster));
      const faults = (await states(cluster)).flatMap((state) => state.faults);
      // In a mesh, entries of different nodes may overtake each other.
      assertEquals(faults.filter((fault) => name === "hub" || fault.includes("after")), []);
      await cluster.run(20_000);
      const { messages } = cluster;
      await cluster.run(60_000);
      assertEquals(cluster.messages, messages, "there was nothing more to say");
      const suspects = (await states(cluster)).map((state) => state.suspects);
      // Around a hub it does not matter whom the others suspect among themselves.
      if (name === "hub") assert(suspects[0]!.length === 0 && !suspects.flat().includes("n0"));
      else assertEquals(suspects.flat(), []);
    }
  });

  Deno.test(`${name}: a node that was killed gets everything back, and what it adds then is not taken for old`, async () => {
    for (let seed = 0; seed < 20; seed++) {
      const cluster = await startCluster({ program: counting(style), ...badNetwork(seed) });
      load(cluster, 20, 9000, add(cluster));
      for (let i = 0; i < 3; i++) {
        await cluster.run(3000);
        const node = cluster.random.pick(cluster.nodes);
        cluster.crash(node);
        await cluster.run(2000 * cluster.random.float());
        await cluster.restart(node);
      }
      cluster.calm();
      await timeUntil(cluster, 10_000, allEqual(cluster));
    }
  });

  Deno.test(`${name}: a peer that is gone is left alone more and more, and forgotten entries come as a snapshot`, async () => {
    const cluster = await startCluster({ program: counting({ ...style, keep: 100 }), nodes: 3, seed: "1" });
    cluster.partition(["n2"], ["n0", "n1"]);
    load(cluster, 200, 600_000, add(cluster));
    await cluster.run(595_000);
    // Only the hub talks to everybody.
    assertEquals(
      (await states(cluster)).map(({ suspects }) => suspects),
      [["n2"], name === "hub" ? [] : ["n2"], ["n0", "n1"]],
    );
    const before = (await states(cluster)).map(({ stats }) => stats.probes);
    await cluster.run(60_000);
    // After ten minutes, one every six seconds to each suspect.
    const probes = (await states(cluster)).map(({ stats }, i) => stats.probes - before[i]!);
    assert(probes.every((count) => count <= 24), `${probes}`);

    const sent = (await states(cluster))[0]!.stats.entries;
    cluster.heal();
    await timeUntil(cluster, 10_000, allEqual(cluster));
    const after = await states(cluster);
    assert(after[0]!.stats.snapshots + after[1]!.stats.snapshots >= 1);
    assert(
      after[0]!.stats.entries - sent < 500,
      `${after[0]!.stats.entries - sent} of ${total(after[0]!)} entries were sent again`,
    );
  });
}

Deno.test("hub: what all nodes have is forgotten, so a node that starts again gets a snapshot and few entries", async () => {
  const cluster = await startCluster({ program: counting(HUB), nodes: 3, seed: "1" });
  load(cluster, 5, 5000, add(cluster));
  await cluster.run(6000);
  const before = await states(cluster);
  cluster.crash("n1");
  await cluster.restart("n1");
  await cluster.run(10_000);
  const after = await states(cluster);
  assertEquals(text(after[1]!), text(after[0]!));
  assert(total(after[0]!) > 500);
  assertEquals(after[0]!.stats.snapshots - before[0]!.stats.snapshots, 1);
  assert(after[0]!.stats.entries - before[0]!.stats.entries < 200);
});

Deno.test("hub: an entry is stable when all nodes have it, and everybody is told of each, once", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const stable = new Map<string, string[]>();
    const counts: Watch["counts"] = new Map();
    const onStable = (node: string, { from, number }: Entry) => {
      for (const [id, has] of counts) assert((has[from] ?? 0) >= number, `${id} does not have ${number} of ${from}`);
      stable.set(node, [...stable.get(node) ?? [], `${from} ${number}`]);
    };
    const program = counting({ ...HUB, keep: Infinity, acknowledge: 0 }, { counts, onStable });
    const cluster = await startCluster({ program, ...badNetwork(seed) });
    load(cluster, 50, 4000, add(cluster));
    await shake(cluster, 5000);
    await cluster.run(10_000);
    const [state] = await states(cluster);
    for (const node of cluster.nodes) {
      assertEquals(stable.get(node)?.length, total(state!), `${node} was not told of each`);
      assertEquals(new Set(stable.get(node)).size, total(state!));
    }
  }
});

Deno.test("in a mesh, nobody knows what is stable", () => {
  const options = { ...MESH, apply() {}, snapshot: () => 0, restore() {}, onStable() {} };
  const mount = () => startNode((node: AnyNode) => void replicate(node, options), HOST);
  assertThrows(mount, TypeError, "Cannot replicate: onStable needs topology hub, got mesh");
});

Deno.test("a hub costs 2(n - 1) messages a period at most, a mesh with a period n(n - 1)", async () => {
  for (const [style, most] of [[HUB, 2 * 9], [{ ...MESH, period: 100 }, 10 * 9]] as const) {
    const cluster = await startCluster({ program: counting(style), nodes: 10, seed: "1" });
    load(cluster, 2, 10_000, add(cluster));
    await cluster.run(10_000);
    assert(cluster.messages <= most * 100 * 1.02, `${cluster.messages / 100} messages a period`);
    assert(cluster.messages >= most * 100 * 0.8, `${cluster.messages / 100} messages a period`);
  }
});

Deno.test("a hub that is gone is replaced, and followed again when it is back", async () => {
  const counts: Watch["counts"] = new Map();
  const program = counting(HUB, { counts, onStable() {} });
  const cluster = await startCluster({ program, nodes: 5, seed: "1" });
  load(cluster, 20, 20_000, add(cluster));
  await cluster.run(2000);
  cluster.crash("n0");
  await cluster.run(3000);
  await cluster.complete(cluster.rpc("n3", { type: "add" }));
  const added = counts.get("n3")!;
  const [ofN3] = Object.entries(added).find(([from]) => from.startsWith("n3"))!;
  const number = added[ofN3]!;
  await cluster.run(300);
  for (const node of ["n1", "n2", "n4"]) assert(counts.get(node)![ofN3]! >= number, `${node} does not have it`);
  await cluster.restart("n0");
  await cluster.run(18_000);
  assert(await allEqual(cluster)());
});

Deno.test("nothing can be appended before the node is initialised", () => {
  startNode((node: AnyNode) => {
    const replication = replicate<number, number[]>(node, { ...MESH, apply() {}, snapshot: () => [], restore() {} });
    assertThrows(() => replication.append(1), Error, "Cannot replicate: the node is not initialised yet");
  }, HOST);
});

Deno.test("a message from somebody who is not a node of the cluster is ignored", async () => {
  const cluster = await startCluster({ program: counting(MESH), nodes: 2, seed: "1" });
  cluster.network.attach("stranger", () => {});
  const entries = { x: [0, [{ from: "x", number: 1, after: {} }]] };
  cluster.network.send({
    src: "stranger",
    dest: "n0",
    body: { type: "replicate", stamp: 1, stream: "x", version: 1, have: { x: 1 }, entries },
  });
  await cluster.run(1000);
  assertEquals((await states(cluster)).map(({ counts }) => counts), [{}, {}]);
});

Deno.test("mesh: in the quiet after a loss, somebody notices", async () => {
  for (let lost = 1; lost <= 12; lost++) {
    let seen = 0;
    const keep = ({ src, body }: Message) => src === "n1" && body.entries !== undefined && ++seen === lost;
    const cluster = await startCluster({ program: counting(MESH), nodes: 5, seed: String(lost), keep });
    load(cluster, 100, 1000, add(cluster));
    await cluster.complete(cluster.rpc("n1", { type: "add" }));
    await cluster.complete(cluster.rpc("n1", { type: "add" }));
    await cluster.complete(cluster.rpc("n1", { type: "add" }));
    await cluster.run(1000);
    assert(seen >= lost);
    await timeUntil(cluster, 3000, allEqual(cluster));
  }
});

Deno.test("what a message of an earlier life says comes too late to count", async () => {
  for (const style of [MESH, HUB]) {
    const held: Message[] = [];
    let hold = false;
    const keep = (message: Message) =>
      hold && message.src === "n1" && message.body.type === "replicate" && held.push(message) > 0;
    const cluster = await startCluster({ program: counting(style), nodes: 3, seed: "1", keep });
    load(cluster, 50, 2000, add(cluster));
    await cluster.run(3000);
    hold = true;
    await cluster.complete(cluster.rpc("n1", { type: "add" }));
    await cluster.run(500);
    cluster.crash("n1");
    hold = false;
    await cluster.restart("n1");
    held.forEach((message) => cluster.network.send(message));
    assert(held.length > 0);
    // It asks when it has heard nothing for 5 s.
    await timeUntil(cluster, 8000, allEqual(cluster));
  }
});

/** A cluster of which only n0 is heard, and that by the test, which speaks for n1 and n2. */
async function loneNode() {
  const sent: Message[] = [];
  const keep = (message: Message) => message.body.type === "replicate" && sent.push(message) > 0;
  const cluster = await startCluster({ program: counting(MESH), nodes: 3, seed: "1", keep });
  const say = async (src: string, fields: object) => {
    const body = { type: "replicate", stamp: 1, stream: `${src}.b`, born: 500, version: 0, have: {}, ...fields };
    cluster.network.send({ src, dest: "n0", body });
    await cluster.run(1);
  };
  const asked = (dest: string) => sent.filter((message) => message.dest === dest && message.body.answer).length;
  return { cluster, sent, say, asked };
}

Deno.test("a message of an earlier life is not answered, but its node is asked whether it is one", async () => {
  const { sent, say, asked } = await loneNode();
  await say("n1", { answer: true });
  assertEquals([sent.length, asked("n1")], [1, 0]);
  const late = { answer: true, stream: "n1.a", born: 400, stamp: 99 };
  await say("n1", late);
  assertEquals([sent.length, asked("n1")], [2, 1]);
  await say("n1", late);
  assertEquals(sent.length, 2);
  await say("n1", { answer: true, stream: "n1.c", born: 600 });
  assertEquals([sent.length, asked("n1")], [3, 1]);
});

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: a node that starts again with its clock put back is heard at once`, async () => {
    let skew = 0;
    const cluster = await startCluster({ program: counting(style), nodes: 3, seed: "1", skew: () => skew });
    load(cluster, 50, 2000, add(cluster));
    await cluster.run(3000);
    cluster.crash("n2");
    skew = -100_000;
    await cluster.restart("n2");
    await cluster.complete(cluster.rpc("n2", { type: "add" }));
    await timeUntil(cluster, 2000, allEqual(cluster));
  });
}

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: two nodes that start again with clocks put back find each other behind messages of earlier lives`, async () => {
    let skew = 0;
    let hold = true;
    const held: Message[] = [];
    const keep = (message: Message) => hold && message.body.type === "replicate" && held.push(message) > 0;
    const cluster = await startCluster({ program: counting(style), nodes: 2, seed: "1", skew: () => skew, keep });
    for (const node of cluster.nodes) await cluster.complete(cluster.rpc(node, { type: "add" }));
    await cluster.run(200);
    assertEquals(new Set(held.map(({ src }) => src)).size, 2);
    cluster.nodes.forEach((node) => cluster.crash(node));
    skew = -3_600_000;
    for (const node of cluster.nodes) await cluster.restart(node);
    hold = false;
    held.forEach((message) => cluster.network.send(message));
    for (const node of cluster.nodes) await cluster.complete(cluster.rpc(node, { type: "add" }));
    await timeUntil(cluster, 10_000, allEqual(cluster));
    assert(total((await states(cluster))[0]!) >= 2);
  });
}

Deno.test("an echo of what this node said in an earlier life confirms nothing", async () => {
  const { cluster, sent, say } = await loneNode();
  await say("n1", {});
  await Promise.all([cluster.rpc("n0", { type: "add" }), cluster.run(1)]);
  const toN1 = () => sent.filter(({ dest }) => dest === "n1");
  assertEquals(toN1().length, 1);
  const { stamp, stream } = toN1()[0]!.body;
  await say("n1", { stamp: 2, echo: [1e9, 0, "n0.other"] });
  assertEquals(toN1().length, 1);
  // But one of this life shows that the entry was lost.
  await say("n1", { stamp: 3, echo: [stamp, 0, stream] });
  assertEquals(toN1().length, 2);
});

Deno.test("whoever has something that is missing is asked for it, one after the other", async () => {
  const { cluster, say, asked } = await loneNode();
  await say("n1", { have: { "n1.b": 1 } });
  await say("n2", { have: { "n2.b": 1 } });
  const entry = { from: "n1", number: 1, after: {} };
  await say("n1", { stamp: 2, have: { "n1.b": 1 }, entries: { "n1.b": [0, [entry]] } });
  await cluster.run(250);
  assertEquals([asked("n1"), asked("n2")], [0, 1]);
});

Deno.test("hub: whoever started again asks those it has not heard, even if others who know nothing were faster", async () => {
  const cluster = await startCluster({ program: counting(HUB), nodes: 4, seed: "1" });
  load(cluster, 50, 2000, add(cluster));
  await cluster.run(5000);
  for (const node of ["n0", "n2", "n3"]) cluster.crash(node);
  for (const node of ["n2", "n3"]) await cluster.restart(node);
  await cluster.run(4900);
  // They ask n0 soon after this; only n1 knows anything.
  await cluster.restart("n0");
  await timeUntil(cluster, 7000, allEqual(cluster));
  assert(total((await states(cluster))[0]!) > 0);
});
