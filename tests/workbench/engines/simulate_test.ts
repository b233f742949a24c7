import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { linKV, type Node, RPCError } from "../../../mod.ts";
import type { AnyNode } from "../../../lib/node.ts";
import { simulate } from "../../../lib/workbench/engines/simulate.ts";

/** Counts requests, says hello to its peers, and remembers who said hello. */
function counter(node: Node): void {
  let count = 0;
  const heard = new Set<string>();
  node.on("count", () => ({ count: ++count }));
  node.on("tell", () => {
    for (const peer of node.peers) node.send(peer, { type: "hello" });
    return {};
  });
  node.on("hello", (_, { src }) => void heard.add(src));
  node.on("heard", () => ({ heard: [...heard].sort() }));
}

const heardBy = async (world: ReturnType<typeof simulate>, node: string) =>
  (await world.client().rpc(node, { type: "heard" })).heard;

Deno.test("simulate() has five nodes by default, or the given number, or the given names", async () => {
  assertEquals(simulate({ program: counter }).nodes, ["n0", "n1", "n2", "n3", "n4"]);
  assertEquals(simulate({ program: counter, nodes: 2 }).nodes, ["n0", "n1"]);
  const world = simulate({ program: counter, nodes: ["ash", "elm"] });
  assertEquals((await world.client().rpc("elm", { type: "count" })).count, 1);
  for (const nodes of [0, [], ["c1"], ["lin-kv"], ["a", "a"], [""]]) {
    assertThrows(() => simulate({ program: counter, nodes }), RangeError);
  }
});

Deno.test("simulate() rejects a bad number of nodes, latency, name, seed or program", () => {
  const refused = (options: unknown, type: ErrorConstructor, message: string) =>
    assertThrows(() => simulate({ program: counter, ...options as object }), type, message);
  for (const nodes of [0, 1.5, -1, NaN, Infinity]) {
    refused({ nodes }, RangeError, `expected nodes to be a whole number above 0, or names, got ${nodes}`);
  }
  for (const mean of [-5, NaN, Infinity]) {
    const message = `Cannot simulate: expected latency to be 0 ms or more, got ${mean}`;
    refused({ latency: mean }, RangeError, message);
    refused({ latency: { mean, distribution: "uniform" } }, RangeError, message);
  }
  for (const name of ["", "../x", "seq-kv", "c7", "a"]) {
    refused({ nodes: ["a", name] }, RangeError, `Cannot name a node "${name}": expected a plain name: `);
  }
  for (const seed of [NaN, Infinity]) {
    refused({ seed }, RangeError, `Cannot simulate: expected seed to be a text or a number, got ${seed}`);
  }
  for (const distribution of ["xx", "toString", undefined]) {
    const expected = "expected the distribution of latencies to be one of constant, uniform, exponential, got ";
    refused({ latency: { mean: 5, distribution } }, RangeError, `${expected}${distribution}`);
  }
  refused({ program: undefined }, TypeError, "Cannot simulate: expected program to be a function of a node");
});

Deno.test("a message in another's name fails the simulation", async () => {
  const world = simulate({
    program(node) {
      node.onInit(() => void Object.defineProperty(node, "id", { value: "n0" }));
      node.on("go", () => node.send("n0", { type: "gone" }));
    },
    nodes: ["n0", "n1"],
  });
  await assertRejects(
    () => world.client().rpc("n1", { type: "go" }),
    Error,
    'Node n1 sent a message in the name of n0\n  line:     {"src":"n0",',
  );
});

Deno.test("time passes only as long as the test waits", async () => {
  const times: number[] = [];
  const world = simulate({
    program: (node) => void node.every(100, () => void times.push(world.now)),
    nodes: 1,
  });
  assertEquals(world.now, 0);
  await world.run(250);
  assertEquals([world.now, times], [250, [100, 200]]);
  await world.run(50);
  assertEquals([world.now, times], [300, [100, 200, 300]]);
  await world.run(0);
  assertEquals(world.now, 300);
  for (const duration of [-1, NaN, Infinity]) await assertRejects(() => world.run(duration), RangeError);
});

Deno.test("a request waits exactly until its reply arrives", async () => {
  const world = simulate({
    program(node) {
      node.on("ask", async () => ({ reply: await node.rpc(node.peers[0]!, { type: "answer" }) }));
      node.on("answer", () => ({}));
    },
    nodes: 2,
    latency: 100,
  });
  await world.client().rpc("n0", { type: "ask" });
  assertEquals(world.now, 200);
});

