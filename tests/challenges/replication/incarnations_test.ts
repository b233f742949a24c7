import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../../lib/protocol.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";
import { load } from "../../worlds.ts";
import { adding, allEqual, counting, HUB, MESH, type Sent, states, STYLES, total } from "./counting.ts";

Deno.test("a late message of a former incarnation does not count", async () => {
  for (const style of [MESH, HUB]) {
    const held: Message[] = [];
    let hold = false;
    const world = simulate({ program: counting(style), nodes: 3 });
    world.intercept((message) =>
      hold && message.src === "n1" && message.body.type === "replicate" && held.push(message) > 0
    );
    load(world, 50, 2000, adding(world));
    await world.run(3000);
    hold = true;
    await adding(world)("n1");
    await world.run(500);
    world.crash("n1");
    hold = false;
    await world.restart("n1");
    held.forEach(world.send);
    assert(held.length > 0);
    // A node that was not acknowledged for 5 s asks.
    await world.until(allEqual(world), { timeout: 8000 });
  }
});

/** A world in which the test reads all that n0 sends, and speaks for n1 and n2. */
async function loneNode() {
  const sent: Message[] = [];
  const world = simulate({ program: counting(MESH), nodes: 3 });
  world.intercept((message) => message.body.type === "replicate" && sent.push(message) > 0);
  const say = async (src: string, fields: object) => {
    const body = { type: "replicate", seq: 1, from: `${src}.b`, have: {}, ...fields };
    world.send({ src, dest: "n0", body });
    await world.run(1);
  };
  const to = (dest: string) => sent.filter((message) => message.dest === dest).map(({ body }) => body as Sent);
  await say("n2", { question: true });
  const [{ from: own }] = to("n2") as [Sent];
  sent.length = 0;
  return { world, say, to, own };
}

Deno.test("an incarnation is present once it has answered a message newer than its predecessor's last", async () => {
  const { world, say, to, own } = await loneNode();
  await say("n1", { question: true });
  await say("n1", { seq: 2, question: true, ack: [own, to("n1")[0]!.seq, 0] });
  assertEquals(to("n1").map(({ question }) => question), [undefined, undefined], "both are answered");
  const late = { from: "n1.a", seq: 99, question: true };
  await say("n1", late);
  const challenge = to("n1")[2]!;
  assertEquals(
    [challenge.question, challenge.ack!.slice(0, 2)],
    [true, ["n1.a", 99]],
    "it is asked whether it is present",
  );
  await say("n1", { ...late, seq: 100, ack: [own, 0, 0] });
  assertEquals(to("n1").length, 3, "an older answer proves nothing, and it is not asked again so soon");
  await say("n1", { seq: 3, question: true });
  assertEquals(to("n1")[3]!.ack!.slice(0, 2), ["n1.b", 3], "the present one is still answered");
  await say("n1", { ...late, seq: 101, ack: [own, to("n1")[3]!.seq, 0] });
  assertEquals(to("n1")[4]!.ack!.slice(0, 2), ["n1.a", 101], "it has heard something newer, so it is present");
  await world.run(500);
  await say("n1", { seq: 4, question: true, ack: [own, challenge.seq, 0] });
  const last = to("n1").at(-1)!;
  assertEquals([last.question, last.ack!.slice(0, 2)], [true, ["n1.b", 4]], "and the other one is not any more");
});

Deno.test("an acknowledgement of another incarnation does not count, and is answered with a question", async () => {
  const { world, say, to, own } = await loneNode();
  await say("n1", { question: true });
  await say("n1", { seq: 2, ack: [own, to("n1")[0]!.seq, 0] });
  await adding(world)("n0");
  const { seq, entries } = to("n1").at(-1)!;
  assertEquals(entries![own]![0], 0);
  const before = to("n1").length;
  await say("n1", { seq: 3, have: {}, ack: ["n0.former", 1e9, 0] });
  const question = to("n1")[before]!;
  assertEquals([question.question, question.ack!.slice(0, 2)], [true, ["n1.b", 3]]);
  await say("n1", { seq: 4, base: seq, ack: ["n0.former", 1e9, 0] });
  assertEquals(to("n1").length, before + 1, "what refers to that says nothing");
  await say("n1", { seq: 5, ack: [own, question.seq, 0] });
  assertEquals(to("n1").at(-1)!.entries![own]![0], 0, "one of this incarnation shows that the entry was lost");
});

Deno.test("mesh: peers that have something that is missing are asked for it, one after the other", async () => {
  const { world, say, to, own } = await loneNode();
  for (const peer of ["n1", "n2"]) {
    await say(peer, { question: true });
    await say(peer, { seq: 2, have: { "n1.b": 1 }, ack: [own, to(peer).at(-1)!.seq, 0] });
  }
  const asked = (peer: string) => to(peer).filter(({ question }) => question).length;
  await world.run(30);
  assertEquals(asked("n1") + asked("n2"), 1);
  await world.run(150);
  assertEquals([asked("n1") > 0, asked("n2") > 0], [true, true]);
});

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: a node that starts again with its clock put back is heard at once`, async () => {
    const world = simulate({ program: counting(style), nodes: 3 });
    load(world, 50, 2000, adding(world));
    await world.run(3000);
    world.crash("n2");
    world.skew("n2", -100_000);
    await world.restart("n2");
    await adding(world)("n2");
    await world.until(allEqual(world), { timeout: 2000 });
  });
}

for (const [name, style] of Object.entries(STYLES)) {
  Deno.test(`${name}: two nodes restarted with clocks put back find each other despite late messages`, async () => {
    const world = simulate({ program: counting(style), nodes: 2 });
    let hold = true;
    const held: Message[] = [];
    world.intercept((message) => hold && message.body.type === "replicate" && held.push(message) > 0);
    const add = adding(world);
    for (const node of world.nodes) await add(node);
    await world.run(200);
    assertEquals(new Set(held.map(({ src }) => src)).size, 2);
    world.nodes.forEach((node) => world.crash(node));
    for (const node of world.nodes) world.skew(node, -3_600_000);
    for (const node of world.nodes) await world.restart(node);
    hold = false;
    held.forEach(world.send);
    for (const node of world.nodes) await add(node);
    await world.until(allEqual(world), { timeout: 10_000 });
    assert(total((await states(world))[0]!) >= 2);
  });
}

Deno.test("hub: a restarted node asks peers it has not heard, after answers of others too", async () => {
  const world = simulate({ program: counting(HUB), nodes: 4 });
  load(world, 50, 2000, adding(world));
  await world.run(5000);
  for (const node of ["n0", "n2", "n3"]) world.crash(node);
  for (const node of ["n2", "n3"]) await world.restart(node);
  await world.run(4900);
  // They ask n0 soon after this; only n1 knows anything.
  await world.restart("n0");
  await world.until(allEqual(world), { timeout: 7000 });
  assert(total((await states(world))[0]!) > 0);
});
