import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { AnyNode } from "../../../lib/node.ts";
import type { Body } from "../../../lib/protocol.ts";
import { VirtualClock } from "../../../lib/workbench/world/virtual_clock.ts";
import { createCluster } from "../../../lib/workbench/run/cluster.ts";
import { type OpenConnection, openConnection } from "../../../lib/workbench/world/connection.ts";
import { inProcessWorld } from "../../../lib/workbench/world/hosts/in_process/in_process.ts";
import { createNetwork } from "../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../lib/workbench/world/random.ts";
import type { TestException } from "../../../lib/workbench/base/test_exception.ts";
import { WORKLOADS } from "../../../lib/workbench/workloads/mod.ts";
import { testOptions } from "./stand_in.ts";

const NODES = ["n0", "n1", "n2"];

/** Creates a cluster of one program with a client. Starting a node takes some milliseconds. */
async function startRig(program: (node: AnyNode) => void, workload = "broadcast", startsFor = 0) {
  const clock = new VirtualClock();
  const random = seededRandom("dune");
  const delivered: { at: number; src: string; dest: string; type: string }[] = [];
  const network = createNetwork({
    clock,
    random: random.stream("network"),
    latency: { mean: 10, distribution: "constant" },
    sink({ type, message: { src, dest, body } }) {
      if (type === "recv") delivered.push({ at: clock.now(), src, dest, type: body.type });
    },
  });
  const failures: TestException[] = [];
  const stop = new AbortController();
  const world = inProcessWorld({ program, clock });
  const cluster = createCluster({
    world: {
      ...world,
      async startNode(...options) {
        const node = await world.startNode(...options);
        if (startsFor > 0) await clock.sleep(startsFor);
        return node;
      },
    },
    network,
    random,
    test: testOptions({ nodes: NODES }),
    workload: WORKLOADS[workload]!,
    onFailure: (failure) => void failures.push(failure),
    signal: stop.signal,
  });
  const settle = <T>(promise: Promise<T>) => clock.settle(promise);
  await settle(cluster.open());
  const client: OpenConnection = openConnection(network, clock);
  const ask = (node: string, body: Body) => settle(client.call(node, body, 100));
  return { clock, network, cluster, failures, delivered, stop, settle, client, ask };
}

/** Program that returns what it received, in order. */
function memory(node: AnyNode): void {
  const messages: string[] = [];
  const id = [...node.getRandomValues(new Uint8Array(8))].join();
  node.onInit(() => void messages.push("init"));
  for (const type of ["topology", "remember", "gossip"]) {
    node.on(type, ({ text = "" }) => {
      messages.push(`${type} ${text}`.trim());
      return {};
    });
  }
  node.on("recall", () => ({ messages, id }));
}

async function recall({ ask }: Awaited<ReturnType<typeof startRig>>, node: string) {
  return (await ask(node, { type: "recall" })) as unknown as { messages: string[]; id: string };
}

Deno.test("open starts, initializes and prepares all nodes", async () => {
  const rig = await startRig(memory);
  for (const node of NODES) assertEquals((await recall(rig, node)).messages, ["init", "topology"]);
  assertEquals(rig.failures, []);
});

Deno.test("a killed node is silent; when it starts again it is initialized, and not prepared again", async () => {
  const rig = await startRig(memory);
  await rig.ask("n1", { type: "remember", text: "me" });
  const before = await recall(rig, "n1");
  assertEquals(before.messages, ["init", "topology", "remember me"]);
  assertEquals(await rig.cluster.kill("n1"), "killed");
  assertEquals(await rig.ask("n1", { type: "recall" }).catch(({ code }) => code), 0);
  assertEquals(await rig.settle(rig.cluster.start("n1")), "started");
  const after = await recall(rig, "n1");
  assertEquals(after.messages, ["init"]);
  assertEquals((await recall(rig, "n0")).messages, ["init", "topology"]);
  assertEquals(rig.failures, []);
  // An incarnation must not repeat the names of an earlier one.
  assertNotEquals(after.id, before.id);
});