Deno.test("a request fails with the node's error, or with a timeout", async () => {
  const world = simulate({
    program(node) {
      node.on("fail", () => {
        throw new RPCError("abort", "not today");
      });
      node.on("silence", () => new Promise(() => {}));
    },
  });
  const client = world.client();
  const failure = await assertRejects(() => client.rpc("n0", { type: "fail" }), RPCError, "not today");
  assertEquals(failure.errorName, "abort");
  const timeout = await assertRejects(() => client.rpc("n0", { type: "silence" }, { timeout: 300 }), RPCError);
  assertEquals([timeout.errorName, world.now], ["timeout", 300]);
  await assertRejects(() => client.rpc("n0", { type: "silence" }), RPCError);
  assertEquals(world.now, 5300);
});

Deno.test("requests and runs overlap, and each ends at its own time", async () => {
  const world = simulate({
    program: (node) =>
      node.on("wait", async ({ ms }) => {
        await node.sleep(ms as number);
        return {};
      }),
  });
  const ends: [string, number][] = [];
  const end = (name: string) => () => void ends.push([name, world.now]);
  const client = world.client();
  await Promise.all([
    client.rpc("n0", { type: "wait", ms: 300 }).then(end("300")),
    world.run(200).then(end("run 200")),
    client.rpc("n1", { type: "wait", ms: 100 }).then(end("100")),
    world.run(50).then(() => world.run(100)).then(end("run 50 + 100")),
  ]);
  assertEquals(ends, [["100", 100], ["run 50 + 100", 150], ["run 200", 200], ["300", 300]]);
});

Deno.test("a request may fail before the test awaits it", async () => {
  const world = simulate({ program: (node) => node.on("silence", () => new Promise(() => {})) });
  const request = world.client().rpc("n0", { type: "silence" });
  await world.run(60_000);
  await assertRejects(() => request, RPCError);
});

Deno.test("time stands still while the test computes", async () => {
  const world = simulate({ program: counter });
  const client = world.client();
  const running = world.run(10_000);
  await client.rpc("n0", { type: "count" });
  // The test may use the real clock; only nodes may not.
  assert(Date.now() > 0 && Math.random() < 1);
  assertEquals(world.now, 0);
  await running;
  assertEquals(world.now, 10_000);
});

Deno.test("partition() cuts groups off from each other, and heal() ends it", async () => {
  const world = simulate({ program: counter, nodes: 4, latency: 10 });
  const tell = async (node: string) => {
    await world.client().rpc(node, { type: "tell" });
    await world.run(100);
  };
  world.partition(["n0", "n1"], ["n2"]);
  await tell("n0");
  assertEquals([await heardBy(world, "n1"), await heardBy(world, "n2"), await heardBy(world, "n3")], [
    ["n0"],
    [],
    ["n0"],
  ]);
  await tell("n2");
  assertEquals([await heardBy(world, "n1"), await heardBy(world, "n3")], [["n0"], ["n0", "n2"]]);
  world.heal();
  await tell("n2");
  assertEquals(await heardBy(world, "n1"), ["n0", "n2"]);
});

Deno.test("partition() of one group cuts it off from all other nodes, but not from services", async () => {
  const world = simulate({
    program(node) {
      counter(node);
      const kv = linKV(node);
      node.on("write", async () => (await kv.write("x", 1), {}));
    },
    nodes: 3,
  });
  world.partition(["n0"]);
  await world.client().rpc("n0", { type: "tell" });
  await world.client().rpc("n1", { type: "tell" });
  await world.client().rpc("n0", { type: "write" });
  assertEquals([await heardBy(world, "n0"), await heardBy(world, "n2")], [[], ["n1"]]);
  world.partition(["n0"], ["lin-kv"]);
  await assertRejects(() => world.client().rpc("n0", { type: "write" }, { timeout: 100 }), RPCError);
  assertThrows(() => world.partition(["n0"], ["n9"]), RangeError, "Cannot find n9: expected one of n0, n1, n2, lin-kv");
});

Deno.test("partition() rejects groups that are empty or overlap, and then cuts nothing", async () => {
  const world = simulate({ program: counter, nodes: 3 });
  const overlapping = "Cannot partition the network: n1 is in two groups, expected it in one";
  assertThrows(() => world.partition(["n0", "n1"], ["n1", "n2"]), RangeError, overlapping);
  const empty = "Cannot partition the network: expected one or more groups, none of them empty";
  for (const groups of [[], [[]], [["n0"], []]]) assertThrows(() => world.partition(...groups), RangeError, empty);
  await world.client().rpc("n0", { type: "tell" });
  assertEquals(await heardBy(world, "n2"), ["n0"]);
  // The same name twice in one group does no harm.
  world.partition(["n0", "n0"], ["n1"]);
});

