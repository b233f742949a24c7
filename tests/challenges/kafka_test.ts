// @ts-types="../../types/assert.d.ts"
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Message } from "../../lib/protocol.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { kafkaSingle } from "../../challenges/kafka_single.ts";
import { badNetwork, type Cluster, load, shake, startCluster, timeUntil } from "../cluster.ts";

type Pairs = [offset: number, message: number][];
type Logs = Record<string, Pairs>;

const KEYS = ["a", "b", "c"];

/** Everything that clients did, for the invariants. */
interface Record_ {
  /** Every message that was sent, and the offset that was acknowledged, if any. */
  sends: { key: string; message: number; offset: number | undefined; node: string; began: number; ended: number }[];
  /** What each client has polled of each key, in order. */
  polled: Map<string, Pairs>[];
}

async function poll(cluster: Cluster, node: string, offsets: Record<string, number>): Promise<Logs> {
  const { msgs } = await cluster.rpc(node, { type: "poll", offsets });
  for (const [key, pairs] of Object.entries(msgs as Logs)) {
    assertGreater(pairs.length, 0, "a key without messages is left out");
    pairs.forEach(([offset], i) => assert(offset >= (i === 0 ? offsets[key]! : pairs[i - 1]![0] + 1)));
  }
  return msgs as Logs;
}

/** Has clients send and poll, two for each node. Each polls on from where it left off, and commits. */
function useLogs(cluster: Cluster, interval: number, duration: number): Record_ {
  const record: Record_ = { sends: [], polled: [] };
  const clients = cluster.nodes.flatMap((node) =>
    [0, 1].map(() => ({ node, busy: false, next: Object.fromEntries(KEYS.map((key) => [key, 0])), polled: new Map() }))
  );
  for (const { polled } of clients) record.polled.push(polled);
  let message = 0;
  load(cluster, interval, duration, async () => {
    const client = cluster.random.pick(clients);
    if (client.busy) return;
    client.busy = true;
    try {
      await (cluster.random.float() < 0.5 ? send(client.node) : pollOn(client));
    } finally {
      client.busy = false;
    }
  });

  async function send(node: string): Promise<void> {
    const key = cluster.random.pick(KEYS);
    const entry: Record_["sends"][number] = {
      key,
      message: message++,
      offset: undefined,
      node,
      began: cluster.clock.now(),
      ended: Infinity,
    };
    record.sends.push(entry);
    const { offset } = await cluster.rpc(node, { type: "send", key, msg: entry.message });
    entry.offset = offset as number;
    entry.ended = cluster.clock.now();
  }

  async function pollOn({ node, next, polled }: (typeof clients)[number]): Promise<void> {
    const logs = await poll(cluster, node, next);
    for (const [key, pairs] of Object.entries(logs)) {
      polled.set(key, [...polled.get(key) ?? [], ...pairs]);
      next[key] = pairs.at(-1)![0] + 1;
    }
    const offsets = Object.fromEntries(Object.entries(logs).map(([key, pairs]) => [key, pairs.at(-1)![0]]));
    if (Object.keys(offsets).length === 0) return;
    await cluster.rpc(node, { type: "commit_offsets", offsets });
    const committed = await cluster.rpc(node, { type: "list_committed_offsets", keys: KEYS });
    for (const [key, offset] of Object.entries(offsets)) {
      assert((committed.offsets as Record<string, number>)[key]! >= offset);
    }
  }

  return record;
}

/** All of every log, as each of some nodes shows it. */
async function readLogs(cluster: Cluster, nodes = cluster.nodes): Promise<Logs[]> {
  const logs: Logs[] = nodes.map(() => Object.fromEntries(KEYS.map((key) => [key, []])));
  while (true) {
    let more = false;
    for (const [i, node] of nodes.entries()) {
      const offsets = Object.fromEntries(KEYS.map((key) => [key, (logs[i]![key]!.at(-1)?.[0] ?? -1) + 1]));
      const polled = await cluster.complete(poll(cluster, node, offsets));
      for (const [key, pairs] of Object.entries(polled)) more = logs[i]![key]!.push(...pairs) > 0;
    }
    if (!more) return logs;
  }
}

/** Waits until all nodes show the same, with all that was acknowledged; returns that. */
async function settled(cluster: Cluster, { sends }: Record_, limit: number): Promise<Logs> {
  let logs: Logs[] = [];
  await timeUntil(cluster, limit, async () => {
    logs = await readLogs(cluster);
    const acknowledged = sends.filter(({ offset }) => offset !== undefined);
    const shown = new Set(Object.values(logs[0]!).flatMap((pairs) => pairs.map(([, message]) => message)));
    return logs.every((each) => JSON.stringify(each) === JSON.stringify(logs[0])) &&
      acknowledged.every(({ message }) => shown.has(message));
  });
  return logs[0]!;
}

