import { assert, assertEquals, assertRejects } from "@std/assert";
import { createEtcd, type Etcd } from "../lib/etcd.ts";
import { holdKey, type HoldKeyOptions } from "../lib/lease.ts";
import { RPCError } from "../lib/protocol.ts";
import { testWithServers } from "./servers.ts";

/** An etcd in memory whose leases end on request, and whose waits are steps of the test. */
function createRig() {
  const leases = new Set<string>();
  const keys = new Map<string, { value: string; lease: string | undefined }>();
  const waiting: (() => void)[] = [];
  const rig = { isBroken: false, granted: 0, losesReplies: false };
  const endLease = (lease: string) => {
    leases.delete(lease);
    for (const [key, held] of keys) if (held.lease === lease) keys.delete(key);
  };
  const requireEtcd = () =>
    rig.isBroken ? Promise.reject(new RPCError("temporarily-unavailable", "etcd does not answer")) : Promise.resolve();
  const etcd: HoldKeyOptions["etcd"] = {
    async create(key, value, lease) {
      await requireEtcd();
      if (!leases.has(lease!)) throw new RPCError("timeout", "requested lease not found");
      const present = keys.get(key);
      if (present === undefined) keys.set(key, { value, lease });
      if (rig.losesReplies) throw new RPCError("timeout", "the reply was lost");
      return { isDone: present === undefined, value: present?.value, revision: 1 };
    },
    async grantLease() {
      await requireEtcd();
      const lease = String(++rig.granted);
      leases.add(lease);
      return lease;
    },
    async renewLease(lease) {
      await requireEtcd();
      return leases.has(lease);
    },
    async revokeLease(lease) {
      await requireEtcd();
      endLease(lease);
    },
  };
  const delay: HoldKeyOptions["delay"] = (_ms, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      waiting.push(resolve);
    });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const step = async () => {
    await settle();
    for (const resolve of waiting.splice(0)) resolve();
    await settle();
  };
  const hold = (value: string, options: Partial<HoldKeyOptions> = {}) =>
    holdKey({ etcd, key: "k", value, delay, ...options });
  const endLeases = () => leases.forEach(endLease);
  return { rig, keys, etcd, delay, step, hold, endLeases, settle };
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