Deno.test("each incarnation draws from its own stream, the same for the same seed", async () => {
  const incarnations = async () => {
    const rig = await startRig(memory);
    const ids = [(await recall(rig, "n0")).id];
    for (let incarnation = 0; incarnation < 3; incarnation++) {
      await rig.cluster.kill("n0");
      await rig.settle(rig.cluster.start("n0"));
      ids.push((await recall(rig, "n0")).id);
    }
    return ids;
  };
  const ids = await incarnations();
  assertEquals(new Set(ids).size, 4);
  assertEquals(await incarnations(), ids);
});

Deno.test("an operation that does not fit the state of a node does nothing and says so", async () => {
  const { cluster, settle } = await startRig(memory);
  assertEquals([await cluster.start("n0"), cluster.resume("n0")], ["already-running", "not-paused"]);
  assertEquals([cluster.pause("n0"), cluster.pause("n0")], ["paused", "already-paused"]);
  assertEquals([cluster.resume("n0"), cluster.resume("n0")], ["resumed", "not-paused"]);
  assertEquals([await cluster.kill("n0"), await cluster.kill("n0")], ["killed", "not-running"]);
  assertEquals([cluster.pause("n0"), cluster.resume("n0")], ["not-running", "not-paused"]);
  const starting = cluster.start("n0");
  assertEquals([await cluster.start("n0"), await cluster.kill("n0"), cluster.pause("n0")], [
    "already-running",
    "not-running",
    "not-running",
  ]);
  assertEquals(await settle(starting), "started");
});

Deno.test("a node is down from its kill until it has answered init again, and listeners are told once", async () => {
  const { cluster, settle, stop } = await startRig(slow);
  const told: string[] = [];
  const stopListening = cluster.onDown((node) => told.push(node));
  cluster.pause("n1");
  assertEquals(NODES.map(cluster.isDown), [false, false, false]);
  await cluster.kill("n0");
  await cluster.kill("n0");
  assertEquals([cluster.isDown("n0"), told], [true, ["n0"]]);
  const starting = cluster.start("n0");
  assertEquals(cluster.isDown("n0"), true);
  await settle(starting);
  assertEquals(cluster.isDown("n0"), false);
  stopListening();
  await cluster.kill("n1");
  assertEquals(told, ["n0"]);
  stop.abort();
});

Deno.test("a paused node keeps its memory and receives later what was sent meanwhile", async () => {
  const rig = await startRig(memory);
  rig.cluster.pause("n1");
  assertEquals(await rig.ask("n1", { type: "remember", text: "me" }).catch(({ code }) => code), 0);
  await rig.ask("n0", { type: "remember", text: "too" });
  rig.cluster.resume("n1");
  assertEquals((await recall(rig, "n1")).messages, ["init", "topology", "remember me"]);
  assertEquals((await recall(rig, "n0")).messages, ["init", "topology", "remember too"]);
});

Deno.test("a node that was killed while it was paused runs when it is started again", async () => {
  const rig = await startRig(memory);
  rig.cluster.pause("n1");
  assertEquals(await rig.cluster.kill("n1"), "killed");
  await rig.settle(rig.cluster.start("n1"));
  assertEquals(rig.cluster.resume("n1"), "not-paused");
  assertEquals((await recall(rig, "n1")).messages, ["init"]);
});

/** Program that takes time to answer init and sends to all other nodes all the time. */
function slow(node: AnyNode): void {
  const seen: string[] = [];
  node.onInit(() => node.sleep(200));
  node.on("topology", () => ({}));
  node.on("gossip", () => void seen.push("gossip"));
  node.on("hello", () => ({}));
  node.every(1, () => {
    for (const peer of node.peers) node.send(peer, { type: "gossip" });
  });
}