/** What must hold of any log. */
function checkLogs(logs: Logs, { sends, polled }: Record_): void {
  for (const [key, pairs] of Object.entries(logs)) {
    assertEquals(new Set(pairs.map(([, message]) => message)).size, pairs.length, `a message of ${key} is there twice`);
    for (const client of polled) {
      const seen = client.get(key) ?? [];
      assertEquals(seen, pairs.slice(0, seen.length), `somebody has polled something else of ${key}`);
    }
  }
  for (const { key, message, offset } of sends) {
    const pair = logs[key]!.find(([, each]) => each === message);
    if (offset !== undefined) assertEquals(pair?.[0], offset, `message ${message} is not where it was said to be`);
  }
}

const PROGRAMS = {
  single: { program: kafkaSingle, single: true },
  "lin-kv": { program: kafkaLinKV(), single: false },
  "lin-kv, latest polls": { program: kafkaLinKV({ polls: "latest" }), single: false },
  efficient: { program: kafka(), single: false },
  "efficient, acks of all": { program: kafka({ acks: "all" }), single: false },
};

for (const [name, { program, single }] of Object.entries(PROGRAMS)) {
  Deno.test(`kafka (${name}) keeps messages in order, and committed offsets`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    const offsets: number[] = [];
    for (const msg of [7, { any: ["JSON"] }, 7]) {
      const [reply] = await cluster.ask({ type: "send", key: "k", msg });
      offsets.push(reply!.offset as number);
    }
    assert(offsets[0]! < offsets[1]! && offsets[1]! < offsets[2]!);
    await cluster.run(200);
    const polled = async (key: string, from: number) => {
      const [reply] = await cluster.ask({ type: "poll", offsets: { [key]: from } });
      return (reply!.msgs as Logs)[key];
    };
    const all = [[offsets[0], 7], [offsets[1], { any: ["JSON"] }], [offsets[2], 7]];
    assertEquals(await polled("k", 0), all as unknown as Pairs);
    assertEquals(await polled("k", offsets[1]!), all.slice(1) as unknown as Pairs);
    assertEquals(await polled("k", offsets[2]! + 1), undefined);
    assertEquals(await polled("none", 0), undefined);
    for (const offset of [3, 5, 4]) await cluster.ask({ type: "commit_offsets", offsets: { k: offset, l: 0 } });
    const [committed] = await cluster.ask({ type: "list_committed_offsets", keys: ["k", "l", "m"] });
    assertEquals(committed!.offsets, { k: 5, l: 0 });
  });

  Deno.test(`kafka (${name}) gives out a long log piece by piece`, async () => {
    const cluster = await startCluster({ program, nodes: 1, seed: "1" });
    for (let i = 0; i < 1200; i++) void cluster.rpc("n0", { type: "send", key: "a", msg: i });
    await cluster.run(1000);
    const [logs] = await readLogs(cluster);
    assertEquals(logs!.a!.map(([, message]) => message), Array.from({ length: 1200 }, (_, i) => i));
  });

  if (single) continue;
  Deno.test(`kafka (${name}) shows everybody one order, and all that was acknowledged, on bad networks`, async () => {
    let count = 0;
    for (let seed = 0; seed < 50; seed++) {
      const cluster = await startCluster({ program, ...badNetwork(seed) });
      const record = useLogs(cluster, 10, 9000);
      await shake(cluster, 10_000);
      checkLogs(await settled(cluster, record, 8000), record);
      count += record.polled.flatMap((logs) => [...logs.values()]).flat().length;
    }
    assertGreater(count, 10_000, "this would prove little");
  });
}

Deno.test("kafka (lin-kv) loses nothing that was acknowledged when nodes are killed, and keeps to the order of real time", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const cluster = await startCluster({ program: kafkaLinKV(), ...badNetwork(seed) });
    const record = useLogs(cluster, 10, 9000);
    for (let i = 0; i < 4; i++) {
      await cluster.run(2000 * cluster.random.float());
      const node = cluster.random.pick(cluster.nodes);
      cluster.crash(node);
      if (cluster.random.float() < 0.5) await cluster.run(1000 * cluster.random.float());
      await cluster.restart(node);
    }
    await cluster.run(9000);
    cluster.calm();
    const logs = await settled(cluster, record, 10_000);
    // A node that was killed shows less for a while, which a client may notice; nothing of it may be wrong.
    checkLogs(logs, { ...record, polled: [] });
    for (const key of KEYS) {
      const sends = record.sends.filter((send) => send.key === key && send.offset !== undefined);
      for (const { offset, began } of sends) {
        assert(sends.every((earlier) => earlier.ended >= began || earlier.offset! < offset!), `${key} is out of order`);
      }
    }
  }
});

