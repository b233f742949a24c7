import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import { VirtualClock } from "../../../../lib/workbench/world/virtual_clock.ts";
import { createNetwork, isClient } from "../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../lib/workbench/world/random.ts";
import { createRig, values } from "./network_rig.ts";

Deno.test("a message arrives with its source, destination, body and an id", async () => {
  const rig = createRig();
  rig.send("n0", "n1", { deep: [1, 2] });
  rig.send("n1", "n2");
  await rig.clock.run();
  assertEquals(rig.arrived[0]!.message, {
    id: 0,
    src: "n0",
    dest: "n1",
    body: { type: "hello", value: { deep: [1, 2] } },
  });
  assertEquals(rig.arrived[1]!.message.id, 1);
});

Deno.test("a message between servers takes the latency, one from or to a client takes none", async () => {
  const rig = createRig();
  const times: Record<string, number> = {};
  for (const [src, dest] of [["n0", "n1"], ["n0", "seq-kv"], ["seq-kv", "n0"], ["c0", "n0"], ["n0", "c0"]] as const) {
    rig.send(src, dest, `${src} ${dest}`);
  }
  await rig.clock.run();
  for (const { at, message } of rig.arrived) times[message.body.value as string] = at;
  assertEquals(times, { "n0 n1": 100, "n0 seq-kv": 100, "seq-kv n0": 100, "c0 n0": 0, "n0 c0": 0 });
});

Deno.test("a message without latency arrives after send has returned", async () => {
  const rig = createRig();
  rig.send("c0", "n0");
  assertEquals(rig.arrived, []);
  await rig.clock.run(0);
  assertEquals(rig.arrived.length, 1);
});

Deno.test("a node may send to itself", async () => {
  const rig = createRig();
  rig.send("n0", "n0");
  await rig.clock.run();
  assertEquals(rig.arrived[0]!.at, 100);
});

Deno.test("a client's name is c and a number", () => {
  for (const id of ["c0", "c1", "c20"]) assert(isClient(id), id);
  for (const id of ["n0", "seq-kv", "c", "c1a", "charlie", "1c", "C1", "lin-kv", "cc1"]) assert(!isClient(id), id);
});

Deno.test("a node whose name begins with c is a server", async () => {
  const rig = createRig();
  rig.network.attach("charlie", () => {});
  rig.send("charlie", "n0");
  await rig.clock.run();
  assertEquals(rig.arrived[0]!.at, 100);
  assertEquals(rig.network.journal.counts.servers.msg_count, 1);
});

Deno.test("a partition drops the messages of one direction only", async () => {
  const rig = createRig();
  rig.network.drop("n0", "n1");
  rig.send("n0", "n1", "lost");
  rig.send("n1", "n0", "back");
  rig.send("n2", "n1", "from elsewhere");
  rig.send("n0", "n2", "to elsewhere");
  rig.send("c0", "n1", "from a client");
  rig.send("seq-kv", "n1", "from a service");
  await rig.clock.run();
  assertEquals(
    new Set(values(rig)),
    new Set(["back", "from elsewhere", "to elsewhere", "from a client", "from a service"]),
  );
});

Deno.test("a partition applies when a message arrives", async () => {
  const rig = createRig();
  rig.send("n0", "n1", "caught");
  await rig.clock.run(50);
  rig.network.drop("n0", "n1");
  await rig.clock.run(120);
  rig.send("n0", "n1", "saved");
  await rig.clock.run(200);
  rig.network.heal();
  await rig.clock.run();
  assertEquals(values(rig), ["saved"]);
});

Deno.test("heal ends all partitions", async () => {
  const rig = createRig();
  for (const src of ["n0", "n1", "n2"]) {
    for (const dest of ["n0", "n1", "n2"]) rig.network.drop(src, dest);
  }
  rig.send("n0", "n1", 1);
  await rig.clock.run();
  rig.network.heal();
  rig.send("n0", "n1", 2);
  await rig.clock.run();
  assertEquals(values(rig), [2]);
});

Deno.test("a link that several faults cut stays cut until all are healed", async () => {
  const rig = createRig({ mean: 0, distribution: "constant" });
  rig.network.drop("n0", "n1", "partition");
  rig.network.drop("n0", "n1", "one-way-partition");
  rig.network.drop("n1", "n0", "partition");
  const arrives = async () => {
    rig.arrived.length = 0;
    rig.send("n0", "n1", "there");
    rig.send("n1", "n0", "back");
    await rig.clock.run();
    return values(rig);
  };
  rig.network.heal("gremlins");
  assertEquals(await arrives(), []);
  rig.network.heal("partition");
  assertEquals(await arrives(), ["back"]);
  rig.network.heal("partition");
  assertEquals(await arrives(), ["back"]);
  rig.network.heal("one-way-partition");
  assertEquals(await arrives(), ["there", "back"]);
  rig.network.drop("n0", "n1", "partition");
  rig.network.heal();
  assertEquals(await arrives(), ["there", "back"]);
});

