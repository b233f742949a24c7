/** Effects of a test on the messages and clocks of `simulate()`, and how it waits for them. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { linKV, type Node, RPCError } from "../../../mod.ts";
import type { Message } from "../../../lib/protocol.ts";
import { simulate, type SimulatedWorld } from "../../../lib/workbench/engines/simulate.ts";

/** Sends 0, 1, 2, … to its peer, one a millisecond, and keeps what it receives. */
function counting(node: Node): void {
  const received: unknown[] = [];
  node.on("number", ({ number }) => void received.push(number));
  node.on("received", () => ({ received }));
  node.on("send", async ({ count }) => {
    for (let number = 0; number < Number(count); number++) {
      node.send(node.peers[0]!, { type: "number", number });
      await node.sleep(1);
    }
    return {};
  });
}

/** Sends 1,000 numbers from n0 to n1; returns those that have arrived. */
async function sendNumbers(world: SimulatedWorld): Promise<number[]> {
  const client = world.client();
  await client.rpc("n0", { type: "send", count: 1000 });
  await world.run(1000);
  return (await client.rpc("n1", { type: "received" })).received as number[];
}

const inOrder = (numbers: number[]) => numbers.every((number, index) => index === 0 || numbers[index - 1]! <= number);

Deno.test("disturb() loses, duplicates, reorders and delays messages between nodes, from now on", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  world.disturb({ loss: 0.2 });
  const lost = await sendNumbers(world);
  assert(lost.length > 700 && lost.length < 900 && inOrder(lost), `${lost.length} have arrived`);
  assertEquals(world.messages.servers, { send_count: 1000, recv_count: lost.length, msg_count: 1000 });

  const twice = simulate({ program: counting, nodes: 2 });
  twice.disturb({ duplicate: 0.2, maxDelay: 0 });
  const duplicated = await sendNumbers(twice);
  assertEquals(new Set(duplicated).size, 1000);
  assert(duplicated.length > 1100 && duplicated.length < 1300 && inOrder(duplicated), `${duplicated.length} arrived`);

  const mixed = simulate({ program: counting, nodes: 2 });
  mixed.disturb({ reorder: 0.2 });
  const reordered = await sendNumbers(mixed);
  assertEquals(new Set(reordered).size, 1000);
  assert(!inOrder(reordered));

  const late = simulate({ program: counting, nodes: 2 });
  late.disturb({ delay: 1500.5 });
  assertEquals((await sendNumbers(late)).length, 500);
});

Deno.test("disturb() replaces what an earlier call asked for, and {} ends it", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  world.disturb({ loss: 1 });
  world.disturb({ delay: 1 });
  assertEquals((await sendNumbers(world)).length, 1000);
  world.disturb({ loss: 1 });
  assertEquals((await sendNumbers(world)).length, 1000);
  world.disturb({});
  assertEquals((await sendNumbers(world)).length, 2000);
});

Deno.test("disturb() affects messages of services, and no message of a client", async () => {
  const program = (node: Node) => {
    node.on("write", async () => (await linKV(node).write("x", 1), {}));
    node.on("ping", () => ({}));
  };
  const world = simulate({ program, nodes: 1 });
  world.disturb({ loss: 1 });
  await world.client().rpc("n0", { type: "ping" });
  await assertRejects(() => world.client().rpc("n0", { type: "write" }, { timeout: 100 }), RPCError);
});

Deno.test("disturb() refuses what is no share or no time, and then changes nothing", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  const refused = (disturbances: Parameters<typeof world.disturb>[0], expected: string) =>
    assertThrows(() => world.disturb(disturbances), RangeError, `Cannot disturb the network: expected ${expected}`);
  for (const share of [-0.1, 1.1, NaN, 20]) {
    refused({ loss: share }, `loss to be a share, 0 to 1, got ${share}`);
    refused({ loss: 1, duplicate: share }, `duplicate to be a share, 0 to 1, got ${share}`);
    refused({ reorder: share }, `reorder to be a share, 0 to 1, got ${share}`);
  }
  for (const ms of [-1, NaN, Infinity]) {
    refused({ delay: ms }, `delay to be 0 ms or more, got ${ms}`);
    refused({ duplicate: 1, maxDelay: ms }, `maxDelay to be 0 ms or more, got ${ms}`);
  }
  assertEquals((await sendNumbers(world)).length, 1000);
});

