import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { etcdMembers, leasedMembers, type Membership } from "../../lib/cluster/membership.ts";
import { type Body, RPCError } from "../../lib/protocol.ts";
import { createLeaseRig, type LeaseRig } from "./lease_rig.ts";

/** Requests of a host to its program. */
type Ask = (body: Body) => Promise<Body>;

const agree: Ask = ({ type }) => Promise.resolve({ type: `${type}_ok` });

/** A cluster of nodes on an etcd in memory. */
function createRig({ count = 2 } = {}) {
  const etcd = createLeaseRig();
  const logged: string[] = [];
  let incarnations = 0;
  const join = (id: string, { signal = new AbortController().signal, attempts = 1, ...changes } = {}) =>
    leasedMembers({ count, ttlSeconds: 10, etcd: etcd.etcd, delay: etcd.delay, attempts, ...changes }).register({
      cluster: "prod",
      id,
      incarnation: `i${++incarnations}`,
      log: (level, text) => void logged.push(`${level} ${id}: ${text}`),
      signal,
    });
  return { ...etcd, logged, join, start: (...ids: string[]) => startAll(etcd, join, ids) };
}

async function startAll({ advance }: LeaseRig, join: (id: string) => Promise<Membership>, ids: string[]) {
  const joining = ids.map(join);
  await advance(1000);
  return await Promise.all(joining);
}

/** Follows a membership; returns the requests that the program gets. */
function follow(membership: Membership, ask: Ask = agree) {
  const ending = new AbortController();
  const asked: string[] = [];
  const ended = membership.follow((body) => {
    asked.push(`${body.type} ${body.node_id}`);
    return ask(body);
  }, ending.signal);
  ended.catch(() => {});
  return { asked, ended, end: () => ending.abort() };
}

Deno.test("members: nodes wait until there are enough, and all of them begin with the same names", async () => {
  const { join, keys, logged, advance } = createRig({ count: 3 });
  const joining = [join("n2")];
  await advance(100);
  joining.push(join("n0"));
  let isDone = false;
  void joining[0]!.then(() => isDone = true);
  await advance(60_000);
  assertEquals(isDone, false);
  assertEquals(logged, [
    "info n2: Waiting until there are 3 nodes; now there are n2",
    "info n0: Waiting until there are 3 nodes; now there are n0, n2",
    "info n2: n0 has joined",
  ]);
  joining.push(join("n1"));
  await advance(250);
  const members = await Promise.all(joining);
  assertEquals(members.map(({ nodes }) => nodes), Array(3).fill(["n0", "n1", "n2"]));
  assertEquals([...keys.keys()].sort(), ["prod/members/n0", "prod/members/n1", "prod/members/n2"]);
  assertEquals(keys.get("prod/members/n2")!.value, '{"incarnation":"i1"}');
});

Deno.test("members: a node that comes or leaves is told to the program of each other node, once", async () => {
  const { start, advance } = createRig();
  const [n0, n1] = await start("n0", "n1");
  const { asked, end, ended } = follow(n0!);
  const [n2] = await start("n2");
  await advance(3000);
  assertEquals([n0!.present(), n0!.nodes], [["n0", "n1", "n2"], ["n0", "n1"]]);
  assertEquals(n2!.nodes, ["n0", "n1", "n2"]);
  await n1!.leave();
  await advance(3000);
  assertEquals(asked, ["add_member n2", "remove_member n1"]);
  assertEquals(n0!.present(), ["n0", "n2"]);
  end();
  await ended;
});

Deno.test("members: a node that crashed is removed when its lease ends, and added when it is back", async () => {
  const { start, advance, keys, etcd } = createRig();
  const [n0, n1] = await start("n0", "n1");
  const { asked, end } = follow(n0!);
  // n1 crashes: it is ended here, and its key is put back with a lease that nobody renews.
  const { value } = keys.get("prod/members/n1")!;
  await n1!.leave();
  await etcd.create("prod/members/n1", value, await etcd.grantLease(10));
  await advance(9000);
  assertEquals(asked, []);
  await advance(2000);
  assertEquals(asked, ["remove_member n1"]);
  await start("n1");
  await advance(2000);
  assertEquals(asked, ["remove_member n1", "add_member n1"]);
  end();
});

Deno.test("members: a restarted node waits for the lease of its last incarnation", async () => {
  const { join, start, advance, keys, etcd, logged } = createRig({ count: 1 });
  const [first] = await start("n0");
  const { value } = keys.get("prod/members/n0")!;
  await first!.leave();
  await etcd.create("prod/members/n0", value, await etcd.grantLease(10));
  const second = join("n0");
  await advance(9000);
  assertEquals(logged, [
    'warn n0: Another node has the name n0 ({"incarnation":"i1"}): waiting until its lease has ended',
  ]);
  await advance(2000);
  assertEquals((await second).nodes, ["n0"]);
  assertEquals(keys.get("prod/members/n0")!.value, '{"incarnation":"i2"}');
});

Deno.test("members: a second node with the name of one that runs is refused", async () => {
  const { join, start, advance, keys } = createRig({ count: 1 });
  const [first] = await start("n0");
  const second = assertRejects(() => join("n0"), Error, "Cannot join as n0: another node has that name, and runs");
  await advance(30_000);
  await second;
  assertEquals(keys.get("prod/members/n0")!.value, '{"incarnation":"i1"}');
  await first!.leave();
});

