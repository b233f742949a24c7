import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { AnyNode } from "../../../../../lib/node.ts";
import { type Body, RPCError } from "../../../../../lib/protocol.ts";
import { VirtualClock } from "../../../../../lib/workbench/world/virtual_clock.ts";
import { openConnection } from "../../../../../lib/workbench/world/connection.ts";
import { inProcessWorld, startInProcess } from "../../../../../lib/workbench/world/hosts/in_process/in_process.ts";
import { createNetwork } from "../../../../../lib/workbench/world/network/network.ts";
import { seededRandom } from "../../../../../lib/workbench/world/random.ts";
import { attachServices } from "../../../../../lib/workbench/world/services/mod.ts";
import { nested } from "../../../../nested.ts";
import type { TestException } from "../../../../../lib/workbench/base/test_exception.ts";

/** Creates two initialized nodes with one program, and a client. */
async function startPair(program: (node: AnyNode) => void, { seed = "dune", nodes = ["n0", "n1"] } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const network = createNetwork({
    clock,
    random: random.stream("network"),
    latency: { mean: 100, distribution: "constant" },
  });
  const failures: TestException[] = [];
  const log: string[] = [];
  const hosts = nodes.map((id) =>
    startInProcess(program, {
      id,
      clock,
      random: random.stream(`node ${id}`),
      network,
      onFailure: (failure) => void failures.push(failure),
      log: (level, text) => void log.push(`${id} ${level} ${text}`),
    })
  );
  const client = openConnection(network, clock);
  /** Calls a node, and runs the clock until it answers. */
  async function ask(node: string, body: Body): Promise<Body> {
    return await clock.settle(client.call(node, body));
  }
  for (const node of nodes) await ask(node, { type: "init", node_id: node, node_ids: nodes });
  return { clock, network, hosts, failures, log, client, ask };
}

Deno.test("a node runs in this process: it answers, sends, calls and waits", async () => {
  const pair = await startPair((node) => {
    node.on("ask", async ({ text }) => {
      await node.sleep(1000);
      const { text: answer } = await node.rpc(node.peers[0]!, { type: "mirror", text });
      return { answer: answer as string, at: node.now() };
    });
    node.on("mirror", ({ text }) => ({ text: [...text as string].reverse().join("") }));
  });
  const before = pair.clock.now();
  const { answer } = await pair.ask("n0", { type: "ask", text: "pals" });
  assertEquals(answer, "slap");
  assertEquals(pair.clock.now() - before, 1200);
  assertEquals(pair.failures, []);
});

Deno.test("a node's time is that of the clock, from a fixed day on", async () => {
  const pair = await startPair((node) => node.on("time", () => ({ now: node.now() })));
  const { now } = await pair.ask("n0", { type: "time" });
  await pair.clock.run(pair.clock.now() + 5000);
  assertEquals((await pair.ask("n1", { type: "time" })).now, now as number + 5000);
  assertEquals(now, Date.UTC(2026, 0, 1));
});

Deno.test("a timer that was called off does not run", async () => {
  const ticks: string[] = [];
  const pair = await startPair((node) => {
    const cancel = node.every(100, () => void ticks.push("every"));
    node.after(250, cancel);
    node.after(300, () => void ticks.push("after"))();
  }, { nodes: ["n0"] });
  await pair.clock.run(10_000);
  assertEquals(ticks, ["every", "every"]);
});

Deno.test("a node draws from its own stream, which differs from node to node", async () => {
  const program = (node: AnyNode) =>
    node.on("draw", () => ({ float: node.random(), bytes: [...node.getRandomValues(new Uint8Array(8))] }));
  const draws = async (seed: string) => {
    const pair = await startPair(program, { seed });
    const replies = [await pair.ask("n0", { type: "draw" }), await pair.ask("n1", { type: "draw" })];
    return replies.map(({ float, bytes }) => ({ float, bytes }));
  };
  const [first, second] = await draws("a");
  assertNotEquals(first, second);
  assertEquals(await draws("a"), [first!, second!]);
  assertNotEquals(await draws("b"), [first!, second!]);
});