Deno.test("intercept() takes messages off the network, and send() puts them back, any number of times", async () => {
  const world = simulate({ program: counting, nodes: 2, latency: 10 });
  const taken: Message[] = [];
  world.intercept((message) => message.body.number === 3 && taken.push(message) > 0);
  const received = await sendNumbers(world);
  assertEquals([received.length, received.includes(3)], [999, false]);
  assertEquals(taken, [{ src: "n0", dest: "n1", body: { type: "number", number: 3 } }]);
  assertEquals(world.messages.servers.send_count, 999);
  world.send(taken[0]!);
  world.send(taken[0]!);
  await world.run(10);
  const { received: now } = await world.client().rpc("n1", { type: "received" });
  assertEquals((now as number[]).slice(-3), [999, 3, 3]);
});

Deno.test("what intercept() shows is a copy, and it sees services but no client", async () => {
  const world = simulate({
    nodes: 1,
    program(node) {
      node.on("write", async () => {
        await linKV(node).write("x", { a: 1 });
        return { value: await linKV(node).read("x") };
      });
    },
  });
  const seen: string[] = [];
  world.intercept(({ src, dest, body }) => {
    seen.push(`${src} → ${dest} ${body.type}`);
    body.value = "changed";
    return false;
  });
  assertEquals((await world.client().rpc("n0", { type: "write" })).value, { a: 1 });
  assertEquals(seen, ["n0 → lin-kv write", "lin-kv → n0 write_ok", "n0 → lin-kv read", "lin-kv → n0 read_ok"]);
});

Deno.test("what a function of intercept() throws makes every wait of the test fail", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  world.intercept(() => {
    throw new Error("no such message");
  });
  await assertRejects(() => sendNumbers(world), Error, "no such message");
});

Deno.test("send() lets a test play a node, a service or a client, and refuses unknown names", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  const body = { type: "number", number: 7 };
  for (const src of ["n0", "lin-kv", world.client().id]) world.send({ src, dest: "n1", body });
  await world.run(0);
  assertEquals((await world.client().rpc("n1", { type: "received" })).received, [7, 7, 7]);
  assertThrows(() => world.send({ src: "n9", dest: "n1", body }), RangeError, "n9");
  assertThrows(() => world.send({ src: "n0", dest: "n9", body }), RangeError, "n9");
});

Deno.test("skew() moves the clock of one node, also after its restart, and leaves its timers", async () => {
  const world = simulate({
    nodes: 2,
    program(node) {
      node.on("now", () => ({ now: node.now() }));
      node.on("wait", () => node.sleep(100).then(() => ({})));
    },
  });
  const client = world.client();
  const difference = async () => {
    const [first, second] = await Promise.all(["n0", "n1"].map((node) => client.rpc(node, { type: "now" })));
    return Number(first!.now) - Number(second!.now);
  };
  assertEquals(await difference(), 0);
  const waiting = client.rpc("n0", { type: "wait" });
  world.skew("n0", 3_600_000);
  assertEquals(await difference(), 3_600_000);
  await waiting;
  assertEquals(world.now, 100);
  world.crash("n0");
  await world.restart("n0");
  assertEquals(await difference(), 3_600_000);
  world.skew("n0", -5);
  assertEquals(await difference(), -5);
  assertThrows(() => world.skew("n9", 1), RangeError, "Cannot find n9");
  assertThrows(() => world.skew("n0", NaN), RangeError, "Cannot skew the clock of n0: expected ms, got NaN");
});

Deno.test("until() lets time pass until a condition holds, and not longer than its timeout", async () => {
  const world = simulate({ program: counting, nodes: 2 });
  const client = world.client();
  void client.rpc("n0", { type: "send", count: 1000 });
  const has = (count: number) => async () =>
    ((await client.rpc("n1", { type: "received" })).received as unknown[]).length >= count;
  assertEquals(await world.until(() => true), 0);
  assertEquals([await world.until(has(301)), world.now], [300, 300]);
  assertEquals(await world.until(() => world.now > 320), 50);
  await assertRejects(
    () => world.until(has(1000), { timeout: 130 }),
    Error,
    "Cannot wait any longer: the condition does not hold after 130 ms",
  );
  assertEquals(world.now, 480);
  await assertRejects(() => world.until(() => false), Error, "after 5000 ms");
  await assertRejects(() => world.until(() => Promise.reject(new Error("no luck"))), Error, "no luck");
});
