import { assert, assertEquals } from "@std/assert";
import broadcast from "../../challenges/broadcast.ts";
import { startCluster, timeUntil } from "../cluster.ts";
import { allHave, broadcastValues, LATENCY, readAll, testBroadcast } from "./broadcast_promises.ts";

testBroadcast("broadcast", broadcast);

Deno.test("broadcast costs two messages for each value and peer", async () => {
  const cluster = await startCluster({ program: broadcast, nodes: 5, seed: "1" });
  await cluster.run(1000);
  const atStart = cluster.messages;
  assertEquals(atStart, 2 * 5 * 4);
  for (let message = 0; message < 10; message++) {
    await cluster.complete(cluster.rpc(cluster.random.pick(cluster.nodes), { type: "broadcast", message }));
  }
  assertEquals(cluster.messages - atStart, 10 * 2 * 4);
});

Deno.test("broadcast repeats one message to a peer that it cannot reach, however many values wait", async () => {
  const cluster = await startCluster({ program: broadcast, nodes: 2, seed: "1" });
  await cluster.run(1000);
  cluster.partition(["n0"], ["n1"]);
  const before = cluster.messages;
  for (let message = 0; message < 100; message++) {
    await cluster.complete(cluster.rpc("n0", { type: "broadcast", message }));
    await cluster.run(100);
  }
  const repeated = cluster.messages - before;
  assert(repeated > 15 && repeated < 25, `${repeated} messages in 10 s`);
  cluster.heal();
  await timeUntil(cluster, 600, allHave(cluster, Array.from({ length: 100 }, (_, i) => i)));
});

Deno.test("broadcast gives a restarted node its values within a second, and sends on what others lack", async () => {
  const cluster = await startCluster({ program: broadcast, nodes: 3, seed: "1", latency: LATENCY });
  const values = broadcastValues(cluster, 20, 3000);
  await cluster.run(3500);
  // A value that only n1 receives, from a node that is then killed.
  cluster.partition(["n0", "n1"], ["n2"]);
  await cluster.complete(cluster.rpc("n0", { type: "broadcast", message: -1 }));
  await cluster.run(200);
  assertEquals((await readAll(cluster)).map((all) => all.includes(-1)), [true, true, false]);
  cluster.crash("n0");
  cluster.heal();
  await cluster.restart("n0");
  await timeUntil(cluster, 1000, allHave(cluster, [...values.acknowledged, -1]));
});