Deno.test("a node may change a message that it receives", async () => {
  const pair = await startPair((node) => {
    node.on("take", ({ list }) => {
      (list as number[]).push(4);
      return {};
    });
  });
  const list = [1, 2, 3];
  await pair.ask("n0", { type: "take", list });
  assertEquals(list, [1, 2, 3]);
});

Deno.test("a node may change a body that it has sent", async () => {
  const pair = await startPair((node) => {
    const list: number[] = [];
    node.on("add", ({ item }) => {
      list.push(item as number);
      node.send(node.peers[0]!, { type: "list", list });
      list.push(0);
      return { list };
    });
    node.on("list", ({ list }) => node.log.info(JSON.stringify(list)));
  });
  const { list } = await pair.ask("n0", { type: "add", item: 7 });
  (list as number[]).push(99);
  assertEquals((await pair.ask("n0", { type: "add", item: 8 })).list, [7, 0, 8, 0]);
  await pair.clock.run(pair.clock.now() + 200);
  assertEquals(pair.log, ["n1 info [7]", "n1 info [7,0,8]"]);
});

Deno.test("a node sees what it would see as a process: values that JSON cannot express are missing", async () => {
  const pair = await startPair((node) => node.on("odd", () => ({ nothing: undefined, nan: NaN, date: new Date(0) })));
  const { in_reply_to: _, ...reply } = await pair.ask("n0", { type: "odd" });
  assertEquals(reply, { type: "odd_ok", nan: null, date: "1970-01-01T00:00:00.000Z" });
});

Deno.test("a message to an unknown name is a failure of the node, and shows the message", async () => {
  const pair = await startPair((node) => {
    node.on("lose", () => {
      node.send("n7", { type: "hello" });
      return {};
    });
  });
  await pair.ask("n0", { type: "lose" });
  const [{ type, node, message }] = pair.failures as [TestException];
  assertEquals([type, node, pair.failures.length], ["bad-line", "n0", 1]);
  assertStringIncludes(message, 'it is for "n7", which is not on the network');
  assertStringIncludes(message, '  expected: "dest": one of n0, n1, or the client that asked');
  assertStringIncludes(message, '{"src":"n0","dest":"n7","body":{"type":"hello"}}');
});

Deno.test("a message that is too deep is a bad line, as that of a process would be", async () => {
  for (const depth of [1000, 5000, 100_000]) {
    const pair = await startPair((node) => {
      node.on("read", () => {
        for (const type of ["write", "read"]) node.send("lin-kv", { type, key: nested(depth), value: 1 });
        return {};
      });
    });
    attachServices(pair.network, seededRandom("services"));
    assertEquals((await pair.ask("n0", { type: "read" })).type, "read_ok");
    await pair.clock.run(pair.clock.now() + 1000);
    assertEquals(pair.failures.map(({ type, node }) => [type, node]), [["bad-line", "n0"], ["bad-line", "n0"]]);
    assertStringIncludes(pair.failures[0]!.message, "expected at most 1000 nested forms, got more");
  }
});

Deno.test("a request that is too deep reaches its node, which refuses it", async () => {
  const pair = await startPair((node) => node.on("echo", ({ echo }) => ({ echo })));
  for (const depth of [600, 1500, 100_000]) {
    const error = await assertRejects(() => pair.ask("n0", { type: "echo", echo: nested(depth) }), RPCError);
    assertEquals(error.code, 12);
  }
  assertEquals((await pair.ask("n0", { type: "echo", echo: 1 })).echo, 1);
  assertEquals(pair.failures, []);
});

