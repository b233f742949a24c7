import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Message } from "../../lib/protocol.ts";
import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import { simulate, type SimulatedWorld } from "../../lib/workbench/engines/simulate.ts";
import { restartAll, restartSome, simulateBadNetwork } from "../worlds.ts";
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
    const { world } = simulateBadNetwork(kafkaLinKV, seed);
    const record = useLogs(world, 10, 9000);
    await restartSome(world, 4);
    await world.run(9000);
    world.disturb({});
    const logs = await settled(world, record, 10_000);
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
async function killSome(world: SimulatedWorld, count: number, { sends }: ClientRecord): Promise<void> {
  const { random } = world;
  for (let i = 0; i < count; i++) {
    await world.run(1500 * random.float());
    const spared = random.pick(world.nodes);
    const victims = world.nodes.filter((node) => node !== spared && random.float() < 0.6);
    victims.forEach((node) => world.crash(node));
    if (random.float() < 0.5) await world.run(1000 * random.float());
    for (const node of random.shuffle(victims)) await world.restart(node);
    const [shown] = await readLogs(world, [spared]);
    await allShow(world, Object.values(shown!).flat().map(([, message]) => message));
    await allShow(world, sends.filter(({ offset }) => offset !== undefined).map(({ message }) => message));
  }
}

async function allShow(world: SimulatedWorld, messages: number[]): Promise<void> {
  await world.until(async () => {
    return (await readLogs(world)).every((logs) => {
      const shown = new Set(Object.values(logs).flat().map(([, message]) => message));
      return messages.every((message) => shown.has(message));
    });
  }, { timeout: 15_000 });
}

for (const acks of ["one", "all"] as const) {
  Deno.test(`kafka (efficient, acks of ${acks}) uses each offset once, on all nodes, despite kills`, async () => {
    let lost = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { world } = simulateBadNetwork((node) => kafka(node, { acks }), seed);
      const record = useLogs(world, 10, 12_000);
      await killSome(world, 4, acks === "all" ? record : { ...record, sends: [] });
      await world.run(Math.max(0, 13_000 - world.now));
      world.disturb({});
      const all = { ...record, sends: acks === "all" ? record.sends : [] };
      const logs = await settled(world, all, 10_000);
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
    const { world } = simulateBadNetwork(kafka, seed);
    const record = useLogs(world, 10, 9000);
    for (let i = 0; i < 3; i++) {
      await world.run(2000 * world.random.float());
      await restartAll(world);
    }
    await world.run(9000);
    world.disturb({});
    checkOffsets(await settled(world, { ...record, sends: [] }, 10_000), record);
    const late = record.sends.filter(({ began, ended }) => began > 7000 && ended < Infinity);
    assertGreater(late.length, 0, "no client was answered again");
  }
});

/** Simulates three nodes whose messages the test can hold back. */
async function simulateWithHold() {
  let hold = (_message: Message) => false;
  const held: Message[] = [];
  const world = simulate({ program: kafka, nodes: 3 });
  world.intercept((message) => hold(message) && held.push(message) > 0);
  const client = world.client();
  await world.run(500);
  return {
    world,
    /** Holds back messages that satisfy the predicate, from now on and instead of those before. */
    hold(predicate: typeof hold) {
      hold = predicate;
    },
    /** Removes and returns the messages held back so far. */
    take: () => held.splice(0),
    deliver: (messages: Message[]) => messages.forEach(world.send),
    send: (node: string, msg: number) => client.rpc(node, { type: "send", key: "a", msg }),
    /** Reads the log of key a from each node. */
    async shown(): Promise<Pairs[]> {
      return (await readLogs(world)).map((logs) => logs.a!);
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
  { world, hold, take, send }: Awaited<ReturnType<typeof simulateWithHold>>,
): Promise<Message[]> {
  hold(fromFirst);
  await send("n0", 1);
  await world.run(100);
  world.crash("n0");
  return take();
}

Deno.test("kafka (efficient) drops late messages of a killed node below the high watermark", async () => {
  const rig = await simulateWithHold();
  const { world, hold, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
  hold(() => false);
  await world.restart("n0");
  for (const [i, node] of world.nodes.entries()) await send(node, 2 + i);
  await world.run(1000);
  const before = await shown();
  assertEquals(before.map((log) => log.length), [3, 3, 3]);
  deliver(old);
  await world.run(2000);
  checkAgreed(before, await shown());
});

Deno.test("kafka (efficient) returns nothing while a node may still accept messages of a killed one", async () => {
  const rig = await simulateWithHold();
  const { world, hold, take, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
  hold((message) => fromFirst(message) && message.dest === "n2");
  await world.restart("n0");
  await world.run(20);
  await send("n2", 2);
  await world.run(500);
  const before = await shown();
  deliver(old.filter(({ dest }) => dest === "n2"));
  hold(() => false);
  deliver(take());
  await world.run(3000);
  const after = await shown();
  checkAgreed(before, after);
  assertEquals(after[0]!.map(([, message]) => message), [1, 2]);
});

Deno.test("kafka (efficient) tells a restarted node which other nodes have restarted", async () => {
  const rig = await simulateWithHold();
  const { world, hold, take, deliver, send, shown } = rig;
  const old = await killUnheard(rig);
  hold(() => false);
  await world.restart("n0");
  await send("n1", 2);
  await world.run(1000);
  const before = await shown();
  assertEquals(before.map((log) => log.length), [1, 1, 1]);
  world.crash("n2");
  hold(({ dest, body }) => dest === "n2" && body.type === "replicate");
  await world.restart("n2");
  await world.run(20);
  hold(() => false);
  deliver(old.filter(({ dest }) => dest === "n2"));
  await world.run(10);
  deliver(take());
  await world.run(3000);
  checkAgreed(before, await shown());
});

Deno.test("kafka (efficient) keeps every message that was read when all nodes but one are killed", async () => {
  let count = 0;
  for (let time = 0; time < 400; time += 10) {
    const world = simulate({ program: kafka, nodes: 3, latency: 20 });
    const record = useLogs(world, 2, 2000);
    await world.run(500 + time);
    const before = await readLogs(world);
    for (const node of ["n0", "n1"]) world.crash(node);
    for (const node of ["n0", "n1"]) await world.restart(node);
    await world.run(5000);
    const after = await settled(world, { ...record, sends: [] }, 1000);
    for (const key of KEYS) {
      for (const logs of before) count += logs[key]!.length;
      checkAgreed(before.map((logs) => logs[key]!), [after[key]!]);
    }
  }
  assertGreater(count, 1000, "too few messages were read, so the test shows little");
});