Deno.test("kafka (lin-kv) with latest polls shows everything that was acknowledged before, anywhere", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const cluster = await startCluster({ program: kafkaLinKV({ polls: "latest" }), ...badNetwork(seed) });
    let newest = -1;
    let polls = 0;
    load(cluster, 20, 5000, async (node) => {
      const { offset } = await cluster.rpc(node, { type: "send", key: "a", msg: 0 });
      newest = Math.max(newest, offset as number);
    });
    load(cluster, 20, 5000, async (node) => {
      const before = newest;
      if (before === -1) return;
      const logs = await poll(cluster, node, { a: before });
      assertEquals(logs.a?.[0]?.[0], before);
      polls++;
    });
    await shake(cluster, 5000);
    await cluster.run(10_000);
    assertGreater(polls, 10);
  }
});

Deno.test("kafka (efficient) answers from where it is, in a partition too", async () => {
  const cluster = await startCluster({
    program: kafka(),
    nodes: 4,
    seed: "1",
    latency: { mean: 100, distribution: "constant" },
  });
  // At first it finds out whether it has been there before.
  await cluster.run(200);
  cluster.partition(["n0", "n1"], ["n2", "n3"]);
  const record = useLogs(cluster, 5, 5000);
  await cluster.run(5000);
  assert(record.sends.every(({ began, ended }) => began === ended));
  cluster.heal();
  const healed = cluster.clock.now();
  checkLogs(await settled(cluster, record, 1500), record);
  assert(cluster.clock.now() - healed < 1500);
});

Deno.test("kafka (efficient) with acks of all acknowledges only what every node has", async () => {
  const cluster = await startCluster({ program: kafka({ acks: "all" }), nodes: 3, seed: "1" });
  cluster.partition(["n2"], ["n0", "n1"]);
  let acknowledged = false;
  const send = cluster.rpc("n0", { type: "send", key: "a", msg: 1 }).then(() => acknowledged = true);
  await cluster.run(4000);
  assertEquals(acknowledged, false);
  cluster.heal();
  await cluster.run(900);
  await send;
  assertEquals(await cluster.complete(poll(cluster, "n2", { a: 0 })), { a: [[0, 1]] });
});

Deno.test("kafka (lin-kv) costs about three messages a send, however many nodes there are to get in each other's way", async () => {
  const latency = { mean: 1, distribution: "exponential" } as const;
  for (const nodes of [2, 5]) {
    const cluster = await startCluster({ program: kafkaLinKV(), nodes, seed: "1", latency });
    const record = useLogs(cluster, 1, 5000);
    await cluster.run(5000);
    // To lin-kv and back, to the writer, and to each of the others.
    const most = 3 + nodes - 1;
    assert(
      cluster.messages / record.sends.length < most,
      `${cluster.messages} messages for ${record.sends.length} sends`,
    );
  }
});

Deno.test("kafka (efficient) costs a few messages a second", async () => {
  const cluster = await startCluster({ program: kafka(), nodes: 2, seed: "1" });
  useLogs(cluster, 1, 5000);
  await cluster.run(5000);
  // And some to lin-kv, for offsets.
  assert(cluster.messages < 2 * 5000 / 50 + 30, `${cluster.messages} messages in 5 s`);
});

/** What must hold whatever is lost: no two messages were ever given the same offset, and none is anywhere else than was said. */
function checkOffsets(logs: Logs, { sends }: Record_): void {
  for (const key of KEYS) {
    const given = sends.filter((send) => send.key === key && send.offset !== undefined);
    assertEquals(
      new Set(given.map(({ offset }) => offset)).size,
      given.length,
      `an offset of ${key} was given out twice`,
    );
    const offsets = new Map(given.map(({ message, offset }) => [message, offset]));
    for (const [offset, message] of logs[key]!) assertEquals(offsets.get(message) ?? offset, offset);
  }
}