Deno.test("a node that starts again receives nothing before init, and no clients before it has answered", async () => {
  const rig = await startRig(slow);
  const { clock, cluster, client, delivered } = rig;
  await cluster.kill("n1");
  await clock.run(clock.now() + 500);
  for (let i = 0; i < 500; i++) {
    clock.schedule(clock.now() + i, () => void client.call("n1", { type: "hello" }, 1).catch(() => {}));
  }
  delivered.length = 0;
  const began = clock.now();
  await rig.settle(cluster.start("n1"));
  await clock.run(clock.now() + 50);
  const got = delivered.filter(({ dest }) => dest === "n1");
  assertEquals(got[0]!.type, "init");
  const first = (type: string) => got.find((message) => message.type === type)!.at - began;
  assert(first("gossip") <= 1, `the first gossip came ${first("gossip")} ms after the init`);
  assertEquals(Math.floor(first("hello") / 10), 20);
  assert(got.every(({ type }) => type !== "topology"));
  assertEquals(rig.failures, []);
});

Deno.test("the same holds for a node that takes long to start", async () => {
  const { clock, cluster, client, delivered, settle } = await startRig(memory, "broadcast", 50);
  await cluster.kill("n1");
  delivered.length = 0;
  const began = clock.now();
  clock.schedule(began + 20, () => void client.call("n1", { type: "recall" }, 1).catch(() => {}));
  await settle(cluster.start("n1"));
  const types = delivered.filter(({ dest }) => dest === "n1").map(({ at, type }) => `${type} ${at - began}`);
  assertEquals(types, ["init 50"]);
});

Deno.test("a node that starts again may call services and nodes in its init", async () => {
  let starts = 0;
  const rig = await startRig((node) => {
    const again = starts++ >= NODES.length;
    node.onInit(async () => {
      if (again) await node.rpc(node.peers[0]!, { type: "hello" });
    });
    node.on("hello", () => ({}));
  }, "echo");
  await rig.cluster.kill("n2");
  assertEquals(await rig.settle(rig.cluster.start("n2")), "started");
  assertEquals([rig.failures, starts], [[], 4]);
});

Deno.test("a node that does not start again is a failure", async () => {
  let starts = 0;
  const mute = await startRig((node) => {
    if (starts++ >= NODES.length) node.onInit(() => new Promise(() => {}));
  }, "echo");
  await mute.cluster.kill("n2");
  const began = mute.clock.now();
  await mute.settle(mute.cluster.start("n2"));
  assertEquals(mute.clock.now() - began, 60_000);
  assertEquals(mute.failures.map(({ type, node }) => [type, node]), [["init-failed", "n2"]]);
  assertStringIncludes(mute.failures[0]!.message, "Node n2 did not answer init within 60 s");
});

Deno.test("a failed start shows only the mistakes of its own incarnation", async () => {
  for (const [mistaken, isShown] of [[1, false], [2, true]] as const) {
    let starts = 0;
    const rig = await startRig((node) => {
      const incarnation = starts++ < NODES.length ? 1 : 2;
      node.onInit(() => {
        // The clients that send init; c3 is the rig's.
        const clients = incarnation === 1 ? ["c0", "c1", "c2"] : ["c4"];
        for (const client of mistaken === incarnation ? clients : []) {
          node.send(client, { type: "oops", in_reply_to: 99 });
        }
        return incarnation === 1 ? undefined : new Promise(() => {});
      });
    }, "echo");
    await rig.cluster.kill("n2");
    await rig.settle(rig.cluster.start("n2"));
    assertEquals(rig.failures.map(({ message }) => message.includes("oops")), [isShown]);
  }
});

Deno.test("a closed cluster runs no nodes and starts none", async () => {
  const rig = await startRig(memory);
  rig.cluster.pause("n0");
  await rig.cluster.kill("n1");
  await rig.cluster.close();
  for (const node of NODES) {
    rig.cluster.resume(node);
    assertEquals(await rig.ask(node, { type: "recall" }).catch(({ code }) => code), 0);
  }
  assertEquals(await rig.cluster.start("n1"), "already-running");
  assertEquals(await rig.ask("n1", { type: "recall" }).catch(({ code }) => code), 0);
});

