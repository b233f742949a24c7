import { assert, assertEquals, assertRejects } from "@std/assert";
import type { BroadcastMessages, EchoMessages } from "../lib/messages.ts";
import type { Program } from "../lib/node.ts";
import { startNode } from "../lib/start_node.ts";
import { simulate } from "../lib/workbench/engines/simulate.ts";
import { createFakeHost, init, request } from "./fake_host.ts";
import { startTestNode } from "./node_rig.ts";

const deferred = () => Promise.withResolvers<void>();

Deno.test("a reply that no RPC waits for is counted, not answered with an error", async () => {
  const { host, handle, node } = await startTestNode();
  handle.receive(request({ type: "gossip_ok", in_reply_to: 5, msg_id: 9 }));
  assertEquals([host.take(), node.stats.duplicateReplies], [[], 1]);
});

Deno.test("a reply that no RPC waits for goes to the handler for its type, if there is one", async () => {
  const seen: unknown[] = [];
  const { host, handle, node } = await startTestNode((node) =>
    node.on("gossip_ok", ({ in_reply_to }) => void seen.push(in_reply_to))
  );
  handle.receive(request({ type: "gossip_ok", in_reply_to: 5 }));
  const reply = node.rpc("n1", { type: "gossip" });
  handle.receive(request({ type: "gossip_ok", in_reply_to: host.take()[0]!.body.msg_id }, "n1"));
  await reply;
  assertEquals([seen, node.stats.duplicateReplies], [[5], 0]);
});

Deno.test("a service's reply to a message without msg_id goes to a handler, or is logged at debug level", async () => {
  const seen: unknown[] = [];
  const { host, handle } = await startTestNode((node) => node.on("ts_ok", ({ ts }) => void seen.push(ts)));
  handle.receive({ src: "lin-kv", dest: "n0", body: { type: "write_ok", in_reply_to: null } });
  handle.receive({ src: "lin-tso", dest: "n0", body: { type: "ts_ok", ts: 3, in_reply_to: null } });
  assertEquals([host.take(), seen, host.logged.map(({ level }) => level)], [[], [3], ["debug"]]);
  handle.receive(request({ type: "nonsense", msg_id: 4, in_reply_to: null }));
  assertEquals(host.take()[0]?.body.code, 10);
});

Deno.test("idle waits for all running handlers, also for those that start in the meantime", async () => {
  const gates = [deferred(), deferred()];
  const { handle } = await startTestNode((node) => node.on("wait", ({ gate }) => gates[gate as number]!.promise));
  await handle.idle();
  let idle = false;
  handle.receive(request({ type: "wait", gate: 0 }));
  const waiting = handle.idle().then(() => idle = true);
  handle.receive(request({ type: "wait", gate: 1 }));
  gates[0]!.resolve();
  await createFakeHost().settle();
  assert(!idle);
  gates[1]!.resolve();
  await waiting;
});

Deno.test("a stopped node neither receives nor sends, and has no timers", async () => {
  const gate = deferred();
  const { host, handle, node } = await startTestNode((node) => {
    node.every(10, () => node.send("n1", { type: "tick" }));
    node.on("echo", () => gate.promise.then(() => ({})));
  });
  const before = node.stats.received;
  handle.receive(request({ type: "echo", msg_id: 1 }));
  handle.stop();
  handle.receive(request({ type: "echo", msg_id: 2 }));
  gate.resolve();
  await host.advance(100);
  node.send("n1", { type: "tick" });
  assertEquals([host.take(), host.timers, node.stats.received], [[], 0, before + 1]);
});

Deno.test("RPCs that fail because the node was stopped are neither logged nor answered", async () => {
  const { host, handle } = await startTestNode((node) => {
    node.on("ask", async () => void await node.rpc("n1", { type: "ask" }));
    node.every(10, async () => void await node.rpc("n1", { type: "ask" }));
  });
  handle.receive(request({ type: "ask", msg_id: 1 }));
  await host.advance(10);
  assertEquals([host.timers, host.take().length], [3, 2]);
  handle.stop();
  await host.settle();
  assertEquals([host.logged, host.take()], [[], []]);
});