Deno.test("without onFailure, a failure is thrown in the handler that caused it", async () => {
  const clock = new VirtualClock();
  const random = seededRandom("dune");
  const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
  const log: string[] = [];
  startInProcess((node) => node.on("lose", () => node.send("n7", { type: "hello" })), {
    id: "n0",
    clock,
    random,
    network,
    log: (_level, text) => void log.push(text),
  });
  const client = openConnection(network, clock);
  const calls = [
    client.call("n0", { type: "init", node_id: "n0", node_ids: ["n0"] }),
    client.call("n0", { type: "lose" }),
  ];
  const outcomes = Promise.allSettled(calls);
  await clock.run();
  assertEquals((await outcomes).map(({ status }) => status), ["fulfilled", "rejected"]);
  assertStringIncludes(log[0]!, 'it is for "n7", which is not on the network');
});

Deno.test("a program that throws at its start is a crashed node", () => {
  const clock = new VirtualClock();
  const random = seededRandom("dune");
  const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
  const failures: TestException[] = [];
  const broken = () => {
    throw new TypeError("no luck");
  };
  startInProcess(broken, { id: "n0", clock, random, network, onFailure: (failure) => void failures.push(failure) });
  assertEquals([failures[0]!.type, failures[0]!.node], ["node-crashed", "n0"]);
  assertStringIncludes(failures[0]!.message, "Node n0 crashed at its start");
  assertStringIncludes(failures[0]!.message, "TypeError: no luck");
});

Deno.test("a program that throws a value without text is a crashed node", () => {
  const clock = new VirtualClock();
  const random = seededRandom("dune");
  const network = createNetwork({ clock, random, latency: { mean: 0, distribution: "constant" } });
  const failures: TestException[] = [];
  const broken = () => {
    throw Object.create(null);
  };
  startInProcess(broken, { id: "n0", clock, random, network, onFailure: (failure) => void failures.push(failure) });
  assertStringIncludes(failures[0]!.message, "{} was thrown");
});

Deno.test("a stopped node neither acts nor answers, and its name is free", async () => {
  let ticks = 0;
  const program = (node: AnyNode) => {
    node.every(100, () => void ticks++);
    node.on("hello", () => ({}));
  };
  const pair = await startPair(program, { nodes: ["n0"] });
  await pair.clock.run(1000);
  assertGreaterOrEqual(ticks, 9);
  await pair.hosts[0]!.stop();
  await pair.hosts[0]!.stop();
  ticks = 0;
  const late = pair.client.call("n0", { type: "hello" }).then(() => "answered", (error) => error.code);
  await pair.clock.run(10_000);
  assertEquals([ticks, await late], [0, 0]);
  const random = seededRandom("again");
  startInProcess(program, { id: "n0", clock: pair.clock, random, network: pair.network });
  await pair.ask("n0", { type: "init", node_id: "n0", node_ids: ["n0"] });
  assertEquals((await pair.ask("n0", { type: "hello" })).type, "hello_ok");
});

/** Creates a node that records its messages and timers, with their times. */
async function startDiary() {
  const diary: string[] = [];
  const pair = await startPair((node) => {
    const write = (what: string) => void diary.push(`${what} ${node.now() - Date.UTC(2026, 0, 1)}`);
    node.on("note", async ({ number }) => {
      write(`got ${number}`);
      await node.sleep(30);
      write(`slept ${number}`);
      return {};
    });
    node.on("cancel", () => {
      write("cancel");
      cancel();
    });
    node.after(250, () => write("timer"));
    const cancel = node.after(320, () => write("cancelled timer"));
  }, { nodes: ["n0"] });
  const tell = (type: string, number = 0) => void pair.client.call("n0", { type, number }).catch(() => {});
  return { ...pair, diary, tell, node: pair.hosts[0]! };
}

Deno.test("a paused node does nothing; when it resumes, its messages and timers follow in order", async () => {
  const { clock, diary, tell, node } = await startDiary();
  clock.schedule(90, () => tell("note", 1));
  clock.schedule(100, () => {
    node.pause();
    node.pause();
  });
  clock.schedule(200, () => tell("note", 2));
  clock.schedule(300, () => tell("note", 3));
  clock.schedule(500, () => {
    node.resume();
    tell("note", 4);
    node.resume();
  });
  await clock.run(499);
  assertEquals(diary, ["got 1 90"]);
  await clock.run();
  assertEquals(diary, [
    "got 1 90",
    // What was due at 120, 200, 250, 300 and 320, and came now.
    ...["slept 1 500", "got 2 500", "timer 500", "got 3 500", "cancelled timer 500", "got 4 500"],
    ...["slept 2 530", "slept 3 530", "slept 4 530"],
  ]);
});