Deno.test("cut() is one-way", async () => {
  const world = simulate({ program: counter, nodes: 2 });
  world.cut("n0", "n1");
  await world.client().rpc("n0", { type: "tell" });
  await world.client().rpc("n1", { type: "tell" });
  assertEquals([await heardBy(world, "n0"), await heardBy(world, "n1")], [["n1"], []]);
  assertThrows(() => world.cut("n0", "nobody"), RangeError);
  assertThrows(() => world.cut("n0", "n0"), RangeError, "Cannot cut n0 off from itself: expected two different names");
});

Deno.test("a crashed node loses its memory, and answers again after its restart", async () => {
  const world = simulate({ program: counter, nodes: 2 });
  const client = world.client();
  await client.rpc("n1", { type: "count" });
  world.crash("n1");
  await assertRejects(() => client.rpc("n1", { type: "count" }), RPCError);
  await world.restart("n1");
  assertEquals((await client.rpc("n1", { type: "count" })).count, 1);
  assertThrows(() => world.crash("n7"), RangeError, "Cannot find n7: expected one of n0, n1");
  world.crash("n1");
  assertThrows(() => world.crash("n1"), RangeError, "Cannot reach n1: it is not running");
  await assertRejects(() => world.restart("n0"), RangeError, "Cannot restart n0: it is running");
});

Deno.test("each incarnation of a node draws other numbers, and the seed repeats them all", async () => {
  const draws = async (seed: string | number) => {
    const world = simulate({ seed, nodes: 2, program: (node) => node.on("draw", () => ({ draw: node.random() })) });
    const client = world.client();
    const drawn = [await client.rpc("n0", { type: "draw" }), await client.rpc("n1", { type: "draw" })];
    world.crash("n0");
    await world.restart("n0");
    drawn.push(await client.rpc("n0", { type: "draw" }));
    return [...drawn.map(({ draw }) => draw), world.random.float()];
  };
  const first = await draws("7");
  assertEquals(new Set(first).size, 4);
  assertEquals(await draws(7), first);
  assert((await draws("8")).every((draw) => !first.includes(draw)));
});

Deno.test("a paused node handles what it missed when it resumes", async () => {
  const world = simulate({ program: counter, nodes: 1 });
  const client = world.client();
  world.pause("n0");
  await assertRejects(() => client.rpc("n0", { type: "count" }, { timeout: 1000 }), RPCError);
  world.resume("n0");
  assertEquals((await client.rpc("n0", { type: "count" })).count, 2);
});

Deno.test("a test can read logs and counts of messages", async () => {
  const world = simulate({
    program(node) {
      counter(node);
      node.after(1500, () => node.log.warn("half past one"));
    },
    nodes: 2,
  });
  await world.client().rpc("n0", { type: "tell" });
  assertEquals(world.messages.servers.send_count, 1);
  assertEquals(world.messages.clients.send_count, 6);
  world.crash("n1");
  await world.run(2000);
  assertEquals(world.logs, [{ time: 1500, node: "n0", level: "warn", text: "half past one" }]);
});

/** Programs that fail, and what `run` throws. */
const FAILING: Record<string, [program: (node: AnyNode) => void, expected: RegExp]> = {
  "throws at its start": [() => {
    throw new Error("no such luck");
  }, /^Node n0 crashed at its start.*no such luck/s],
  "does not answer init": [
    (node) => node.onInit(() => new Promise(() => {})),
    /^Cannot initialize n0: Node n0 did not answer init within 10 s$/,
  ],
  "answers init with an error": [
    (node) =>
      node.onInit(() => {
        throw new Error("no such luck");
      }),
    /^Cannot initialize n0: .*no such luck/,
  ],
  "sends to an unknown node": [
    (node) => void node.after(10, () => node.send("n9", { type: "hello" })),
    /^Node n0 sent a message that cannot be delivered: it is for "n9"/,
  ],
  // Deno 2.5 does not tell whose rejection it was.
  "leaves a rejection unhandled": [
    (node) => void node.after(10, () => void Promise.reject(new Error("nobody looks"))),
    /^Node (n0|\?) ended: nothing handled a rejection, .*\n {2}Error: nobody looks\n.*simulate_test.ts:\d+:\d+/,
  ],
  "throws in a timer": [
    (node) => {
      node.after(10, () => {
        throw new Error("nobody looks");
      });
    },
    /^Node (n0|\?) ended: nothing handled a rejection, .*\n {2}Error: nobody looks\n.*simulate_test.ts:\d+:\d+/,
  ],
  "leaves an RPC without a reply unhandled": [
    (node) => void node.after(10, () => void node.rpc("n0", { type: "nothing" }, { timeout: 5 })),
    /^Node (n0|\?) .*\n {2}RPCError: Unknown message type .*\n {6}nothing was first requested\n.*simulate_test.ts:\d/,
  ],
  "prints on stdout": [
    // deno-lint-ignore no-console
    (node) => void node.after(10, () => console.log("half past one")),
    /^Node n0 printed a line that is not a message: .*simulate_test.ts:\d+:\d+ .*\n {2}line: {5}half past one\n/,
  ],
  "ends its process": [
    (node) => void node.after(10, () => Deno.exit(0)),
    /^Node n0 exited with status 0 by Deno.exit\(\) at .*, expected it to serve until it is stopped$/,
  ],
  "uses the real clock at its start": [() => void Date.now(), /^Cannot call Date.now\(\) at .*simulate_test.ts:/],
  "uses the real clock": [
    (node) => void node.after(10, () => void Date.now()),
    /^Cannot call Date.now\(\) at .*simulate_test.ts:\d+:\d+ in a simulation, .* expected node.now\(\)$/,
  ],
};

