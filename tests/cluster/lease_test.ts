import { assert, assertEquals, assertRejects } from "@std/assert";
import { createEtcd, type Etcd } from "../../lib/cluster/etcd.ts";
import { holdKey, type HoldKeyOptions } from "../../lib/cluster/lease.ts";
import { createLeaseRig } from "./lease_rig.ts";
import { RPCError } from "../../lib/protocol.ts";
import { testWithServers } from "../servers.ts";

/** An etcd in memory whose leases end on request, and whose waits are steps of the test. */
function createRig() {
  const rig = createLeaseRig();
  const { etcd, delay } = rig;
  const hold = (value: string, options: Partial<HoldKeyOptions> = {}) =>
    holdKey({ etcd, key: "k", value, delay, ...options });
  return { ...rig, hold };
}

const unexpected = (value: string) => assert(false, `lost to ${value}`);

Deno.test("holdKey(): the key is there until it is released", async () => {
  const { keys, hold, step } = createRig();
  const held = await hold("a", { onLost: unexpected });
  for (let count = 0; count < 3; count++) await step();
  assertEquals(keys.get("k")?.value, "a");
  await held.release();
  assertEquals(keys.size, 0);
});

Deno.test("holdKey(): a second owner waits until the first one's lease has ended", async () => {
  const { keys, etcd, hold, step, endLeases } = createRig();
  const waits: string[] = [];
  const lost: string[] = [];
  const first = await hold("a", { onLost: (value) => lost.push(value) });
  const second = hold("b", { onWait: (value) => waits.push(value) });
  await step();
  assertEquals([keys.get("k")?.value, ...waits], ["a", "a"]);
  // The first one stands still: nothing is renewed.
  endLeases();
  keys.set("k", { value: "b", lease: await etcd.grantLease(10) });
  await step();
  const held = await second;
  await step();
  assertEquals(lost, ["b"]);
  await first.release();
  assertEquals(keys.get("k")?.value, "b");
  await held.release();
});

Deno.test("holdKey(): a key whose lease has ended is taken again", async () => {
  const { keys, hold, step, endLeases } = createRig();
  const held = await hold("a", { onLost: unexpected });
  endLeases();
  assertEquals(keys.size, 0);
  await step();
  assertEquals(keys.get("k")?.value, "a");
  await held.release();
});

Deno.test("holdKey(): without etcd it goes on trying, and release() does not throw", async () => {
  const { rig, keys, hold, step, endLeases } = createRig();
  const held = await hold("a", { onLost: unexpected });
  endLeases();
  rig.isBroken = true;
  await step();
  assertEquals(keys.size, 0);
  rig.isBroken = false;
  await step();
  assertEquals(keys.get("k")?.value, "a");
  rig.isBroken = true;
  await held.release();
  await assertRejects(() => hold("b"), RPCError, "etcd does not answer");
});

Deno.test("holdKey(): a key that was created though the reply was lost is its owner's", async () => {
  const { rig, keys, hold, step, endLeases } = createRig();
  const held = await hold("a", { onLost: unexpected });
  endLeases();
  rig.losesReplies = true;
  await step();
  rig.losesReplies = false;
  await step();
  await step();
  assertEquals(keys.get("k")?.value, "a");
  await held.release();
  assertEquals(keys.size, 0);
});

Deno.test("holdKey(): a signal ends waiting", async () => {
  const { hold, settle } = createRig();
  const held = await hold("a");
  const ending = new AbortController();
  const waiting = hold("b", { signal: ending.signal });
  await settle();
  ending.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  await held.release();
});

testWithServers("leases of etcd: a key ends with its lease, and is listed until then", ["etcd"], async ({ start }) => {
  const etcd: Etcd = createEtcd([(await start("etcd")).url]);
  const held = await holdKey({ etcd, key: "c/members/n1", value: "1", onLost: unexpected });
  const lease = await etcd.grantLease(60);
  assertEquals(await etcd.renewLease(lease), true);
  assertEquals((await etcd.create("c/members/n0", "0", lease)).isDone, true);
  assertEquals((await etcd.create("c/members/n0", "2", lease)).value, "0");
  await etcd.write("c/other", "3");
  const members = [{ key: "c/members/n0", value: "0" }, { key: "c/members/n1", value: "1" }];
  assertEquals(await etcd.list("c/members/"), members);
  await etcd.revokeLease(lease);
  await etcd.revokeLease(lease);
  assertEquals(await etcd.renewLease(lease), false);
  assertEquals(await etcd.list("c/members/"), members.slice(1));
  await held.release();
  assertEquals(await etcd.list("c/members/"), []);
});