/** Kills nodes at random, `count` times, and lets them start again; always spares one that has everything that must not be lost. */
async function killSome(cluster: Cluster, count: number, { sends }: Record_): Promise<void> {
  const { random } = cluster;
  for (let i = 0; i < count; i++) {
    await cluster.run(1500 * random.float());
    const spared = random.pick(cluster.nodes);
    const victims = cluster.nodes.filter((node) => node !== spared && random.float() < 0.6);
    victims.forEach((node) => cluster.crash(node));
    if (random.float() < 0.5) await cluster.run(1000 * random.float());
    for (const node of random.shuffle(victims)) await cluster.restart(node);
    const [shown] = await readLogs(cluster, [spared]);
    await allShow(cluster, Object.values(shown!).flat().map(([, message]) => message));
    await allShow(cluster, sends.filter(({ offset }) => offset !== undefined).map(({ message }) => message));
  }
}

async function allShow(cluster: Cluster, messages: number[]): Promise<void> {
  await timeUntil(cluster, 15_000, async () => {
    return (await readLogs(cluster)).every((logs) => {
      const shown = new Set(Object.values(logs).flat().map(([, message]) => message));
      return messages.every((message) => shown.has(message));
    });
  });
}

for (const acks of ["one", "all"] as const) {
  Deno.test(`kafka (efficient, acks of ${acks}) never gives an offset twice, and all agree, when nodes are killed`, async () => {
    let lost = 0;
    for (let seed = 0; seed < 40; seed++) {
      const cluster = await startCluster({ program: kafka({ acks }), ...badNetwork(seed) });
      const record = useLogs(cluster, 10, 12_000);
      await killSome(cluster, 4, acks === "all" ? record : { ...record, sends: [] });
      await cluster.run(Math.max(0, 13_000 - cluster.clock.now()));
      cluster.calm();
      const all = { ...record, sends: acks === "all" ? record.sends : [] };
      const logs = await settled(cluster, all, 10_000);
      checkOffsets(logs, record);
      // What was shown to anybody is never taken back.
      checkLogs(logs, all);
      const there = new Set(Object.values(logs).flat().map(([, message]) => message));
      lost += record.sends.filter(({ offset, message }) => offset !== undefined && !there.has(message)).length;
    }
    if (acks === "all") assertEquals(lost, 0);
    else assertGreater(lost, 0, "this would prove little");
  });
}

Deno.test("kafka (efficient) never gives an offset twice, and all agree, when all nodes are killed at once", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const cluster = await startCluster({ program: kafka(), ...badNetwork(seed) });
    const record = useLogs(cluster, 10, 9000);
    for (let i = 0; i < 3; i++) {
      await cluster.run(2000 * cluster.random.float());
      cluster.nodes.forEach((node) => cluster.crash(node));
      for (const node of cluster.nodes) await cluster.restart(node);
    }
    await cluster.run(9000);
    cluster.calm();
    checkOffsets(await settled(cluster, { ...record, sends: [] }, 10_000), record);
    const late = record.sends.filter(({ began, ended }) => began > 7000 && ended < Infinity);
    assertGreater(late.length, 0, "nobody was ever answered again");
  }
});

/** Three nodes of which the test holds up what it likes. */
async function clusterWithHold() {
  let hold = (_message: Message) => false;
  const held: Message[] = [];
  const keep = (message: Message) => hold(message) && held.push(message) > 0;
  const cluster = await startCluster({ program: kafka(), nodes: 3, seed: "1", keep });
  await cluster.run(500);
  return {
    cluster,
    /** From now on, holds up only such messages. */
    hold: (which: typeof hold) => hold = which,
    /** What was held up so far. */
    take: () => held.splice(0),
    deliver: (messages: Message[]) => messages.forEach((message) => cluster.network.send(message)),
    send: (node: string, msg: number) => cluster.complete(cluster.rpc(node, { type: "send", key: "a", msg })),
    /** What each node shows. */
    async shown(): Promise<Pairs[]> {
      return (await readLogs(cluster)).map((logs) => logs.a!);
    },
  };
}

/** Checks that all show the same now, and nothing else of what they have shown before. */
function checkAgreed(before: Pairs[], after: Pairs[]): void {
  for (const log of after) assertEquals(log, after[0]);
  for (const log of before) {
    assertEquals(after[0]!.slice(0, log.length), log, "somebody has shown something else before");
  }
}

const fromFirst = ({ src, body }: Message) => src === "n0" && body.type === "replicate";