for (const end of ["aborted", "closed"]) {
  Deno.test(`when the test is ${end}, a start under way ends and is not a failure`, async () => {
    let starts = 0;
    const rig = await startRig((node) => {
      if (starts++ >= NODES.length) node.onInit(() => new Promise(() => {}));
    }, "echo");
    await rig.cluster.kill("n2");
    const starting = rig.cluster.start("n2");
    await rig.clock.run(rig.clock.now() + 5);
    const began = rig.clock.now();
    if (end === "aborted") rig.stop.abort(new Error("over"));
    else rig.cluster.close();
    await rig.settle(starting);
    assertEquals([rig.clock.now(), rig.failures], [began, []]);
    // No timer is left.
    await rig.clock.run();
    assertEquals(rig.clock.now(), began);
  });
}

Deno.test("a node whose start completes after the test is stopped", async () => {
  const rig = await startRig(memory, "echo", 50);
  await rig.cluster.kill("n2");
  const starting = rig.cluster.start("n2");
  await rig.clock.run(rig.clock.now() + 5);
  rig.cluster.close();
  await rig.settle(starting);
  const init = { type: "init", node_id: "n2", node_ids: NODES };
  assertEquals([await rig.ask("n2", init).catch(({ code }) => code), rig.failures], [0, []]);
});

Deno.test("a node has 10 s for its first init, one of a cluster 60 s", async () => {
  for (const [mode, seconds] of [["process", 10], ["cluster", 60]] as const) {
    const clock = new VirtualClock();
    const random = seededRandom("dune");
    const failures: TestException[] = [];
    const cluster = createCluster({
      world: { ...inProcessWorld({ program: (node) => node.onInit(() => node.sleep(1e9)), clock }), mode },
      network: createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } }),
      random,
      test: testOptions({ nodes: ["n0"] }),
      workload: WORKLOADS.echo!,
      onFailure: (failure) => void failures.push(failure),
      signal: new AbortController().signal,
    });
    await clock.settle(cluster.open());
    assertStringIncludes(failures[0]!.message, `Node n0 did not answer init within ${seconds} s`);
    await cluster.close();
  }
});

Deno.test("a reply to init without in_reply_to is shown when the node is reported as silent", async () => {
  for (
    const [answer, problem] of [
      [
        { type: "init_ok", in_reply_to: "1" },
        "Node n0 did not answer init within 10 s\nNode n0 sent c0 a message " +
        'that answers nothing: expected in_reply_to to be 1, the msg_id of its request, got "1"\n  body: ' +
        '{"type":"init_ok","in_reply_to":"1"}',
      ],
      [{ in_reply_to: 1 }, "Node n0 answered init with a message of type none; expected init_ok"],
    ] as const
  ) {
    const clock = new VirtualClock();
    const network = createNetwork({
      clock,
      random: seededRandom("dune"),
      latency: { mean: 0, distribution: "constant" },
    });
    const failures: TestException[] = [];
    const cluster = createCluster({
      world: {
        mode: "process",
        clock,
        startNode(id) {
          network.attach(id, ({ src }) => network.send({ src: id, dest: src, body: { ...answer } as Body }));
          const nothing = () => {};
          return Promise.resolve({
            id,
            diagnose: () => Promise.resolve({ activity: [], log: [] }),
            pause: nothing,
            resume: nothing,
            stop: () => Promise.resolve(),
          });
        },
      },
      network,
      random: seededRandom("dune"),
      test: testOptions({ nodes: ["n0"] }),
      workload: WORKLOADS.echo!,
      onFailure: (failure) => void failures.push(failure),
      signal: new AbortController().signal,
    });
    await clock.settle(cluster.open());
    assertEquals(failures.map(({ type }) => type), ["init-failed"]);
    assertStringIncludes(failures[0]!.message, problem);
  }
});
