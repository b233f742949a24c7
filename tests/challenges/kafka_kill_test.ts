import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Message } from "../../lib/protocol.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { badNetwork, type Cluster, restartSome, startCluster, timeUntil } from "../cluster.ts";
import {
  checkLogs,
  type ClientRecord,
  KEYS,
  type Logs,
  type Pairs,
  readLogs,
  settled,
  useLogs,
} from "./kafka_clients.ts";

Deno.test("kafka (lin-kv) keeps acknowledged messages and the real-time order when nodes are killed", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const cluster = await startCluster({ program: kafkaLinKV, ...badNetwork(seed) });
    const record = useLogs(cluster, 10, 9000);
    await restartSome(cluster, 4);
    await cluster.run(9000);
    cluster.calm();
    const logs = await settled(cluster, record, 10_000);
    // After a kill, a node returns fewer messages for a while, but never wrong ones.
    checkLogs(logs, { ...record, polled: [] });
    for (const key of KEYS) {
      const sends = record.sends.filter((send) => send.key === key && send.offset !== undefined);
      for (const { offset, began } of sends) {
        assert(sends.every((earlier) => earlier.ended >= began || earlier.offset! < offset!), `${key} is out of order`);
      }
    }
  }
});

/**
 * Asserts the invariants that hold even if messages are lost: no two messages have the same offset, and each message is
 * at the offset that was acknowledged.
 */
function checkOffsets(logs: Logs, { sends }: ClientRecord): void {
  for (const key of KEYS) {
    const given = sends.filter((send) => send.key === key && send.offset !== undefined);
    assertEquals(
      new Set(given.map(({ offset }) => offset)).size,
      given.length,
      `two messages of ${key} have the same offset`,
    );
    const offsets = new Map(given.map(({ message, offset }) => [message, offset]));
    for (const [offset, message] of logs[key]!) assertEquals(offsets.get(message) ?? offset, offset);
  }
}

/**
 * Kills random nodes and starts them again, `count` times. It always spares one node that has all messages that must
 * not be lost.
 */
async function killSome(cluster: Cluster, count: number, { sends }: ClientRecord): Promise<void> {
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
  Deno.test(`kafka (efficient, acks of ${acks}) uses each offset once, on all nodes, despite kills`, async () => {
    let lost = 0;
    for (let seed = 0; seed < 40; seed++) {
      const cluster = await startCluster({ program: (node) => kafka(node, { acks }), ...badNetwork(seed) });
      const record = useLogs(cluster, 10, 12_000);
      await killSome(cluster, 4, acks === "all" ? record : { ...record, sends: [] });
      await cluster.run(Math.max(0, 13_000 - cluster.clock.now()));
      cluster.calm();
      const all = { ...record, sends: acks === "all" ? record.sends : [] };
      const logs = await settled(cluster, all, 10_000);
      checkOffsets(logs, record);
      // A message that a client has read never disappears.
      checkLogs(logs, all);
      const there = new Set(Object.values(logs).flat().map(([, message]) => message));
      lost += record.sends.filter(({ offset, message }) => offset !== undefined && !there.has(message)).length;
    }
    if (acks === "all") assertEquals(lost, 0);
    else assertGreater(lost, 0, "no message was lost, so the test shows little");
  });
}

Deno.test("kafka (efficient) uses each offset once, on all nodes, when all are killed at once", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const cluster = await startCluster({ program: kafka, ...badNetwork(seed) });
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
    assertGreater(late.length, 0, "no client was answered again");
  }
});

/** Starts three nodes whose messages the test can hold back. */
async function clusterWithHold() {
  let hold = (_message: Message) => false;
  const held: Message[] = [];
  const keep = (message: Message) => hold(message) && held.push(message) > 0;
  const cluster = await startCluster({ program: kafka, nodes: 3, seed: "1", keep });
  await cluster.run(500);
  return {
    cluster,
    /** Holds back messages that satisfy the predicate, from now on and instead of those before. */
    hold(predicate: typeof hold) {
      hold = predicate;
    },
    /** Removes and returns the messages held back so far. */
    take: () => held.splice(0),
    deliver: (messages: Message[]) => messages.forEach((message) => cluster.network.send(message)),
    send: (node: string, msg: number) => cluster.complete(cluster.rpc(node, { type: "send", key: "a", msg })),
    /** Reads the log of key a from each node. */
    async shown(): Promise<Pairs[]> {
      return (await readLogs(cluster)).map((logs) => logs.a!);
    },
  };
}

/** Asserts that all logs are equal now, and extend those read before. */
function checkAgreed(before: Pairs[], after: Pairs[]): void {
  for (const log of after) assertEquals(log, after[0]);
  for (const log of before) {
    assertEquals(after[0]!.slice(0, log.length), log, "a node has returned other messages before");
  }
}

const fromFirst = ({ src, body }: Message) => src === "n0" && body.type === "replicate";

/** Sends message 1 to n0, and kills n0 before others receive it. Returns the messages of n0 that were held back. */
async function killUnheard(
  { cluster, hold, take, send }: Awaited<ReturnType<typeof clusterWithHold>>,
): Promise<Message[]> {
  hold(fromFirst);
  await send("n0", 1);
  await cluster.run(100);
  cluster.crash("n0");
  return take();
}

Deno.test("kafka (efficient) drops late messages of a killed node below the high watermark", async () => {
  const rig = await clusterWithHold();
  const { cluster, hold, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
  hold(() => false);
  await cluster.restart("n0");
  for (const [i, node] of cluster.nodes.entries()) await send(node, 2 + i);
  await cluster.run(1000);
  const before = await shown();
  assertEquals(before.map((log) => log.length), [3, 3, 3]);
  deliver(old);
  await cluster.run(2000);
  checkAgreed(before, await shown());
});

Deno.test("kafka (efficient) returns nothing while a node may still accept messages of a killed one", async () => {
  const rig = await clusterWithHold();
  const { cluster, hold, take, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
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

Deno.test("kafka (efficient) tells a restarted node which other nodes have restarted", async () => {
  const rig = await clusterWithHold();
  const { cluster, hold, take, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
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

Deno.test("kafka (efficient) keeps every message that was read when all nodes but one are killed", async () => {
  let count = 0;
  for (let time = 0; time < 400; time += 10) {
    const latency = { mean: 20, distribution: "constant" } as const;
    const cluster = await startCluster({ program: kafka, nodes: 3, seed: "1", latency });
    const record = useLogs(cluster, 2, 2000);
    await cluster.run(500 + time);
    const before = await readLogs(cluster);
    for (const node of ["n0", "n1"]) cluster.crash(node);
    for (const node of ["n0", "n1"]) await cluster.restart(node);
    await cluster.run(5000);
    const after = await settled(cluster, { ...record, sends: [] }, 1000);
    for (const key of KEYS) {
      for (const logs of before) count += logs[key]!.length;
      checkAgreed(before.map((logs) => logs[key]!), [after[key]!]);
    }
  }
  assertGreater(count, 1000, "too few messages were read, so the test shows little");
});