Deno.test("stats count messages, errors and timeouts", async () => {
  const { host, handle, node } = await startTestNode((node) => node.on("echo", () => ({})));
  handle.receive(request({ type: "echo", msg_id: 1 }));
  handle.receive(request({ type: "what", msg_id: 2 }));
  node.rpc("n1", { type: "ask" }).catch(() => {});
  await host.advance(1000);
  assertEquals(node.stats, {
    received: 3,
    sent: 4,
    errors: 1,
    requests: 1,
    timeouts: 1,
    retries: 0,
    lateReplies: 0,
    duplicateReplies: 0,
  });
});

Deno.test("time, randomness and the log come from the host", async () => {
  const { host, node } = await startTestNode();
  assertEquals(node.now(), host.now());
  host.random = () => 0.25;
  assertEquals(node.random(), 0.25);
  const array = new Uint8Array(4);
  host.getRandomValues = (array) => (array.fill(9), array);
  assert(node.getRandomValues(array) === array);
  assertEquals([...array], [9, 9, 9, 9]);
  for (const level of ["debug", "info", "warn", "error"] as const) node.log[level](`a ${level}`);
  assertEquals(host.logged.map(({ level, text }) => `${level} ${text}`), [
    "debug a debug",
    "info a info",
    "warn a warn",
    "error a error",
  ]);
});

Deno.test("a program is checked against the types of its messages", async () => {
  type Messages = EchoMessages & BroadcastMessages & { gossip: { request: { values: number[] } } };
  const program: Program<Messages> = (node) => {
    node.on("echo", ({ echo }) => ({ echo }));
    node.on("broadcast", ({ message }) => {
      node.send("n1", { type: "gossip", values: [message] });
      return {};
    });
    // @ts-expect-error messages are numbers
    node.on("read", () => ({ messages: ["one"] }));
    // @ts-expect-error there is no such type
    node.on("what", () => {});
    // @ts-expect-error gossip has values
    node.on("gossip", ({ value }) => void value);
    // @ts-expect-error a reply has fields
    (() => node.on("topology", () => true));
    // @ts-expect-error a list has none
    (() => node.on("topology", () => Promise.resolve([1])));
    // @ts-expect-error a set has none
    (() => node.on("broadcast", ({ message }) => new Set<number>().add(message)));
  };
  const host = createFakeHost();
  const handle = startNode(program, host);
  handle.receive(init("n0", ["n0", "n1"]));
  handle.receive(request({ type: "broadcast", message: 1, msg_id: 1 }));
  await handle.idle();
  assertEquals(host.sent.map(({ body }) => body.type), ["init_ok", "gossip", "broadcast_ok"]);
});

Deno.test("startNode throws what the program throws", async () => {
  await assertRejects(
    async () => {
      await startTestNode(() => {
        throw new Error("no such option");
      });
    },
    Error,
    "no such option",
  );
});

Deno.test("each run of a node has an incarnation of its own, which follows from the seed", async () => {
  const run = async (seed: number) => {
    const world = simulate({
      program: (node) => node.on("name", () => ({ names: [node.incarnation, node.incarnation] })),
      nodes: 2,
      seed,
    });
    const client = world.client();
    const seen = [await client.rpc("n0", { type: "name" }), await client.rpc("n1", { type: "name" })];
    world.crash("n0");
    await world.restart("n0");
    seen.push(await client.rpc("n0", { type: "name" }));
    return seen.map(({ names }) => names as [string, string]);
  };
  const seen = await run(1);
  assertEquals(new Set(seen.flat()).size, 3);
  for (const [name, again] of seen) {
    assertEquals(name, again);
    assertEquals(/^[0-9a-z]+$/.test(name), true);
  }
  assertEquals(await run(1), seen);
  assertEquals((await run(2)).flat().some((name) => seen.flat().includes(name)), false);
});
