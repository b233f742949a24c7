import { assert, assertEquals, assertThrows } from "@std/assert";
import type { AnyNode } from "../../../lib/node.ts";
import { startNode } from "../../../lib/start_node.ts";
import type { Body, Message } from "../../../lib/protocol.ts";
import { replicate } from "../../../challenges/replication/mod.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { load, shake, simulateBadNetwork } from "../../worlds.ts";
import {
  adding,
  allEqual,
  counting,
  type Entry,
  HUB,
  MESH,
  type Sent,
  states,
  STYLES,
  total,
  type Watch,
} from "./counting.ts";

/** Takes any entry and any snapshot. */
const ANY = { isEntry: () => true, isSnapshot: () => true };

/** A host that does nothing. */
const HOST = {
  send: () => {},
  now: () => 0,
  setTimer: () => 0,
  clearTimer: () => {},
  getRandomValues: <T extends Uint8Array | Uint32Array>(array: T) => array,
  random: () => 0,
  log: () => {},
};

/** Counts what is in the messages of replication that `see` gets; it takes none. */
function countUpdates() {
  const count = { entries: 0, questions: 0, snapshots: 0, see };
  function see({ body }: Message): boolean {
    const { entries = {}, question, snapshot } = body as { entries?: Record<string, [number, unknown[]]> } & Body;
    for (const [, list] of Object.values(entries)) count.entries += list.length;
    if (question) count.questions++;
    if (snapshot) count.snapshots++;
    return false;
  }
  return count;
}

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: on bad networks entries come once and in order, and in the end all is quiet`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const { world } = simulateBadNetwork(counting(style), seed);
      load(world, 20, 9000, adding(world));
      await shake(world, 10_000);
      await world.until(allEqual(world), { timeout: 4000 });
      const faults = (await states(world)).flatMap((state) => state.faults);
      // In a mesh, entries of different nodes may overtake each other.
      assertEquals(faults.filter((fault) => name === "hub" || fault.includes("after")), []);
      await world.run(20_000);
      const { msg_count } = world.messages.servers;
      await world.run(60_000);
      assertEquals(world.messages.servers.msg_count, msg_count, "nothing is sent once all nodes have everything");
    }
  });

  Deno.test(`${name}: a killed node gets everything back, and its new entries are not taken for old ones`, async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { world } = simulateBadNetwork(counting(style), seed);
      load(world, 20, 9000, adding(world));
      for (let i = 0; i < 3; i++) {
        await world.run(3000);
        const node = world.random.pick(world.nodes);
        world.crash(node);
        await world.run(2000 * world.random.float());
        await world.restart(node);
      }
      world.disturb({});
      await world.until(allEqual(world), { timeout: 10_000 });
    }
  });

  Deno.test(`${name}: a lost peer is asked less and less, and gets what was forgotten as a snapshot`, async () => {
    const count = countUpdates();
    const program = counting({ ...style, keep: 100 });
    const world = simulate({ program, nodes: 3 });
    world.intercept(count.see);
    world.partition(["n2"], ["n0", "n1"]);
    load(world, 200, 600_000, adding(world));
    await world.run(595_000);
    const { questions } = count;
    await world.run(60_000);
    // After ten minutes, one every six seconds to each suspect; there are three in a hub topology, and four in a mesh.
    assert(count.questions - questions <= 48, `${count.questions - questions} questions`);
    const { entries } = count;
    world.heal();
    await world.until(allEqual(world), { timeout: 10_000 });
    assert(count.snapshots >= 1);
    assert(count.entries - entries < 2000, `${count.entries - entries} entries were sent`);
  });

  Deno.test(`${name}: a node restarted when entries were forgotten gets a snapshot and few entries`, async () => {
    const count = countUpdates();
    const program = counting({ ...style, keep: 20 });
    const world = simulate({ program, nodes: 3 });
    world.intercept(count.see);
    load(world, 5, 5000, adding(world));
    await world.run(6000);
    world.crash("n1");
    await world.restart("n1");
    const { entries } = count;
    await world.until(allEqual(world), { timeout: 10_000 });
    assert(total((await states(world))[0]!) > 500);
    assert(count.snapshots >= 1);
    assert(count.entries - entries < 300, `${count.entries - entries} entries were sent`);
  });
}

Deno.test("hub: an entry is fully replicated once all nodes have it, and each program hears of it once", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const told = new Map<string, string[]>();
    const counts: Watch["counts"] = new Map();
    const onFullyReplicated = (node: string, { from, number }: Entry) => {
      for (const [id, has] of counts) assert((has[from] ?? 0) >= number, `${id} does not have ${number} of ${from}`);
      told.set(node, [...told.get(node) ?? [], `${from} ${number}`]);
    };
    const program = counting({ ...HUB, keep: Infinity, ackDelay: 0 }, { counts, onFullyReplicated });
    const { world } = simulateBadNetwork(program, seed);
    load(world, 50, 4000, adding(world));
    await shake(world, 5000);
    await world.run(10_000);
    const [state] = await states(world);
    for (const node of world.nodes) {
      assertEquals(told.get(node)?.length, total(state!), `${node} was not told of each`);
      assertEquals(new Set(told.get(node)).size, total(state!));
    }
  }
});

Deno.test("in a mesh no node knows what is fully replicated", () => {
  const options = { ...MESH, ...ANY, apply() {}, snapshot: () => 0, restore() {}, onFullyReplicated() {} };
  const mount = () => startNode((node: AnyNode) => void replicate(node, options), HOST);
  assertThrows(mount, TypeError, "Cannot replicate: onFullyReplicated needs topology hub, got mesh");
});

Deno.test("a hub costs 2(n - 1) messages a period at most, a mesh with a period n(n - 1)", async () => {
  for (const [style, most] of [[HUB, 2 * 9], [{ ...MESH, period: 100 }, 10 * 9]] as const) {
    const world = simulate({ program: counting(style), nodes: 10 });
    load(world, 2, 10_000, adding(world));
    await world.run(10_000);
    assert(
      world.messages.servers.msg_count <= most * 100 * 1.02,
      `${world.messages.servers.msg_count / 100} messages a period`,
    );
    assert(
      world.messages.servers.msg_count >= most * 100 * 0.8,
      `${world.messages.servers.msg_count / 100} messages a period`,
    );
  }
});

Deno.test("a hub that is gone is replaced, and followed again when it is back", async () => {
  const counts: Watch["counts"] = new Map();
  const program = counting(HUB, { counts, onFullyReplicated() {} });
  const world = simulate({ program, nodes: 5 });
  load(world, 20, 20_000, adding(world));
  await world.run(2000);
  world.crash("n0");
  await world.run(3000);
  await adding(world)("n3");
  const added = counts.get("n3")!;
  const [ofN3] = Object.entries(added).find(([from]) => from.startsWith("n3"))!;
  const number = added[ofN3]!;
  await world.run(300);
  for (const node of ["n1", "n2", "n4"]) assert(counts.get(node)![ofN3]! >= number, `${node} does not have it`);
  await world.restart("n0");
  await world.run(18_000);
  assert(await allEqual(world)());
});

Deno.test("hub: a new hub soon stops to send to peers that it has never exchanged a message with", async () => {
  const world = simulate({ program: counting(HUB), nodes: 8 });
  load(world, 20, 8000, adding(world));
  await world.run(2000);
  const isOdd = (node: string) => Number(node.slice(1)) % 2 === 1;
  world.partition(world.nodes.filter(isOdd), world.nodes.filter((node) => !isOdd(node)));
  await world.run(2000);
  let rounds = 0;
  world.intercept(({ src, dest, body }) => {
    if (src === "n1" && !isOdd(dest) && !body.question) rounds++;
    return false;
  });
  await world.run(2000);
  assertEquals(rounds, 0);
});

Deno.test("hub: a node waits two rounds for the hub to bring what another node has, before it asks that", async () => {
  const world = simulate({ program: counting(HUB), nodes: 3 });
  const sent: Message[] = [];
  world.intercept((message) => message.body.type === "replicate" && sent.push(message) > 0);
  const say = async (fields: object) => {
    const body = { type: "replicate", from: "n1.b", hub: "n0", next: 50, ...fields };
    world.send({ src: "n1", dest: "n2", body });
    await world.run(1);
  };
  const fromN2 = () => sent.filter(({ src, dest }) => src === "n2" && dest === "n1").map(({ body }) => body as Sent);
  await say({ seq: 1, have: {}, question: true });
  const [{ from, seq }] = fromN2() as [Sent];
  await say({ seq: 2, have: { "n1.b": 1 }, ack: [from, seq, 0] });
  await world.run(150);
  assertEquals(fromN2().filter(({ question }) => question), []);
  await world.run(100);
  assertEquals(fromN2().filter(({ question }) => question).length, 1);
});

Deno.test("entries that are appended before the node takes part are kept", async () => {
  const seen: number[] = [];
  const program = (node: AnyNode) => {
    const options = { ...ANY, snapshot: () => [], restore() {}, apply: (entry: number) => void seen.push(entry) };
    const { append } = replicate<number, number[]>(node, { ...MESH, ...options });
    append(1);
    node.onInit(() => append(2));
  };
  const world = simulate({ program, nodes: 2 });
  await world.run(10);
  assertEquals(seen, [1, 2, 1, 2]);
});

Deno.test("a message from outside the cluster is ignored", async () => {
  const world = simulate({ program: counting(MESH), nodes: 2 });
  const entries = { x: [0, [{ from: "x", number: 1, after: {} }]] };
  world.send({
    src: world.client().id,
    dest: "n0",
    body: { type: "replicate", seq: 1, from: "x", have: { x: 1 }, entries },
  });
  await world.run(1000);
  assertEquals((await states(world)).map(({ counts }) => counts), [{}, {}]);
});

Deno.test("mesh: a loss is noticed even if nothing is sent after it", async () => {
  for (let lost = 1; lost <= 12; lost++) {
    let seen = 0;
    const world = simulate({ program: counting(MESH), nodes: 5, seed: lost });
    world.intercept(({ src, body }) => src === "n1" && body.entries !== undefined && ++seen === lost);
    const add = adding(world);
    load(world, 100, 1000, add);
    await add("n1");
    await add("n1");
    await add("n1");
    await world.run(1000);
    assert(seen >= lost);
    await world.until(allEqual(world), { timeout: 3000 });
  }
});