Deno.test("a timer that waits for its node to resume can still be cancelled", async () => {
  const { clock, diary, tell, node } = await startDiary();
  clock.schedule(100, node.pause);
  clock.schedule(200, () => tell("cancel"));
  clock.schedule(500, node.resume);
  await clock.run();
  assertEquals(diary, ["cancel 500", "timer 500"]);
});

Deno.test("a message that waited for a paused node is as it was sent", async () => {
  const pair = await startPair((node) => node.on("show", ({ list }) => ({ list })));
  pair.hosts[0]!.pause();
  const list = [1];
  const reply = pair.client.call("n0", { type: "show", list });
  await pair.clock.run(pair.clock.now() + 100);
  list.push(2);
  pair.hosts[0]!.resume();
  await pair.clock.run(pair.clock.now() + 100);
  assertEquals((await reply).list, [1]);
});

Deno.test("a paused node that is stopped never resumes, and logs nothing more", async () => {
  const { clock, diary, tell, node, log } = await startDiary();
  clock.schedule(90, () => tell("note", 1));
  clock.schedule(100, node.pause);
  clock.schedule(200, () => tell("note", 2));
  clock.schedule(300, () => void node.stop());
  clock.schedule(400, node.resume);
  clock.schedule(500, node.pause);
  clock.schedule(600, node.resume);
  await clock.run();
  assertEquals([diary, log], [["got 1 90"], []]);
});

Deno.test("the calls of a stopped node end, but it neither logs nor sends anything", async () => {
  const pair = await startPair((node) => {
    node.on("ask", async () => {
      try {
        await node.rpc("n1", { type: "never" });
      } catch (error) {
        node.log.error(`ended: ${error}`);
        node.send("n1", { type: "late" });
      }
    });
    node.on("never", () => {});
    node.on("late", () => node.log.error("got a message of a stopped node"));
  });
  const asked = pair.client.call("n0", { type: "ask" }).catch(() => "no answer");
  await pair.clock.run(pair.clock.now() + 10);
  await pair.hosts[0]!.stop();
  await pair.clock.run(pair.clock.now() + 10_000);
  assertEquals([await asked, pair.log], ["no answer", []]);
});

Deno.test("two runs with one seed have the same messages", async () => {
  const course = async (seed: string) => {
    const clock = new VirtualClock();
    const random = seededRandom(seed);
    const lines: string[] = [];
    const network = createNetwork({
      clock,
      random: random.stream("network"),
      latency: { mean: 30, distribution: "exponential" },
      sink: (entry) => void lines.push(JSON.stringify(entry)),
    });
    const gossip = (node: AnyNode) => {
      const seen = new Set<unknown>();
      node.on("gossip", ({ value }) => {
        seen.add(value);
      });
      node.every(40, () => {
        for (const peer of node.peers) {
          if (node.random() < 0.5) node.send(peer, { type: "gossip", value: node.random() });
        }
      }, { jitter: 0.5 });
    };
    const nodes = ["n0", "n1", "n2"];
    const world = inProcessWorld({ program: gossip, clock });
    assertEquals([world.mode, world.clock], ["simulation", clock]);
    for (const id of nodes) await world.startNode(id, network, random.stream(`node ${id}`), () => {});
    const client = openConnection(network, clock);
    for (const id of nodes) client.call(id, { type: "init", node_id: id, node_ids: nodes });
    await clock.run(5000);
    return lines;
  };
  const [first, again, other] = [await course("a"), await course("a"), await course("b")];
  assert(first.length > 500);
  assertEquals(first, again);
  assertNotEquals(first, other);
});