Deno.test("members: a node whose name was taken while it stood still ends", async () => {
  const { start, advance, keys, endLeases, etcd } = createRig();
  const [n0] = await start("n0", "n1");
  const { ended } = follow(n0!);
  endLeases();
  await etcd.create("prod/members/n0", "other", await etcd.grantLease(60));
  const refused = assertRejects(() => ended, Error, "n0 ends: another node has taken its name");
  await advance(5000);
  await refused;
  await n0!.leave();
  assertEquals(keys.get("prod/members/n0")!.value, "other");
});

Deno.test("members: without etcd the list stays, and a node registers again when etcd is back", async () => {
  const { rig, start, advance, keys, endLeases, logged } = createRig();
  const [n0, n1] = await start("n0", "n1");
  const { asked } = follow(n0!);
  rig.isBroken = true;
  await advance(30_000);
  endLeases();
  assertEquals([n0!.present(), keys.size], [["n0", "n1"], 0]);
  rig.isBroken = false;
  await advance(15_000);
  assertEquals([...keys.keys()].sort(), ["prod/members/n0", "prod/members/n1"]);
  assertEquals(asked, []);
  assertEquals(logged.filter((line) => line.includes("n0: ")), [
    "warn n0: The list of nodes stays as it is: etcd does not answer",
    "info n0: etcd answers again",
  ]);
  // One that does not come back is removed after all.
  rig.isBroken = true;
  await advance(2000);
  await n1!.leave();
  endLeases();
  rig.isBroken = false;
  await advance(9000);
  assertEquals(asked, []);
  await advance(4000);
  assertEquals(asked, ["remove_member n1"]);
});

Deno.test("members: a program that does not handle changes keeps its list, and that is logged once", async () => {
  const { start, advance, logged } = createRig();
  const [n0] = await start("n0", "n1");
  const { asked } = follow(n0!, () => Promise.resolve({ type: "error", code: 10, text: "unknown" }));
  await start("n2", "n3");
  await advance(5000);
  assertEquals(asked, ["add_member n2", "add_member n3"]);
  const text = "The program does not handle add_member: the nodes that it was started with stay its list";
  assertEquals(logged.filter((line) => line.includes("handle")), [`warn n0: ${text}`]);
  assertEquals(n0!.present(), ["n0", "n1", "n2", "n3"]);
});

Deno.test("members: a change that the program refuses is told again, until it agrees or it is undone", async () => {
  const { start, advance } = createRig();
  const [n0] = await start("n0", "n1");
  let refusals = 2;
  const { asked } = follow(
    n0!,
    (body) => refusals-- > 0 ? Promise.resolve({ ...new RPCError(11, "no leader").toBody() }) : agree(body),
  );
  const [n2] = await start("n2");
  await advance(5000);
  assertEquals(asked, Array(3).fill("add_member n2"));
  refusals = 1;
  await n2!.leave();
  await advance(1000);
  await start("n2");
  await advance(5000);
  assertEquals(asked.slice(3), ["remove_member n2"]);
});

Deno.test("members: a change that the program works on is not told a second time", async () => {
  const { start, advance } = createRig();
  const [n0] = await start("n0", "n1");
  const { asked } = follow(n0!, () => new Promise(() => {}));
  await start("n2");
  await advance(10_000);
  assertEquals(asked, ["add_member n2"]);
});

Deno.test("members: a signal ends waiting, and takes back the registration", async () => {
  const { join, advance, keys } = createRig({ count: 2 });
  const ending = new AbortController();
  const joining = assertRejects(() => join("n0", { signal: ending.signal }), Error, "enough");
  await advance(1000);
  assertEquals(keys.size, 1);
  ending.abort(new Error("enough"));
  await joining;
  assertEquals(keys.size, 0);
});

Deno.test("members: without etcd at the start, a node says so; each address is tried", async () => {
  const { join, rig, advance } = createRig({ count: 1 });
  rig.isBroken = true;
  await assertRejects(() => join("n0"), Error, "Cannot join as n0: etcd does not answer");
  let asked = 0;
  const { etcd, delay } = createLeaseRig();
  const grantLease = (ttl: number) => ++asked < 3 ? Promise.reject(new RPCError(11, "dead")) : etcd.grantLease(ttl);
  const dying = { etcd: { ...etcd, grantLease }, delay, attempts: 3 };
  await advance(0);
  assertEquals((await join("n0", dying)).nodes, ["n0"]);
  assertEquals(asked, 3);
});

Deno.test("etcdMembers() refuses numbers that make no sense", () => {
  const error = assertThrows(() => etcdMembers({ urls: "http://a", count: 0 }), TypeError);
  assertStringIncludes(error.message, "Cannot use count 0: expected a whole number above 0");
  assertThrows(() => etcdMembers({ urls: [], count: 1, ttlSeconds: 0.5 }), TypeError, "Cannot use ttlSeconds 0.5");
});

Deno.test("etcdMembers() refuses an address, a user and files that cannot be used", () => {
  const refused = (changes: Partial<Parameters<typeof etcdMembers>[0]>, expected: string) =>
    assertThrows(
      () => etcdMembers({ urls: "http://a:2379/", count: 1, user: "me:x", tls: {}, ...changes }),
      Error,
      expected,
    );
  refused({ urls: "a:2379" }, 'Cannot use the address "a:2379" for etcd: expected http://HOST:PORT');
  refused({ urls: [] }, "Cannot use no address for etcd");
  refused({ user: "me" }, "expected $ETCD_USER to be user:password");
  refused({ tls: { cert: "a.pem" } }, "Cannot use the certificate a.pem without its key");
});
