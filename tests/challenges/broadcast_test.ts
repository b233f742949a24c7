import { assert, assertEquals } from "@std/assert";
import broadcast from "../../challenges/broadcast.ts";
import { simulate } from "../../lib/workbench/engines/simulate.ts";
import { allHave, broadcastValues, LATENCY, readAll, testBroadcast } from "./broadcast_promises.ts";

testBroadcast("broadcast", broadcast);

Deno.test("broadcast costs two messages for each value and peer", async () => {
  const world = simulate({ program: broadcast, nodes: 5 });
  await world.run(1000);
  const atStart = world.messages.servers.msg_count;
  assertEquals(atStart, 2 * 5 * 4);
  for (let message = 0; message < 10; message++) {
    await world.client().rpc(world.random.pick(world.nodes), { type: "broadcast", message });
  }
  assertEquals(world.messages.servers.msg_count - atStart, 10 * 2 * 4);
});

Deno.test("broadcast repeats one message to a peer that it cannot reach, however many values wait", async () => {
  const world = simulate({ program: broadcast, nodes: 2 });
  await world.run(1000);
  world.partition(["n0"], ["n1"]);
  const before = world.messages.servers.msg_count;
  for (let message = 0; message < 100; message++) {
    await world.client().rpc("n0", { type: "broadcast", message });
    await world.run(100);
  }
  const repeated = world.messages.servers.msg_count - before;
  assert(repeated > 15 && repeated < 25, `${repeated} messages in 10 s`);
  world.heal();
  await world.until(allHave(world, Array.from({ length: 100 }, (_, i) => i)), { timeout: 600 });
});

Deno.test("broadcast gives a restarted node its values within a second, and sends on what others lack", async () => {
  const world = simulate({ program: broadcast, nodes: 3, latency: LATENCY });
  const values = broadcastValues(world, 20, 3000);
  await world.run(3500);
  // A value that only n1 receives, from a node that is then killed.
  world.partition(["n0", "n1"], ["n2"]);
  await world.client().rpc("n0", { type: "broadcast", message: -1 });
  await world.run(200);
  assertEquals((await readAll(world)).map((all) => all.includes(-1)), [true, true, false]);
  world.crash("n0");
  world.heal();
  await world.restart("n0");
  await world.until(allHave(world, [...values.acknowledged, -1]), { timeout: 1000 });
});

Deno.test("broadcast takes a malformed reply of a peer neither for an acknowledgement nor for its values", async () => {
  const world = simulate({ program: broadcast, nodes: 2 });
  const malformed = { deliver_ok: { type: "deliver_okay" }, read_ok: { type: "read_ok", messages: null } };
  let isMalforming = true;
  world.intercept(({ src, dest, body }) => {
    const fields = isMalforming && src === "n1" && dest === "n0"
      ? malformed[body.type as keyof typeof malformed]
      : undefined;
    if (!fields) return false;
    world.send({ src, dest, body: { ...fields, in_reply_to: body.in_reply_to } });
    return true;
  });
  await world.client().rpc("n0", { type: "broadcast", message: 1 });
  await world.client().rpc("n1", { type: "broadcast", message: 2 });
  world.crash("n0");
  await world.restart("n0");
  await world.client().rpc("n0", { type: "broadcast", message: 3 });
  await world.run(1000);
  const sent = world.messages.servers.msg_count;
  await world.run(3000);
  assert(world.messages.servers.msg_count > sent + 4, "it is asked again");
  isMalforming = false;
  await world.until(allHave(world, [1, 2, 3]), { timeout: 1000 });
  assertEquals(world.logs.filter(({ level }) => level === "error"), []);
});