Deno.test("kafka (efficient) does not take in what a killed node said when others have shown what comes after it", async () => {
  const { cluster, hold, take, deliver, send, shown } = await clusterWithHold();
  hold(fromFirst);
  await send("n0", 1);
  await cluster.run(200);
  cluster.crash("n0");
  hold(() => false);
  await cluster.restart("n0");
  for (const [i, node] of cluster.nodes.entries()) await send(node, 2 + i);
  await cluster.run(1000);
  const before = await shown();
  assertEquals(before.map((log) => log.length), [3, 3, 3]);
  deliver(take());
  await cluster.run(2000);
  checkAgreed(before, await shown());
});

Deno.test("kafka (efficient) shows nothing while somebody may still take in what a killed node said", async () => {
  const { cluster, hold, take, deliver, send, shown } = await clusterWithHold();
  hold(fromFirst);
  await send("n0", 1);
  await cluster.run(100);
  cluster.crash("n0");
  const old = take();
  hold((message) => fromFirst(message) && message.dest === "n2");
  await cluster.restart("n0");
  await cluster.run(20);
  await send("n2", 2);
  await cluster.run(500);
  const before = await shown();
  deliver(old.filter(({ dest }) => dest === "n2"));
  hold(() => false);
  deliver(take());
  await cluster.run(3000);
  const after = await shown();
  checkAgreed(before, after);
  assertEquals(after[0]!.map(([, message]) => message), [1, 2]);
});

Deno.test("kafka (efficient) has a node that starts again know who else has started again", async () => {
  const { cluster, hold, take, deliver, send, shown } = await clusterWithHold();
  hold(fromFirst);
  await send("n0", 1);
  await cluster.run(100);
  cluster.crash("n0");
  const old = take();
  hold(() => false);
  await cluster.restart("n0");
  await send("n1", 2);
  await cluster.run(1000);
  const before = await shown();
  assertEquals(before.map((log) => log.length), [1, 1, 1]);
  cluster.crash("n2");
  hold(({ dest, body }) => dest === "n2" && body.type === "replicate");
  await cluster.restart("n2");
  await cluster.run(20);
  hold(() => false);
  deliver(old.filter(({ dest }) => dest === "n2"));
  await cluster.run(10);
  deliver(take());
  await cluster.run(3000);
  checkAgreed(before, await shown());
});

Deno.test("kafka (efficient) does not show what one node alone has, although nothing will ever come before it", async () => {
  const cluster = await startCluster({ program: kafka(), nodes: 2, seed: "1" });
  await cluster.run(500);
  cluster.cut("n0", "n1");
  const offsets: unknown[] = [];
  for (const [node, msg] of [["n0", 1], ["n1", 2]] as const) {
    offsets.push((await cluster.complete(cluster.rpc(node, { type: "send", key: "a", msg }))).offset);
  }
  // All have the second, so the log is final up to there; but the first would be gone if n0 were killed.
  assertEquals(offsets, [0, 1]);
  await cluster.run(1000);
  assertEquals((await readLogs(cluster)).map((logs) => logs.a), [[], []]);
  cluster.heal();
  await cluster.run(1500);
  const both: Pairs = [[0, 1], [1, 2]];
  assertEquals((await readLogs(cluster)).map((logs) => logs.a), [both, both]);
});

Deno.test("kafka (efficient) has what anybody has read when all nodes but one are killed", async () => {
  let count = 0;
  for (let time = 0; time < 400; time += 10) {
    const latency = { mean: 20, distribution: "constant" } as const;
    const cluster = await startCluster({ program: kafka(), nodes: 3, seed: "1", latency });
    const record = useLogs(cluster, 2, 2000);
    await cluster.run(500 + time);
    const before = await readLogs(cluster);
    for (const node of ["n0", "n1"]) cluster.crash(node);
    for (const node of ["n0", "n1"]) await cluster.restart(node);
    await cluster.run(5000);
    const after = await settled(cluster, { ...record, sends: [] }, 1000);
    for (const key of KEYS) for (const logs of before) count += logs[key]!.length;
    for (const key of KEYS) checkAgreed(before.map((logs) => logs[key]!), [after[key]!]);
  }
  assertGreater(count, 1000, "this would prove little");
});

Deno.test("kafka (efficient) goes on giving out offsets beyond those that were reserved at first", async () => {
  const cluster = await startCluster({
    program: kafka(),
    nodes: 2,
    seed: "1",
    latency: { mean: 5, distribution: "constant" },
  });
  const record = useLogs(cluster, 1, 20_000);
  await cluster.run(20_000);
  const logs = await settled(cluster, record, 2000);
  checkLogs(logs, record);
  assertGreater(logs.a!.at(-1)![0], 2500);
});