Deno.test("a node can be cut off from a source that is not on the network yet", async () => {
  const rig = createRig();
  rig.network.drop("n9", "n0");
  rig.network.attach("n9", () => {});
  rig.send("n9", "n0");
  await rig.clock.run();
  assertEquals(rig.arrived, []);
});

Deno.test("the journal has every send and every receive", async () => {
  const rig = createRig();
  rig.network.drop("n0", "n1");
  rig.send("n0", "n1", "lost");
  rig.send("c0", "n1", "found");
  await rig.clock.run();
  assertEquals(rig.entries.map(({ id, time, type, message }) => [id, time, type, message.id, message.body.value]), [
    [0, 0, "send", 0, "lost"],
    [1, 0, "send", 1, "found"],
    [2, 0, "recv", 1, "found"],
  ]);
  assertEquals(rig.network.journal.counts, {
    all: { send_count: 2, recv_count: 1, msg_count: 2 },
    clients: { send_count: 1, recv_count: 1, msg_count: 1 },
    servers: { send_count: 1, recv_count: 0, msg_count: 1 },
  });
});

Deno.test("the journal has a message as it was sent, even if its receiver changes it", async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const network = createNetwork({
    clock,
    random: seededRandom("dune"),
    latency: { mean: 0, distribution: "constant" },
    sink: ({ message }) => void lines.push(JSON.stringify(message.body)),
  });
  network.attach("n0", ({ body }) => body.value = "changed");
  network.send({ src: "n0", dest: "n0", body: { type: "hello", value: "original" } });
  await clock.run();
  assertEquals(lines, Array(2).fill('{"type":"hello","value":"original"}'));
});

Deno.test("the counts add up for any sends and cuts", async () => {
  const participant = fc.constantFrom("n0", "n1", "n2", "c0", "seq-kv");
  const step = fc.record({ src: participant, dest: participant, cut: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.string(), async (steps, seed) => {
    const rig = createRig({ mean: 10, distribution: "exponential" }, seed);
    for (const { src, dest, cut } of steps) {
      rig.send(src, dest);
      if (cut) rig.network.drop(src, dest);
    }
    await rig.clock.run();
    const { all, clients, servers } = rig.network.journal.counts;
    for (const count of ["send_count", "recv_count", "msg_count"] as const) {
      assertEquals(all[count], clients[count] + servers[count]);
    }
    assertEquals(all.send_count, steps.length);
    assertEquals(all.recv_count, rig.arrived.length);
    const cuts = new Set(steps.filter(({ cut }) => cut).map(({ src, dest }) => `${src} ${dest}`));
    assertEquals(rig.arrived.length, steps.filter(({ src, dest }) => !cuts.has(`${src} ${dest}`)).length);
  }));
});

Deno.test("one seed gives one order of events, another seed another", async () => {
  const course = async (seed: string) => {
    const rig = createRig({ mean: 10, distribution: "exponential" }, seed);
    for (let i = 0; i < 20; i++) rig.send("n0", "n1", i);
    await rig.clock.run();
    return JSON.stringify(rig.entries);
  };
  assertEquals(await course("a"), await course("a"));
  assert(await course("a") !== await course("b"));
});

Deno.test("sending from or to an unknown name is an error that lists the known ones", () => {
  const rig = createRig();
  const known = "expected one of n0, n1, n2, seq-kv, or a client";
  const to = 'Cannot send hello from n0 to n7: the destination "n7" is not on the network, ' + known;
  assertThrows(() => rig.send("n0", "n7"), RangeError, to);
  const from = 'Cannot send hello from n8 to n0: the source "n8" is not on the network, ' + known;
  assertThrows(() => rig.send("n8", "n0"), RangeError, from);
  const type = { toString: null } as unknown as string;
  const send = () => rig.network.send({ src: "n0", dest: "n7", body: { type } });
  assertThrows(send, RangeError, 'Cannot send {"toString":null} from n0 to n7');
  assertEquals(rig.network.journal.counts.all.send_count, 0);
  assertEquals(rig.entries, []);
});