for (const [what, [program, expected]] of Object.entries(FAILING)) {
  Deno.test(`a node that ${what} makes every wait of the test fail`, async () => {
    const world = simulate({ program, nodes: 1 });
    const { message } = await assertRejects(() => world.run(20_000), Error);
    assertMatch(message, expected);
    // The failure stays.
    await assertRejects(() => world.run(1), Error, message);
    await assertRejects(() => world.client().rpc("n0", { type: "count" }), Error, message);
    assert(Date.now() > 0);
  });
}

Deno.test("a node that crashes before it has answered init is not a failure", async () => {
  const world = simulate({ program: (node) => node.onInit(() => node.sleep(1000)), nodes: 2 });
  await world.run(500);
  world.crash("n1");
  await world.run(20_000);
});

/** Why a test of a module is ignored: it is read. */
const ignore = Deno.permissions.querySync({ name: "read" }).state !== "granted";
const moduleOf = (name: string) => new URL(`../programs/${name}.ts`, import.meta.url);

Deno.test({
  name: "of a module each start of a node has instances of its own",
  ignore,
  async fn() {
    const world = simulate({ program: moduleOf("keeps_state"), nodes: 2 });
    const client = world.client();
    await client.rpc("n0", { type: "broadcast", message: 7 });
    const messages = async (node: string) => (await client.rpc(node, { type: "read" })).messages;
    assertEquals([await messages("n0"), await messages("n1")], [[7], []]);
    world.crash("n0");
    await world.restart("n0");
    assertEquals(await messages("n0"), []);
  },
});

Deno.test({
  name: "a module that cannot be simulated makes every wait of the test fail, with the reason",
  ignore,
  async fn() {
    const sharing = simulate({ program: moduleOf("shares_state") });
    await assertRejects(() => sharing.run(0), Error, "all nodes would share count, which changes, at ");
    await assertRejects(() => sharing.client().rpc("n0", { type: "generate" }), Error, "all nodes would share count");
    const argued = simulate({ program: moduleOf("with_arguments"), args: ["a", "b"] });
    await assertRejects(() => argued.run(0), Error, "Cannot use 1 more words: expected one");
    const echo = simulate({ program: moduleOf("with_arguments"), args: ["oh "], nodes: 1 });
    assertEquals((await echo.client().rpc("n0", { type: "echo", echo: "hi" })).echo, "oh hi");
  },
});

Deno.test("simulate() rejects arguments of a function, and a URL that is no file's", () => {
  assertThrows(() => simulate({ program: () => {}, args: ["a"] }), TypeError, "expected no args for a function");
  assertThrows(() => simulate({ program: new URL("https://example.com") }), TypeError, "or the URL of a file");
});

Deno.test("the error of a client's request names the line of the test, and nothing of the library", async () => {
  const client = simulate({ program: () => {}, nodes: 1 }).client();
  const refused = await assertRejects(() => client.rpc("n0", { type: "read" }), RPCError);
  const stranger = await assertRejects(() => client.rpc("n7", { type: "read" }), RangeError);
  for (const { stack, message } of [refused, stranger]) {
    const [first, ...frames] = stack!.split("\n");
    assert(first!.endsWith(message), first);
    assertMatch(frames[0]!, /simulate_test\.ts:\d+:\d+\)?$/);
    assertEquals(frames.filter((frame) => frame.includes("/lib/")), []);
  }
});