Deno.test("a message in another's name is delivered, but travels and counts as its sender's", async () => {
  const forged: unknown[] = [];
  const rig = createRig(undefined, undefined, undefined, (sender, { src }) => forged.push([sender, src]));
  const forge = (sender: string, src: string, dest: string) =>
    rig.network.send({ src, dest, body: { type: "hello", value: `${sender} as ${src}` } }, sender);
  rig.network.drop("n0", "n2");
  rig.network.disturb("loss", ["n1"], () => []);
  for (const src of ["c0", "n1", "seq-kv"]) {
    forge("n0", src, "n2");
    forge("n1", src, "n2");
  }
  rig.network.calm("loss");
  forge("n0", "c0", "n1");
  forge("n2", "n2", "n1");
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at, message }) => [message.src, message.body.value, at]), [
    ["c0", "n0 as c0", 100],
    ["n2", "n2 as n2", 100],
  ]);
  assertEquals(rig.network.journal.counts.clients.send_count, 0);
  assertEquals(rig.network.journal.counts.servers, { send_count: 8, recv_count: 2, msg_count: 8 });
  assertEquals(forged, [["n0", "c0"], ["n1", "c0"], ["n0", "n1"], ["n0", "seq-kv"], ["n1", "seq-kv"], ["n0", "c0"]]);
  assertEquals(rig.entries.map(({ type, sender, message }) => `${type} by ${sender} as ${message.src}`), [
    ...["send by n0 as c0", "send by n1 as c0", "send by n0 as n1", "send by undefined as n1"],
    ...["send by n0 as seq-kv", "send by n1 as seq-kv", "send by n0 as c0", "send by undefined as n2"],
    ...["recv by n0 as c0", "recv by undefined as n2"],
  ]);
});

Deno.test("a message to a participant that has left is sent, and dropped", async () => {
  const rig = createRig();
  rig.send("n0", "c0", "under way");
  rig.network.detach("c0");
  rig.send("n0", "c0", "late");
  await rig.clock.run();
  assertEquals(rig.arrived, []);
  assertEquals(rig.network.journal.counts.clients, { send_count: 2, recv_count: 0, msg_count: 2 });
});

Deno.test("a participant that comes back is still cut off", async () => {
  const rig = createRig();
  const again: unknown[] = [];
  rig.network.drop("n0", "n1");
  rig.network.detach("n1");
  rig.network.attach("n1", ({ body }) => void again.push(body.value));
  rig.send("n0", "n1", "cut");
  rig.send("n2", "n1", "fine");
  await rig.clock.run();
  assertEquals([again, rig.arrived], [["fine"], []]);
});

Deno.test("no two participants have the same name", () => {
  const { network } = createRig();
  assertThrows(() => network.attach("n0", () => {}), Error, "Cannot attach n0: it is on the network already");
  network.detach("nobody");
});

Deno.test("drop names an unknown destination", () => {
  assertThrows(() => createRig().network.drop("n0", "n7"), RangeError, "Cannot cut n7 off from n0");
});

Deno.test("a receiver may send at once", async () => {
  const rig = createRig();
  rig.network.attach("pong", ({ src, body }) => rig.send("pong", src, body.value));
  rig.send("n0", "pong", 1);
  await rig.clock.run();
  assertEquals(rig.arrived.map(({ at, message }) => [message.dest, at]), [["n0", 200]]);
  assertLess(rig.clock.now(), 201);
});

Deno.test("a message for which its receiver has no room is dropped, and is not received", async () => {
  const rig = createRig();
  const arrived: unknown[] = [];
  let room = 1;
  rig.network.attach("n8", ({ body }) => arrived.push(body.value), () => room-- > 0);
  rig.send("c0", "n8", 1);
  rig.send("c0", "n8", 2);
  await rig.clock.run();
  assertEquals([arrived, rig.network.journal.counts.clients], [[1], { send_count: 2, recv_count: 1, msg_count: 2 }]);
});

Deno.test("a message that was observed is recorded, but delivered to nobody", async () => {
  const { clock, network, entries, arrived } = createRig();
  network.observe({ src: "n0", dest: "n1", body: { type: "hello" } });
  network.observe({ src: "n0", dest: "c1", body: { type: "hello" } });
  network.drop("n0", "n1");
  network.observe({ src: "n0", dest: "n1", body: { type: "cut" } });
  network.observe({ src: "n0", dest: "a service elsewhere", body: { type: "hello" } });
  await clock.run();
  assertEquals(arrived, []);
  const shown = entries.map(({ type, message: { id, dest } }) => `${type} ${id} ${dest}`);
  assertEquals(shown.filter((entry) => !entry.endsWith("c1")), [
    "send 0 n1",
    "recv 0 n1",
    "send 2 n1",
    "send 3 a service elsewhere",
  ]);
  assertEquals(network.journal.counts.servers.msg_count, 3);
});

Deno.test("cuts are told with all sources that the receiver is cut off from, when they change", () => {
  const told: string[] = [];
  const network = createNetwork({
    clock: new VirtualClock(),
    random: seededRandom("dune"),
    latency: { mean: 0, distribution: "constant" },
    onCut: (dest, sources) => void told.push(`${dest}: ${sources.join()}`),
  });
  for (const id of ["n0", "n1"]) network.attach(id, () => {});
  network.drop("n1", "n0", "a");
  network.drop("n2", "n0", "a");
  network.drop("n1", "n0", "b");
  network.heal("b");
  network.heal("a");
  network.heal();
  assertEquals(told, ["n0: n1", "n0: n1,n2", "n0: n1,n2", "n0: "]);
});
